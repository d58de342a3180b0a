"""A person's notices: what is unread, what each says, reading and un-reading them.

Who is told is in ``notices``. The invariant: a verb here touches the notices of the person it is given alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, selectinload

from kb.columns import now
from portal.people.models import Person
from portal.tickets.models import Notice
from portal.tickets.notices import TABLE, Event
from portal.tickets.plain import TIERS

#: By when it happened: what came in with an import, or was told later, is not the newest for it.
NEWEST = (Notice.at.desc(), Notice.id.desc())
URGENT = frozenset(row.event for row in TABLE.values() if row.urgent)


@dataclass(frozen=True, slots=True)
class Unread:
    """What the bell shows; two that are equal look the same."""

    count: int
    newest: int


def unread(session: Session, person: Person) -> Unread:
    """From the index alone: every open page of everybody asks this a few times a minute."""
    found = select(func.count(), func.max(Notice.id)).where(
        Notice.person_id == person.id, Notice.read_at.is_(None)
    )
    count, newest = session.execute(found).one()
    return Unread(count, newest or 0)


def urgent_since(session: Session, person: Person, after: int, *, limit: int = 3) -> list[Notice]:
    """The latest unread notices that pop up and are newer than ``after``, oldest first."""
    found = (
        select(Notice)
        .where(Notice.person_id == person.id, Notice.read_at.is_(None), Notice.id > after)
        .where(Notice.event.in_(URGENT))
        .order_by(Notice.id.desc())
        .limit(limit)
    )
    return list(session.scalars(found))[::-1]


def notices_of(person: Person, *, unread_only: bool = False) -> Select[Notice]:
    """A person's notices, newest first, those that were not read before all others."""
    mine = select(Notice).where(Notice.person_id == person.id)
    if unread_only:
        return mine.where(Notice.read_at.is_(None)).order_by(*NEWEST)
    return mine.order_by(Notice.read_at.is_not(None), *NEWEST)


def listed(session: Session, wanted: Select[Notice], *, limit: int, offset: int) -> list[Notice]:
    """A part of them with their tickets: put in order in the index, and only what is shown is fetched."""
    ids = list(session.scalars(wanted.with_only_columns(Notice.id).limit(limit).offset(offset)))
    rows = session.scalars(select(Notice).where(Notice.id.in_(ids)).options(selectinload(Notice.ticket)))
    held = {row.id: row for row in rows}
    return [held[number] for number in ids]


def mark_read(session: Session, person: Person, ids: Iterable[int] | None = None) -> datetime:
    """Mark these, or all, of a person's notices as read; the moment returned takes it back."""
    moment = now(session)
    change = update(Notice).where(Notice.person_id == person.id, Notice.read_at.is_(None))
    if ids is not None:
        change = change.where(Notice.id.in_(list(ids)))
    session.execute(change.values(read_at=moment))
    return moment


def unread_again(session: Session, person: Person, moment: datetime) -> int:
    """Take back what was marked at this very moment; returns how many are unread again."""
    change = update(Notice).where(Notice.person_id == person.id, Notice.read_at == moment)
    return int(session.execute(change.values(read_at=None)).rowcount)  # type: ignore[attr-defined]


def sentence(notice: Notice, *, staff: bool, translated: Callable[..., str]) -> str:
    """What a notice says; ``translated`` speaks the reader's language. Employees hear of tiers plainly."""
    row = TABLE.get(Event(notice.event)) if notice.event in set(Event) else None
    if row is None:
        return notice.values.get("title", "")
    values = dict(notice.values)
    if not staff:
        values["tier"] = TIERS.get(values.get("tier", ""), "")
    return translated(row.sentence, **values)
