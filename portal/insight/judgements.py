"""How often the middle rules otherwise than the front judged first: a quality figure of the front.

One ticket counts once, by its last ruling. Merged and withdrawn tickets count as they were ruled; what was
never ruled does not count at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, lazyload

from portal.insight.periods import Period, Scope
from portal.people.models import Person, Unit
from portal.tickets.models import Ticket
from portal.tickets.words import Category


@dataclass(frozen=True, slots=True)
class Judged:
    """How many tickets were ruled, and how many of them otherwise than first judged."""

    ruled: int
    changed: int

    @property
    def rate(self) -> float | None:
        """The share ruled otherwise, 0 to 1; None where nothing was ruled."""
        return self.changed / self.ruled if self.ruled else None


@dataclass(frozen=True, slots=True)
class Difference:
    """What the front called one thing and the middle another."""

    first: Category
    ruled: Category
    tickets: int


def first_judgements(session: Session, scope: Scope, period: Period) -> Judged:
    """Of the tickets filed in the period; one query."""
    row = session.execute(
        select(func.count(), _changed()).select_from(Ticket).where(*_ruled(scope, period))
    ).one()
    return Judged(int(row[0]), int(row[1] or 0))


def by_unit(session: Session, scope: Scope, period: Period) -> list[tuple[Unit, Judged]]:
    """The same for every unit that has any, most changed first."""
    rows = session.execute(
        select(Unit, func.count(), _changed())
        .select_from(Ticket)
        .join(Unit, Ticket.unit_id == Unit.id)
        .where(*_ruled(scope, period))
        .group_by(Unit.id)
        .order_by(_changed().desc(), func.count().desc(), Unit.id)
    )
    return [(unit, Judged(int(ruled), int(changed or 0))) for unit, ruled, changed in rows]


def by_filer(session: Session, scope: Scope, period: Period) -> list[tuple[Person, Judged]]:
    """The same for everybody of the front who filed for a caller: they judged first themselves."""
    rows = session.execute(
        select(Person, func.count(), _changed())
        .options(lazyload(Person.unit))
        .select_from(Ticket)
        .join(Person, Ticket.filed_by_id == Person.id)
        .where(*_ruled(scope, period), Ticket.filed_by_id != Ticket.requester_id)
        .group_by(Person.id)
        .order_by(_changed().desc(), func.count().desc(), Person.id)
    )
    return [(person, Judged(int(ruled), int(changed or 0))) for person, ruled, changed in rows]


def differences(session: Session, scope: Scope, period: Period, *, limit: int = 20) -> list[Difference]:
    """Which categories are taken for which, the most frequent first."""
    rows = session.execute(
        select(Ticket.first_category, Ticket.ruled_category, func.count())
        .where(*_ruled(scope, period), Ticket.ruled_category != Ticket.first_category)
        .group_by(Ticket.first_category, Ticket.ruled_category)
        .order_by(func.count().desc(), Ticket.first_category, Ticket.ruled_category)
        .limit(limit)
    )
    return [Difference(first, ruled, count) for first, ruled, count in rows if ruled is not None]


def _ruled(scope: Scope, period: Period) -> Sequence[ColumnElement[bool]]:
    return [
        *scope.bounds(),
        Ticket.filed_at >= period.since,
        Ticket.filed_at < period.until,
        Ticket.ruled_category.is_not(None),
    ]


def _changed() -> ColumnElement[int]:
    return func.sum(case((Ticket.ruled_category != Ticket.first_category, 1), else_=0))
