"""Root causes across the company: every record × every province, in a period and in the one before it.

Every linked ticket counts, whoever may open it: the figures of a record are the staff's. The invariant: the
same few queries however many records and units there are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from math import sqrt

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from defects.flow import DefectAction
from defects.models import Defect, DefectMove
from indexer.words import N_
from kb.estimates import Estimate, rate
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.provinces import Provinces, provinces_of

#: Two counts differ by more than chance when they lie so many standard deviations apart.
SURELY = 2.0
#: A share of verifications that did not hold is shown from so many on …
LEAST = 20
#: … and a repair has to have had so long to fail.
HELD_FOR = timedelta(days=90)
YEAR = timedelta(days=365)


class Order(StrEnum):
    SPREAD = "spread"
    TICKETS = "tickets"
    GROWTH = "growth"


ORDER_LABELS = {
    Order.SPREAD: N_("波及单位最多"),
    Order.TICKETS: N_("工单最多"),
    Order.GROWTH: N_("增长最快"),
}


@dataclass(slots=True)
class Line:
    """One record: its tickets in the period by province (code), and all of them in the period before."""

    number: int
    tickets: Counter[str] = field(default_factory=Counter)
    before: int = 0

    @property
    def total(self) -> int:
        return self.tickets.total()

    @property
    def affected(self) -> int:
        """How many provinces had it."""
        return sum(count > 0 for count in self.tickets.values())

    @property
    def growth(self) -> int:
        return self.total - self.before

    @property
    def is_growing(self) -> bool:
        """More than chance makes of two equal periods."""
        return self.growth > SURELY * sqrt(self.total + self.before)

    @property
    def is_falling(self) -> bool:
        return -self.growth > SURELY * sqrt(self.total + self.before)


ORDERS = {
    Order.SPREAD: lambda line: (-line.affected, -line.total, line.number),
    Order.TICKETS: lambda line: (-line.total, -line.affected, line.number),
    Order.GROWTH: lambda line: (-line.growth, -line.total, line.number),
}


@dataclass(frozen=True, slots=True)
class Across:
    """``lines`` are the page asked for, each with its record; ``total`` how many records had a ticket."""

    lines: tuple[tuple[Defect, Line], ...]
    total: int
    provinces: Provinces
    shown: tuple[str, ...]
    """Provinces (codes) of which any record had a ticket, in the order of the organisation."""
    since: datetime
    highest: int
    """The fullest cell of all pages: what the darkest shade stands for."""


def across(
    session: Session,
    records: Select[Defect],
    *,
    since: datetime,
    until: datetime,
    order: Order = Order.SPREAD,
    limit: int = 30,
    offset: int = 0,
) -> Across:
    """The records of this list that had a ticket in the period, those that hurt most provinces first."""
    provinces = provinces_of(session)
    lines = sorted(_lines(session, records, provinces, since, until), key=ORDERS[order])
    page = lines[offset : offset + limit]
    wanted = select(Defect).where(Defect.id.in_([line.number for line in page]))
    rows = {row.id: row for row in session.scalars(wanted)}
    had = {code for line in lines for code in line.tickets}
    return Across(
        tuple((rows[line.number], line) for line in page),
        len(lines),
        provinces,
        tuple(code for code in provinces.rows if code in had),
        since,
        max((count for line in lines for count in line.tickets.values()), default=0),
    )


def _lines(
    session: Session, records: Select[Defect], provinces: Provinces, since: datetime, until: datetime
) -> list[Line]:
    found: defaultdict[int, Line] = defaultdict(lambda: Line(0))
    for number, unit, inside, before in session.execute(_counted(records, since, until)):
        line = found[number]
        line.number = number
        line.before += before
        if inside:
            line.tickets[provinces.of.get(unit, "")] += inside
    return [line for line in found.values() if line.tickets]


def _counted(records: Select[Defect], since: datetime, until: datetime) -> Select[int, int, int, int]:
    inside = func.sum(case((Ticket.filed_at >= since, 1), else_=0))
    before = func.sum(case((Ticket.filed_at < since, 1), else_=0))
    return (
        select(DefectLink.defect_id, Ticket.unit_id, inside, before)
        .join(Ticket, DefectLink.ticket_id == Ticket.id)
        .where(DefectLink.verdict == LinkVerdict.LINKED)
        .where(DefectLink.defect_id.in_(records.with_only_columns(Defect.id).order_by(None)))
        .where(Ticket.filed_at >= since - (until - since), Ticket.filed_at < until)
        .group_by(DefectLink.defect_id, Ticket.unit_id)
    )


# ── do repairs hold? ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Holding:
    """Of the repairs verified in the last year that had ninety days to fail: how many did."""

    verified: int
    recurred: int

    @property
    def share(self) -> Estimate | None:
        """With its interval; None from too few."""
        return rate(self.recurred, self.verified) if self.verified >= LEAST else None


def holding(session: Session, records: Select[Defect], *, today: datetime) -> Holding:
    """One query."""
    rows = session.execute(
        select(DefectMove.defect_id, DefectMove.action, DefectMove.at)
        .where(DefectMove.defect_id.in_(records.with_only_columns(Defect.id).order_by(None)))
        .where(DefectMove.action.in_(TELLING), DefectMove.at >= today - YEAR)
        .order_by(DefectMove.defect_id, DefectMove.id)
    )
    by_record: defaultdict[int, list[tuple[DefectAction, datetime]]] = defaultdict(list)
    for number, action, at in rows:
        by_record[number].append((action, at))
    verified = [held for moves in by_record.values() for held in _held(moves, today)]
    return Holding(len(verified), sum(not held for held in verified))


TELLING = (DefectAction.VERIFY, DefectAction.RECUR, DefectAction.RETRACT)


def _held(moves: Sequence[tuple[DefectAction, datetime]], today: datetime) -> Iterable[bool]:
    """For each verification that had its ninety days: was there no recurrence within them that stands?"""
    standing: list[tuple[DefectAction, datetime]] = []
    for action, at in moves:
        if action != DefectAction.RETRACT:
            standing.append((action, at))
        elif standing and standing[-1][0] == DefectAction.RECUR:
            standing.pop()
    for place, (action, at) in enumerate(standing):
        if action == DefectAction.VERIFY and at <= today - HELD_FOR:
            after = standing[place + 1 :]
            yield not any(next_ == DefectAction.RECUR and at < when <= at + HELD_FOR for next_, when in after)
