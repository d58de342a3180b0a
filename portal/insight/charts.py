"""The tables behind the charts of the manager's page: open work, categories by week, defects, systems.

Every table is one SQL aggregate whose size is that of the catalogue, not of the desk; weeks are counted by
CASE, so that SQLite and PostgreSQL answer alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal_column, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, lazyload

from defects.models import Defect
from portal.catalogue.models import System
from portal.insight.periods import WEEK, Period, Scope
from portal.insight.unit_level import level_below, unit_names
from portal.people.models import Person, Unit
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.queries import SHORT
from portal.tickets.selection import is_open, is_overdue
from portal.tickets.words import Category, Tier

QUARTER = timedelta(days=91)
TOP = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a chart's table: what it is about, its numbers, their sum."""

    code: str
    name: str
    name_en: str
    numbers: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.numbers)


@dataclass(frozen=True, slots=True)
class TopDefect:
    """A defect that brings tickets: by week, oldest first."""

    defect: Defect
    weeks: tuple[int, ...]
    tickets: int


@dataclass(frozen=True, slots=True)
class Mover:
    """Something that brought clearly more, or fewer, tickets than in the period before."""

    kind: str
    code: str
    name: str
    name_en: str
    now: int
    before: int
    z: float


def open_by_system(session: Session, scope: Scope) -> list[Line]:
    """Open tickets per system, one number for each tier; the fullest first."""
    tiers = [case((Ticket.tier == tier, 1), else_=0) for tier in Tier]
    rows = session.execute(
        select(System.code, System.name, System.name_en, *(func.sum(tier) for tier in tiers))
        .select_from(Ticket)
        .join(System, System.id == Ticket.system_id)
        .where(*scope.bounds(), is_open())
        .group_by(System.code, System.name, System.name_en)
        .order_by(func.count().desc(), System.code)
        .limit(TOP)
    )
    return [_line(row) for row in rows]


def _line(row: Sequence[object]) -> Line:
    return Line(str(row[0]), str(row[1]), str(row[2]), tuple(int(str(value or 0)) for value in row[3:]))


def open_by_unit(session: Session, scope: Scope, moment: datetime) -> list[Line]:
    """Open and overdue tickets of the units one level below the one that is looked at."""
    rows = session.execute(
        select(Unit.path, func.count(), func.sum(case((is_overdue(moment), 1), else_=0)))
        .select_from(Ticket)
        .join(Unit, Unit.id == Ticket.unit_id)
        .where(*scope.bounds(), is_open())
        .group_by(Unit.path)
    ).all()
    level = level_below(session, scope)
    opened: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for path, total, overdue in rows:
        code = level.line_of(path)
        opened[code] += total
        late[code] += int(overdue or 0)
    names = unit_names(session, opened)
    return [
        Line(code, *names[code], (total - late[code], late[code])) for code, total in opened.most_common(TOP)
    ]


def categories_by_week(
    session: Session, scope: Scope, until: datetime
) -> list[tuple[Category, tuple[int, ...]]]:
    """Tickets filed per category in each of the last thirteen weeks, oldest first."""
    quarter = Period(until - QUARTER, until)
    week = _week_of(Ticket.filed_at, quarter)
    rows = session.execute(
        select(Ticket.category, week, func.count())
        .where(*scope.bounds(), Ticket.filed_at >= quarter.since, Ticket.filed_at < until)
        .group_by(Ticket.category, week)
    )
    counted = {(category, number): total for category, number, total in rows}
    weeks = range(len(quarter.weeks()))
    known = [category for category in Category if any(key[0] == category for key in counted)]
    return [(category, tuple(counted.get((category, n), 0) for n in weeks)) for category in known]


def _week_of(column: InstrumentedAttribute[datetime], quarter: Period) -> ColumnElement[int]:
    """The number of the week; one chain of comparisons per row, the latest week first."""
    weeks = list(enumerate(quarter.weeks()))
    return case(*((column >= week.since, literal_column(str(number))) for number, week in reversed(weeks)))


def longest_overdue(session: Session, scope: Scope, moment: datetime, *, limit: int = 12) -> list[Ticket]:
    """The tickets that are overdue the longest."""
    return list(
        session.scalars(
            select(Ticket)
            .where(*scope.bounds(), is_overdue(moment))
            .options(
                *SHORT,
                joinedload(Ticket.holder).options(lazyload(Person.posts), lazyload(Person.unit)),
                joinedload(Ticket.system).lazyload(System.modules),
            )
            .order_by(Ticket.close_due, Ticket.id)
            .limit(limit)
        )
    )


def top_defects(session: Session, scope: Scope, until: datetime, *, limit: int = 10) -> list[TopDefect]:
    """The defects that brought most tickets in the last quarter, with their weeks."""
    quarter = Period(until - QUARTER, until)
    linked = [*scope.bounds(), Ticket.filed_at >= quarter.since, Ticket.filed_at < until, _is_linked()]
    # A value, not the column: a database that groups by its index reads every link there ever was.
    defect = func.coalesce(DefectLink.defect_id, 0)
    totals = session.execute(
        select(defect, func.count())
        .select_from(Ticket)
        .join(DefectLink, DefectLink.ticket_id == Ticket.id)
        .where(*linked)
        .group_by(defect)
        .order_by(func.count().desc(), defect)
        .limit(limit)
    ).all()
    weeks = _weeks_of(session, [row[0] for row in totals], quarter, linked)
    wanted = select(Defect).where(Defect.id.in_([row[0] for row in totals]))
    defects = {row.id: row for row in session.scalars(wanted)}
    return [TopDefect(defects[number], weeks[number], total) for number, total in totals]


def _is_linked() -> ColumnElement[bool]:
    return DefectLink.verdict == LinkVerdict.LINKED


def _weeks_of(
    session: Session, defects: Sequence[int], quarter: Period, linked: Sequence[ColumnElement[bool]]
) -> dict[int, tuple[int, ...]]:
    """How many tickets each of these defects brought, week by week."""
    week = _week_of(Ticket.filed_at, quarter)
    rows = session.execute(
        select(DefectLink.defect_id, week, func.count())
        .select_from(Ticket)
        .join(DefectLink, DefectLink.ticket_id == Ticket.id)
        .where(*linked, DefectLink.defect_id.in_(defects))
        .group_by(DefectLink.defect_id, week)
    )
    counted = {(defect, number): total for defect, number, total in rows}
    weeks = range(len(quarter.weeks()))
    return {defect: tuple(counted.get((defect, n), 0) for n in weeks) for defect in defects}


def systems_by_tickets(session: Session, scope: Scope, period: Period) -> list[Line]:
    """Tickets filed per system: in the period before, in this one; the busiest now first."""
    counted = _counts_by(Ticket.system_id, scope, period)
    rows = session.execute(
        select(System.code, System.name, System.name_en, counted.c.before, counted.c.now)
        .join(counted, counted.c.place == System.id)
        .order_by(counted.c.now.desc(), System.code)
    )
    return [_line(row) for row in rows]


def units_by_tickets(session: Session, scope: Scope, period: Period) -> list[Line]:
    """Tickets filed per home unit: in the period before, in this one."""
    counted = _counts_by(Ticket.unit_id, scope, period)
    rows = session.execute(
        select(Unit.code, Unit.name, Unit.name_en, counted.c.before, counted.c.now).join(
            counted, counted.c.place == Unit.id
        )
    )
    return [_line(row) for row in rows]


def _counts_by(place: InstrumentedAttribute[int], scope: Scope, period: Period) -> Subquery:
    """Counted by the bare key first: the index has everything that this asks for."""
    before, now = _counted(period.before), _counted(period)
    return (
        select(place.label("place"), func.sum(before).label("before"), func.sum(now).label("now"))
        .where(*scope.bounds(), *_both(period))
        .group_by(place)
        .subquery()
    )


def _counted(part: Period) -> ColumnElement[int]:
    return case((and_(Ticket.filed_at >= part.since, Ticket.filed_at < part.until), 1), else_=0)


def _both(period: Period) -> tuple[ColumnElement[bool], ...]:
    return (Ticket.filed_at >= period.before.since, Ticket.filed_at < period.until)


def movers(kind: str, lines: Sequence[Line], *, limit: int = 3, beyond: float = 2.5) -> list[Mover]:
    """Where the change is too large for chance: ``beyond`` standard deviations, many lines being compared."""
    found = [
        Mover(kind, line.code, line.name, line.name_en, line.numbers[1], line.numbers[0], _z(line))
        for line in lines
    ]
    clear = [mover for mover in found if abs(mover.z) >= beyond]
    return sorted(clear, key=lambda mover: -abs(mover.z))[:limit]


def _z(line: Line) -> float:
    before, now = line.numbers
    return (now - before) / (now + before) ** 0.5 if now + before else 0.0


def weeks_until(until: datetime) -> list[datetime]:
    """The first day of each of the thirteen weeks."""
    return [until - WEEK * number for number in range(13, 0, -1)]
