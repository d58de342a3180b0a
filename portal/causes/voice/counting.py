"""What the database is asked for the reports: every system at once, each question once.

The moment that counts is the end of the period: who moved since is put back into the state it had then. The
invariant: the number of queries depends on nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from defects.flow import DEAD, DefectAction, DefectState
from defects.models import Defect, DefectMove
from portal.catalogue.models import System
from portal.causes.voice.stretches import Stretch
from portal.causes.wall.models import WallGroup, WallMember
from portal.people.models import Person
from portal.tickets.models import DefectLink, LinkVerdict, Ticket, TrailEntry
from portal.tickets.words import Action, Category, State

LIVE = DefectLink.verdict == LinkVerdict.LINKED
NO_WORK = (State.CANCELLED, State.MERGED)


@dataclass(frozen=True, slots=True)
class Span:
    """The period and the one before it as moments; ``system`` narrows to one."""

    stretch: Stretch
    zone: ZoneInfo
    upto: datetime
    system: str = ""

    @property
    def since(self) -> datetime:
        return self.stretch.since(self.zone)

    @property
    def before(self) -> datetime:
        return self.stretch.before.since(self.zone)

    @property
    def before_until(self) -> datetime:
        """Of a period that is not over, as much of the one before it as has passed of this one."""
        if self.upto >= self.stretch.until(self.zone):
            return self.since
        return min(self.since, self.before + (self.upto - self.since))

    @property
    def day_after(self) -> date:
        """The day after the last one that is counted as a whole."""
        return min(self.stretch.after, self.upto.astimezone(self.zone).date())

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def records(self) -> list[ColumnElement[bool]]:
        """Of which records it speaks, in SQL."""
        return [Defect.system == self.system] if self.system else []


@dataclass(frozen=True, slots=True)
class Record:
    id: int
    number: str
    title: str
    system: str
    module: str | None
    state: DefectState
    severity: int
    key: bool
    due_on: date | None
    created_at: datetime
    middle: str
    back: str


@dataclass(frozen=True, slots=True)
class Tickets:
    now: int = 0
    before: int = 0
    total: int = 0
    parked: int = 0


NO_TICKETS = Tickets()
#: What one thing came to: (in the period, in the one before it).
Pair = tuple[int, int]
NOTHING: Pair = (0, 0)


@dataclass(frozen=True, slots=True)
class Counted:
    """Everything that was asked of the database, by record or by system."""

    records: Sequence[Record]
    tickets: Mapping[int, Tickets]
    life: Mapping[tuple[int, DefectAction], int]
    moves: Mapping[int, Sequence[DefectMove]]
    returned: Mapping[tuple[str, int | None], Pair]
    unlinked: Mapping[str, Pair]
    groups: Mapping[str, int]

    @classmethod
    def of(cls, session: Session, span: Span) -> Counted:
        return cls(
            records=_records(session, span),
            tickets=_tickets(session, span),
            life=_life(session, span),
            moves=_moves(session, span),
            returned=_returned(session, span),
            unlinked=_unlinked(session, span),
            groups=_groups(session, span),
        )

    def returns(self, code: str) -> Pair:
        found = [pair for (system, _), pair in self.returned.items() if system == code]
        return sum(pair[0] for pair in found), sum(pair[1] for pair in found)

    def returned_of(self, record: Record) -> int:
        return self.returned.get((record.system, record.id), NOTHING)[0]


def _records(session: Session, span: Span) -> list[Record]:
    """Every record there was at the end of the period, in the state that it had then."""
    columns = (
        Defect.id,
        Defect.number,
        Defect.title,
        Defect.system,
        Defect.module,
        Defect.state,
        Defect.severity,
        Defect.key,
        Defect.due_on,
        Defect.created_at,
        Defect.owner_middle_id,
        Defect.owner_back_id,
    )
    wanted = select(*columns).where(*span.records(), Defect.created_at < span.upto, Defect.state.not_in(DEAD))
    rows = session.execute(wanted.order_by(Defect.id)).all()
    names, then = _names(session, rows), _states_then(session, span)
    return [_record(row, names, then) for row in rows]


def _record(row: Any, names: Mapping[int | None, str], then: Mapping[int, DefectState]) -> Record:
    return Record(
        row.id,
        row.number,
        row.title,
        row.system,
        row.module,
        then.get(row.id, row.state),
        row.severity,
        row.key,
        row.due_on,
        row.created_at,
        names.get(row.owner_middle_id, ""),
        names.get(row.owner_back_id, ""),
    )


def _names(session: Session, rows: Iterable[Any]) -> dict[int | None, str]:
    ids = {number for row in rows for number in (row.owner_middle_id, row.owner_back_id)}
    found = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids - {None})))
    return dict(found.all())


def _states_then(session: Session, span: Span) -> dict[int, DefectState]:
    """The states of those that have moved since: what the first move after the period started from."""
    later = select(DefectMove.defect_id, DefectMove.start).where(DefectMove.at >= span.upto)
    found: dict[int, DefectState] = {}
    for number, state in session.execute(later.order_by(DefectMove.id)):
        found.setdefault(number, state)
    return found


def _within(column: InstrumentedAttribute[datetime], since: datetime, until: datetime) -> ColumnElement[int]:
    """How many lie in a stretch of time; nothing is 0, not NULL."""
    return func.coalesce(func.sum(case((and_(column >= since, column < until), 1), else_=0)), 0)


def _tickets(session: Session, span: Span) -> dict[int, Tickets]:
    filed = Ticket.filed_at
    waits = func.count(func.distinct(case((Ticket.state == State.PARKED, Ticket.requester_id))))
    rows = session.execute(
        select(
            DefectLink.defect_id,
            _within(filed, span.since, span.upto),
            _within(filed, span.before, span.before_until),
            func.count(),
            waits,
        )
        .join(Ticket, DefectLink.ticket_id == Ticket.id)
        .where(LIVE, filed < span.upto)
        .group_by(DefectLink.defect_id)
    )
    return {number: Tickets(*counts) for number, *counts in rows}


def _life(session: Session, span: Span) -> dict[tuple[int, DefectAction], int]:
    """How often each record recurred and failed its verification in its whole life."""
    wanted = (DefectAction.RECUR, DefectAction.RETRACT, DefectAction.FAIL)
    rows = session.execute(
        select(DefectMove.defect_id, DefectMove.action, func.count())
        .where(DefectMove.action.in_(wanted), DefectMove.at < span.upto)
        .group_by(DefectMove.defect_id, DefectMove.action)
    )
    return {(number, action): count for number, action, count in rows}


def _moves(session: Session, span: Span) -> dict[int, list[DefectMove]]:
    """The moves of both periods by record."""
    wanted = select(DefectMove).where(DefectMove.at >= span.before, DefectMove.at < span.upto)
    if span.system:
        wanted = wanted.join(Defect, Defect.id == DefectMove.defect_id).where(Defect.system == span.system)
    found: dict[int, list[DefectMove]] = {}
    for move in session.scalars(wanted.order_by(DefectMove.id)):
        found.setdefault(move.defect_id, []).append(move)
    return found


def _returned(session: Session, span: Span) -> dict[tuple[str, int | None], Pair]:
    """How often work on tickets came back from verification, by system and the record of the ticket."""
    at = TrailEntry.at
    wanted = (
        select(
            System.code,
            DefectLink.defect_id,
            _within(at, span.since, span.upto),
            _within(at, span.before, span.before_until),
        )
        .join(Ticket, TrailEntry.ticket_id == Ticket.id)
        .join(System, Ticket.system_id == System.id)
        .outerjoin(DefectLink, and_(DefectLink.ticket_id == Ticket.id, LIVE))
        .where(TrailEntry.action == Action.FAIL, at >= span.before, at < span.upto)
        .where(Ticket.returns > 0, Ticket.updated_at >= span.before)
        .group_by(System.code, DefectLink.defect_id)
    )
    return {(code, record): (now, before) for code, record, now, before in session.execute(wanted)}


def _unlinked(session: Session, span: Span) -> dict[str, Pair]:
    """Tickets about defects that no record explains, by system."""
    filed = Ticket.filed_at
    explained = select(DefectLink.id).where(DefectLink.ticket_id == Ticket.id, LIVE).exists()
    wanted = (
        select(
            System.code, _within(filed, span.since, span.upto), _within(filed, span.before, span.before_until)
        )
        .join(System, Ticket.system_id == System.id)
        .where(filed >= span.before, filed < span.upto, Ticket.category == Category.DEFECT)
        .where(Ticket.state.not_in(NO_WORK), ~explained)
        .group_by(System.code)
    )
    return {code: (now, before) for code, now, before in session.execute(wanted)}


def _groups(session: Session, span: Span) -> dict[str, int]:
    """How many groups of the wall got a ticket in this period, by system; those set aside don't count."""
    explained = select(DefectLink.id).where(DefectLink.ticket_id == Ticket.id, LIVE).exists()
    alike = (
        select(WallGroup.system_id)
        .join(WallMember, WallMember.group_id == WallGroup.id)
        .join(Ticket, WallMember.ticket_id == Ticket.id)
        .where(WallGroup.dismissed_at.is_(None), WallGroup.defect_id.is_(None))
        .where(Ticket.filed_at < span.upto, ~explained)
        .group_by(WallGroup.id, WallGroup.system_id)
        .having(func.count() > 1, func.max(Ticket.filed_at) >= span.since)
        .subquery()
    )
    rows = session.execute(
        select(System.code, func.count()).join(alike, alike.c.system_id == System.id).group_by(System.code)
    )
    return dict(rows.all())
