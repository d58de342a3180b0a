"""Who is shown which announcement: those that are live, those that may be read, the bar above every page.

Nothing is changed here; writing and ending them is ``announcements``. The invariant: a draft is shown to
nobody, and the rule for one row (``affects``, ``is_readable``) and the query beside it say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from kb.audience import Audience, Viewer
from portal.faults.flow import OVER, AnnouncementKind, AnnouncementState
from portal.faults.models import (
    Announcement,
    AnnouncementUnit,
    AnnouncementUpdate,
    FaultEvent,
    FaultReport,
)

TOLD = frozenset({AnnouncementState.LIVE, AnnouncementState.RECOVERED})


def affects(announcement: Announcement, viewer: Viewer) -> bool:
    """Is this viewer among those an announcement is for?"""
    return not announcement.units or bool(set(announcement.units) & viewer.units)


def _affects(viewer: Viewer) -> ColumnElement[bool]:
    """``affects`` in SQL."""
    units = exists().where(AnnouncementUnit.announcement_id == Announcement.id)
    return or_(~units, units.where(AnnouncementUnit.unit.in_(sorted(viewer.units))))


def _fault_first() -> tuple[ColumnElement[bool], ...]:
    return ((Announcement.kind != AnnouncementKind.FAULT).asc(), Announcement.published_at.desc())  # type: ignore[return-value]


def live_announcements(viewer: Viewer) -> Select[Announcement]:
    """What this viewer must be shown now, faults first."""
    return (
        select(Announcement)
        .where(and_(Announcement.state == AnnouncementState.LIVE, _affects(viewer)))
        .order_by(*_fault_first())
    )


def is_readable(announcement: Announcement, viewer: Viewer) -> bool:
    """Staff read every announcement that was ever published, others those for them; drafts are nobody's."""
    if Audience.EVERYONE not in viewer.levels:
        return False
    if Audience.STAFF in viewer.levels:
        return announcement.state != AnnouncementState.DRAFT
    return announcement.state in TOLD and affects(announcement, viewer)


def readable_announcements(viewer: Viewer) -> Select[Announcement]:
    """``is_readable`` in SQL."""
    wanted = select(Announcement)
    if Audience.EVERYONE not in viewer.levels:
        return wanted.where(Announcement.id < 0)
    if Audience.STAFF in viewer.levels:
        return wanted.where(Announcement.state != AnnouncementState.DRAFT)
    return wanted.where(Announcement.state.in_(TOLD), _affects(viewer))


@dataclass(frozen=True, slots=True)
class Live:
    """One line of the bar above every page."""

    id: int
    version: int
    kind: AnnouncementKind
    title: str
    body: str
    next_update_at: datetime | None
    fault: str | None
    may_join: bool
    joined: bool
    latest: str = ""

    @property
    def key(self) -> str:
        """What a person has folded away; an updated announcement unfolds again."""
        return f"{self.id}.{self.version}"


def bar(session: Session, viewer: Viewer) -> list[Live]:
    """The live announcements for this viewer as the bar shows them; one query."""
    joined = exists().where(
        FaultReport.fault_id == Announcement.fault_id, FaultReport.person_id == (viewer.person_id or 0)
    )
    rows = session.execute(
        select(
            Announcement.id,
            Announcement.version,
            Announcement.kind,
            Announcement.title,
            Announcement.body,
            Announcement.next_update_at,
            FaultEvent.number,
            FaultEvent.state,
            joined.label("joined"),
            _latest_words(),
        )
        .outerjoin(FaultEvent, FaultEvent.id == Announcement.fault_id)
        .where(Announcement.state == AnnouncementState.LIVE, _affects(viewer))
        .order_by(*_fault_first())
    )
    return [
        Live(*row[:7], may_join=row[7] is not None and row[7] not in OVER, joined=row[8], latest=row[9] or "")
        for row in rows
    ]


def _latest_words() -> ScalarSelect[str]:
    return (
        select(AnnouncementUpdate.words)
        .where(AnnouncementUpdate.announcement_id == Announcement.id)
        .order_by(AnnouncementUpdate.id.desc())
        .limit(1)
        .scalar_subquery()
    )
