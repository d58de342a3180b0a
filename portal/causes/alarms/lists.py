"""Alarms as they are read: a list by state and system, those of one record, how many wait.

The invariant: an alarm is listed only to those who may see its record, and of its tickets are named only
those that the reader may open; the others are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, case, func, literal, select, true
from sqlalchemy.orm import Session, joinedload, lazyload, selectinload

from defects.models import Defect
from defects.queries import visible_defects
from indexer.words import N_
from portal.causes.alarms.deciding import systems_decided
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.tickets.models import Ticket
from portal.tickets.recurrence.models import WAITING, AlarmState, RecurrenceAlarm, Sighting
from portal.tickets.visibility import visible_tickets

Alarm = RecurrenceAlarm


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of alarms is narrowed to."""

    state: AlarmState = AlarmState.OPEN
    system: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One alarm with the tickets on it that this reader may open, newest first, and how many others."""

    alarm: RecurrenceAlarm
    shown: tuple[Sighting, ...]
    unseen: int

    @property
    def tickets(self) -> int:
        return len(self.shown) + self.unseen


TAB_LABELS = {
    AlarmState.OPEN: N_("待确认的复发"),
    AlarmState.POSSIBLE: N_("可能复发，请判断"),
    AlarmState.CONFIRMED: N_("已确认"),
    AlarmState.DISMISSED: N_("误报"),
}


def counts(session: Session, person: Person, *, system: str = "") -> dict[AlarmState, int]:
    """How many alarms there are in each state. One query."""
    wanted = _of_visible(person, system).with_only_columns(Alarm.state, func.count()).group_by(Alarm.state)
    found = dict(session.execute(wanted.order_by(None)).all())
    return {state: found.get(state, 0) for state in AlarmState}


def waiting(session: Session, person: Person) -> int:
    """How many wait for this person's word, for the menu of the workbench: those of their systems."""
    wanted = select(func.count()).where(Alarm.state.in_(WAITING), _answered_for(person))
    return session.scalar(wanted) or 0


def _answered_for(person: Person) -> ColumnElement[bool]:
    """The alarms on records of the systems that this person answers for."""
    systems = systems_decided(person)
    if systems is None:
        return true()
    return Alarm.defect_id.in_(select(Defect.id).where(Defect.system.in_(systems)))


def listed(session: Session, person: Person, wanted: Wanted, *, limit: int, offset: int = 0) -> list[Line]:
    """The reader's own first, then newest first; the same number of queries whatever is shown."""
    rows = _of_visible(person, wanted.system).where(Alarm.state == wanted.state)
    theirs = case((_answered_for(person), 0), else_=1) if wanted.state in WAITING else literal(0)
    order = (Alarm.decided_at.desc(), Alarm.raised_at.desc(), Alarm.id.desc())
    page = rows.order_by(theirs, *order).limit(limit).offset(offset)
    return lines_of(session, person, session.scalars(page.options(*WHOLE)).all())


def of_record(session: Session, person: Person, defect: Defect, *, limit: int = 10) -> list[Line]:
    """The alarms of one record, newest first."""
    rows = select(Alarm).where(Alarm.defect_id == defect.id).order_by(Alarm.raised_at.desc(), Alarm.id.desc())
    return lines_of(session, person, session.scalars(rows.limit(limit).options(*WHOLE)).all())


def one(session: Session, person: Person, number: int) -> RecurrenceAlarm | None:
    """The alarm with this id, for those who may see its record."""
    return session.scalars(_of_visible(person, "").where(Alarm.id == number).options(*WHOLE)).first()


WHOLE = (
    selectinload(Alarm.sightings)
    .joinedload(Sighting.ticket)
    .options(joinedload(Ticket.requester).lazyload(Person.posts), selectinload(Ticket.defect_links)),
    joinedload(Alarm.decided_by).options(lazyload(Person.posts), lazyload(Person.unit)),
)


def lines_of(session: Session, person: Person, alarms: Sequence[RecurrenceAlarm]) -> list[Line]:
    standing = [row for alarm in alarms for row in alarm.sightings if row.withdrawn_at is None]
    allowed = _may_open(session, person, {row.ticket_id for row in standing})
    return [_line(alarm, allowed) for alarm in alarms]


def _line(alarm: RecurrenceAlarm, allowed: set[int]) -> Line:
    rows = [row for row in alarm.sightings if row.withdrawn_at is None] or list(alarm.sightings)
    shown = tuple(row for row in reversed(rows) if row.ticket_id in allowed)
    return Line(alarm, shown, len(rows) - len(shown))


def _may_open(session: Session, person: Person, ids: Iterable[int]) -> set[int]:
    wanted = visible_tickets(person).where(Ticket.id.in_(list(ids))).with_only_columns(Ticket.id)
    return set(session.scalars(wanted))


def _of_visible(person: Person, system: str) -> Select[RecurrenceAlarm]:
    records = visible_defects(viewer_of(person))
    records = records.where(Defect.system == system) if system else records
    return select(Alarm).where(Alarm.defect_id.in_(records.with_only_columns(Defect.id)))
