"""Announcements: writing, publishing and ending them.

Who is shown which is ``readers``, what happens to the outage itself ``board``. The invariant: what people
are told changes only by a verb of this file, and a live announcement about a fault ends by its recovery or by
being withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused, check_note
from portal.catalogue.models import System
from portal.faults import trail
from portal.faults.bystanders import tell_bystanders
from portal.faults.flow import (
    ANNOUNCEABLE,
    AnnouncementKind,
    AnnouncementState,
    FaultAction,
    FaultState,
)
from portal.faults.models import (
    Announcement,
    AnnouncementSystem,
    AnnouncementUnit,
    AnnouncementUpdate,
    FaultEvent,
)
from portal.faults.scope import permissions_on
from portal.people.models import Person, Unit
from portal.people.roles import Permission
from portal.tickets.notices import Event

TITLE_LIMIT = 200
BODY_LIMIT = 20_000
WORDS_LIMIT = 4_000


@dataclass(frozen=True, slots=True)
class AnnouncementText:
    """Everything the author of an announcement decides."""

    kind: AnnouncementKind
    title: str
    body: str
    systems: Sequence[str] = field(default=())
    units: Sequence[str] = field(default=())
    next_update_at: datetime | None = None


def write_announcement(
    session: Session, text: AnnouncementText, *, by: Person, fault: FaultEvent | None = None
) -> Announcement:
    """Draft an announcement."""
    _may_speak(session, by, fault)
    announcement = Announcement(by_id=by.id, created_at=now(session), fault=fault)
    session.add(announcement)
    with session.no_autoflush:
        _apply(session, announcement, text)
    session.flush()
    return announcement


def change_announcement(
    session: Session, announcement: Announcement, text: AnnouncementText, *, by: Person
) -> None:
    """Correct or update an announcement; a live one is shown with its new words at once."""
    _may_speak(session, by, announcement.fault)
    if announcement.state not in (AnnouncementState.DRAFT, AnnouncementState.LIVE):
        raise Refused(N_("公告已经结束，不能再改。"))
    _apply(session, announcement, text)
    session.flush()


def may_announce(session: Session, by: Person, fault: FaultEvent | None) -> bool:
    """May this person speak about this outage, or, without one, to everybody?"""
    held = by.permissions if fault is None else permissions_on(session, by, fault)
    return by.active and Permission.PUBLISH_ANNOUNCEMENTS in held


def _may_speak(session: Session, by: Person, fault: FaultEvent | None) -> None:
    if not may_announce(session, by, fault):
        raise Refused(N_("您的岗位不能发布公告。"))


def _apply(session: Session, announcement: Announcement, text: AnnouncementText) -> None:
    title, body = text.title.strip(), text.body.strip()
    if not title or not body:
        raise Refused(N_("公告要有标题和正文：影响什么、期间怎么办、下次更新时间。"))
    if len(title) > TITLE_LIMIT or len(body) > BODY_LIMIT:
        raise Refused(N_("公告太长了：标题不超过 200 字，正文不超过 20000 字。"))
    if text.kind == AnnouncementKind.FAULT and not text.systems:
        raise Refused(N_("故障公告必须写明受影响的系统。"))
    _check_codes(session, text)
    announcement.kind, announcement.title, announcement.body = text.kind, title, body
    announcement.next_update_at = text.next_update_at
    systems = {row.system: row for row in announcement.system_rows}
    units = {row.unit: row for row in announcement.unit_rows}
    announcement.system_rows = [
        systems.get(code) or AnnouncementSystem(system=code) for code in sorted(set(text.systems))
    ]
    announcement.unit_rows = [
        units.get(code) or AnnouncementUnit(unit=code) for code in sorted(set(text.units))
    ]


def _check_codes(session: Session, text: AnnouncementText) -> None:
    # An announcement for a unit that isn't there would reach nobody, silently.
    for column, codes in ((System.code, set(text.systems)), (Unit.code, set(text.units))):
        if codes and len(set(session.scalars(select(column).where(column.in_(codes))))) < len(codes):
            raise Refused(N_("有系统或单位不在目录里，请重新选择。"))


def publish(session: Session, announcement: Announcement, *, by: Person) -> None:
    """Put it above everything for those affected."""
    _may_end(session, announcement, by, AnnouncementState.DRAFT)
    if announcement.fault is not None and announcement.fault.state not in ANNOUNCEABLE:
        raise Refused(N_("运调中心判定为故障之后才能发布故障公告。"))
    announcement.state, announcement.published_at = AnnouncementState.LIVE, now(session)
    session.flush()
    _note(session, announcement, FaultAction.ANNOUNCE, by=by, note=announcement.title)


def go_on(
    session: Session, announcement: Announcement, words: str, *, by: Person, until: datetime | None = None
) -> AnnouncementUpdate:
    """Say how it goes on; ``until`` is when those affected hear again. A folded announcement unfolds."""
    _may_end(session, announcement, by, AnnouncementState.LIVE)
    words = words.strip()
    if not words:
        raise Refused(N_("请写明现在的进展：查到了什么、正在做什么、预计什么时候恢复。"))
    if len(words) > WORDS_LIMIT:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内。"), limit=WORDS_LIMIT)
    if until is not None and until <= now(session):
        raise Refused(N_("下次更新时间已经过去了，请填一个将来的时间。"))
    update = AnnouncementUpdate(at=now(session), by_id=by.id, words=words)
    announcement.updates.append(update)
    announcement.next_update_at = until
    flag_modified(announcement, "next_update_at")  # the version tells bars to unfold, whatever was promised
    session.flush()
    _note(session, announcement, FaultAction.UPDATE, by=by, note=words)
    return update


def recover(session: Session, announcement: Announcement, words: str, *, by: Person) -> None:
    """Publish the recovery; the announcement ends, and who said "me too" hears of it."""
    _may_end(session, announcement, by, AnnouncementState.LIVE)
    if not words.strip():
        raise Refused(N_("请写明恢复情况，用户要知道现在能不能用、还要做什么。"))
    check_note(words)
    if announcement.fault is not None and announcement.fault.state != FaultState.VERIFIED:
        raise Refused(N_("中台验证恢复之后才能发布恢复公告。"))
    announcement.state, announcement.recovery = AnnouncementState.RECOVERED, words.strip()
    announcement.ended_at = now(session)
    session.flush()
    _note(session, announcement, FaultAction.RECOVERY, by=by, note=words)
    if announcement.fault is not None:
        values = _values(announcement, announcement.recovery, by=by)
        tell_bystanders(session, announcement.fault, Event.RECOVERED, values, by=by)


def _values(announcement: Announcement, words: str, *, by: Person) -> dict[str, str]:
    return {
        "by": by.name,
        "title": announcement.title,
        "note": words[:120],
        "announcement": str(announcement.id),
    }


def withdraw(session: Session, announcement: Announcement, *, by: Person, note: str = "") -> None:
    """Take an announcement back that should not have been published."""
    _may_end(session, announcement, by, AnnouncementState.LIVE)
    check_note(note)
    _withdrawn(session, announcement, by=by, note=note)


def _withdrawn(session: Session, announcement: Announcement, *, by: Person, note: str) -> None:
    announcement.state, announcement.ended_at = AnnouncementState.WITHDRAWN, now(session)
    session.flush()
    _note(session, announcement, FaultAction.WITHDRAW, by=by, note=note)


def withdraw_all(session: Session, fault: FaultEvent, *, by: Person, note: str) -> None:
    """It was no fault: whatever is announced of it ends with the ruling, whoever published it."""
    live = [row for row in fault.announcements if row.state == AnnouncementState.LIVE]
    for announcement in live:
        _withdrawn(session, announcement, by=by, note=note)
    title = live[-1].title if live else fault.title
    values = {"by": by.name, "title": title, "note": note[:120]}
    tell_bystanders(session, fault, Event.NO_FAULT, values, by=by)


def _note(session: Session, row: Announcement, action: FaultAction, *, by: Person, note: str) -> None:
    if row.fault is not None:
        data: dict[str, object] = {"announcement": row.id}
        trail.append(session, row.fault, action, by_id=by.id, note=note, data=data)


def _may_end(session: Session, announcement: Announcement, by: Person, state: AnnouncementState) -> None:
    _may_speak(session, by, announcement.fault)
    if announcement.state != state:
        raise Refused(N_("公告的状态已经变了，请刷新后再看。"))
