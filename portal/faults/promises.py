"""Promised updates: an announcement that says when those affected hear again is held to it.

The invariant: one promise that is not kept is told to its author once, however often this runs.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from portal.faults.flow import AnnouncementState
from portal.faults.models import Announcement, AnnouncementUpdate
from portal.tickets import notices
from portal.tickets.notices import Event


def is_late(announcement: Announcement, moment: datetime) -> bool:
    """Has the promised time passed without a word?"""
    promised = announcement.next_update_at
    return announcement.state == AnnouncementState.LIVE and promised is not None and promised < moment


def late_announcements(moment: datetime) -> Select[Announcement]:
    """``is_late`` in SQL."""
    return select(Announcement).where(
        Announcement.state == AnnouncementState.LIVE, Announcement.next_update_at < moment
    )


def warn_of_late_updates(session: Session, moment: datetime) -> int:
    """Tell the authors of broken promises; how many promises."""
    untold = or_(Announcement.warned_for.is_(None), Announcement.warned_for != Announcement.next_update_at)
    late = session.scalars(
        late_announcements(moment).where(untold).with_for_update(skip_locked=True, of=Announcement)
    ).all()
    for announcement in late:
        _warn(session, announcement)
    return len(late)


def _warn(session: Session, announcement: Announcement) -> None:
    values = {"title": announcement.title, "announcement": str(announcement.id)}
    notices.tell(session, Event.UPDATE_DUE, to=[_author(session, announcement)], values=values)
    # Beside the version: a warning to its author unfolds nobody's announcement.
    told = update(Announcement).where(Announcement.id == announcement.id)
    session.execute(
        told.values(warned_for=announcement.next_update_at, version=Announcement.version).execution_options(
            synchronize_session=False
        )
    )
    session.expire(announcement, ["warned_for"])


def _author(session: Session, announcement: Announcement) -> int:
    """Whoever spoke last about it."""
    latest = (
        select(AnnouncementUpdate.by_id)
        .where(AnnouncementUpdate.announcement_id == announcement.id)
        .order_by(AnnouncementUpdate.id.desc())
        .limit(1)
    )
    return session.scalar(latest) or announcement.by_id
