"""The figures of the manager's page: each for a period and the one before it, with its interval.

Figures count rows of the same ``Filter`` that opens their list, so that a figure and its tickets agree.
The invariant: the number of queries and of rows fetched depends on nothing but this table; medians of
working time rest on an even sample of at most ``SAMPLE`` tickets, because the database knows no calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.insight.definitions import DEFINITIONS, Definition, Wish
from portal.insight.deflection import observed_deflection
from portal.insight.estimates import Course, Estimate, count, course, mean, median, rate
from portal.insight.periods import Period, Scope
from portal.insight.working_time import WorkingTime
from portal.tickets.clocks import ZONE
from portal.tickets.models import Ticket
from portal.tickets.selection import Filter, conditions, falls_due_soon, is_open
from portal.tickets.words import Category, State

SAMPLE = 2000


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the page; ``tickets`` is the filter that opens what it counts."""

    definition: Definition
    now: Estimate | None
    before: Estimate | None
    tickets: Filter

    @property
    def course(self) -> Course:
        return course(self.now, self.before)

    @property
    def is_worse(self) -> bool:
        wish = self.definition.wish
        return (wish, self.course) in ((Wish.UP, Course.DOWN), (Wish.DOWN, Course.UP))

    @property
    def is_better(self) -> bool:
        wish = self.definition.wish
        return (wish, self.course) in ((Wish.UP, Course.UP), (Wish.DOWN, Course.DOWN))


def morning(session: Session, scope: Scope, period: Period) -> Mapping[str, Figure]:
    """Every figure of the page by its key."""
    found: dict[str, tuple[Estimate | None, Estimate | None]] = {
        **_stock(session, scope, period),
        **_arrivals(session, scope, period),
        **_endings(session, scope, period),
        "deflection": _deflection(session, scope, period),
    }
    sizes = {"response": _sizes(found["filed"]), "handling": _sizes(found["closed"])}
    found |= _durations(session, scope, period, sizes)
    filters = filters_of(scope, period)
    return {key: Figure(definition, *found[key], filters[key]) for key, definition in DEFINITIONS.items()}


def _sizes(pair: tuple[Estimate | None, Estimate | None]) -> tuple[int, int]:
    return (pair[0].n if pair[0] else 0, pair[1].n if pair[1] else 0)


def filters_of(scope: Scope, period: Period) -> dict[str, Filter]:
    """The tickets behind each figure; of a rate, those that it is a share of hits among."""
    base = Filter(system=scope.system, unit=scope.unit)
    filed = replace(base, since=period.since, until=period.until)
    closed = replace(base, state=State.CLOSED, closed_since=period.since, closed_until=period.until)
    return {
        "open": replace(base, open=True),
        "overdue": replace(base, open=True, overdue=True),
        "soon": replace(base, open=True, soon=True),
        "filed": filed,
        "response": filed,
        "deflection": filed,
        "linked": replace(filed, category=Category.DEFECT, linked=True),
        "closed": closed,
        "handling": closed,
        "satisfaction": closed,
        "first": replace(closed, first_contact=True),
        "returned": replace(closed, returned=True),
        "reopened": replace(closed, reopened=True),
    }


Sums = Mapping[str, ColumnElement[bool]]


def _sums(session: Session, sums: Sums, *where: ColumnElement[bool]) -> dict[str, int]:
    """How many tickets fulfil each condition, of those within ``where``; one query."""
    columns = [func.sum(case((condition, 1), else_=0)).label(name) for name, condition in sums.items()]
    row = session.execute(select(*columns).select_from(Ticket).where(*where)).one()
    return {name: int(value or 0) for name, value in zip(sums, row, strict=True)}


def _met(wanted: Filter, scope: Scope, moment: datetime) -> ColumnElement[bool]:
    return and_(*conditions(wanted, scope.person, moment))


def _stock(
    session: Session, scope: Scope, period: Period
) -> dict[str, tuple[Estimate | None, Estimate | None]]:
    """What lies on the desk now, and what lay there when the period began."""
    moment, start = period.until, period.since
    filters = filters_of(replace(scope, system="", unit=""), period)
    names = ("open", "overdue", "soon")
    now = {name: _met(filters[name], scope, moment) for name in names}
    # Counted, not filtered: by the filing a database would walk through everything ever filed.
    stood = Ticket.filed_at < start
    # A pause that is over has moved the deadline; one that goes on, or ended the ticket, still has its start.
    ran = or_(Ticket.paused_at.is_(None), Ticket.paused_at >= start)
    before = {
        "open": stood,
        "overdue": and_(stood, ran, Ticket.close_due < start),
        "soon": and_(stood, ran, falls_due_soon(start)),
    }
    found = (
        _sums(session, now, *scope.bounds(), is_open()),
        _sums(session, before, *scope.bounds(), or_(Ticket.closed_at.is_(None), Ticket.closed_at >= start)),
    )
    return {name: (count(found[0][name]), count(found[1][name])) for name in names}


def _arrivals(
    session: Session, scope: Scope, period: Period
) -> dict[str, tuple[Estimate | None, Estimate | None]]:
    now, before = (_filed(session, scope, part) for part in (period, period.before))
    return {
        "filed": (count(now["filed"]), count(before["filed"])),
        "linked": (rate(now["linked"], now["defects"]), rate(before["linked"], before["defects"])),
    }


def _filed(session: Session, scope: Scope, part: Period) -> dict[str, int]:
    filters = filters_of(replace(scope, system="", unit=""), part)
    sums = {
        "filed": true(),
        "defects": Ticket.category == Category.DEFECT,
        "linked": _met(filters["linked"], scope, part.until),
    }
    return _sums(session, sums, *scope.bounds(), _met(filters["filed"], scope, part.until))


SHARES = ("first", "returned", "reopened")


def _endings(
    session: Session, scope: Scope, period: Period
) -> dict[str, tuple[Estimate | None, Estimate | None]]:
    rows = [_ended(session, scope, part) for part in (period, period.before)]
    found: dict[str, tuple[Estimate | None, Estimate | None]] = {
        name: (rate(*_share(rows[0], name)), rate(*_share(rows[1], name))) for name in SHARES
    }
    found["closed"] = (count(rows[0].closed), count(rows[1].closed))
    found["satisfaction"] = (_score(rows[0]), _score(rows[1]))
    return found


def _ended(session: Session, scope: Scope, part: Period) -> Row[Any]:
    filters = filters_of(replace(scope, system="", unit=""), part)
    met = {name: _met(filters[name], scope, part.until) for name in SHARES}
    return session.execute(
        select(
            func.count().label("closed"),
            func.count(Ticket.rating).label("rated"),
            func.coalesce(func.sum(Ticket.rating), 0).label("points"),
            func.coalesce(func.sum(Ticket.rating * Ticket.rating), 0).label("squares"),
            *(func.coalesce(func.sum(case((met[name], 1), else_=0)), 0).label(name) for name in SHARES),
        ).where(*scope.bounds(), _met(filters["closed"], scope, part.until))
    ).one()


def _share(row: Row[Any], name: str) -> tuple[int, int]:
    return int(row._mapping[name]), int(row.closed)


def _score(row: Row[Any]) -> Estimate | None:
    found = mean(row.rated, float(row.points), float(row.squares))
    return replace(found, low=max(1.0, found.low), high=min(5.0, found.high)) if found else None


def _deflection(session: Session, scope: Scope, period: Period) -> tuple[Estimate | None, Estimate | None]:
    now, before = (observed_deflection(session, scope, part) for part in (period, period.before))
    return now, before


# ── medians of working time ──────────────────────────────────────────────────────────────────────


def _durations(
    session: Session, scope: Scope, period: Period, sizes: Sizes
) -> dict[str, tuple[Estimate | None, Estimate | None]]:
    """``sizes``: how many tickets stand behind each figure, now and before; the sample is taken by them."""
    found = {}
    for name, end in (("response", Ticket.responded_at), ("handling", Ticket.told_at)):
        parts = [
            _spans(session, _sampled(scope, part, name, size), end)
            for part, size in zip((period, period.before), sizes[name], strict=True)
        ]
        now, before = (median(_minutes(spans, paused=name == "handling")) for spans in parts)
        found[name] = (now, before)
    return found


Sizes = Mapping[str, tuple[int, int]]
Span = tuple[datetime, datetime, Category, int]


def _sampled(scope: Scope, part: Period, name: str, size: int) -> list[ColumnElement[bool]]:
    """The tickets behind a figure; of many, every so-manieth."""
    step = max(1, -(-size // SAMPLE))
    wanted = filters_of(replace(scope, system="", unit=""), part)[name]
    where = [*scope.bounds(), _met(wanted, scope, part.until)]
    return [Ticket.id % step == 0, *where] if step > 1 else where


def _spans(
    session: Session, where: list[ColumnElement[bool]], end: InstrumentedAttribute[datetime | None]
) -> list[Span]:
    """(start, end, category, paused minutes) of these tickets."""
    columns = select(Ticket.filed_at, end, Ticket.category, Ticket.paused_minutes)
    rows = session.execute(columns.where(*where, end.is_not(None)))
    return [(start, stop, kind, paused) for start, stop, kind, paused in rows if stop]


def _minutes(spans: list[Span], *, paused: bool) -> list[float]:
    if not spans:
        return []
    first, last = min(span[0] for span in spans), max(max(span[0], span[1]) for span in spans)
    day = timedelta(days=1)
    clock = WorkingTime((first - day).date(), (last + day).date(), ZONE)
    return [
        max(0.0, _between(clock, start, stop, kind) - (away if paused else 0))
        for start, stop, kind, away in spans
    ]


def _between(clock: WorkingTime, start: datetime, stop: datetime, kind: Category) -> float:
    if kind == Category.FAULT:
        return (stop - start).total_seconds() / 60
    return clock.between(start, stop)
