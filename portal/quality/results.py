"""What came of follow-ups and inspections: sums by agent, by unit, by rule, by sheet item, over a period.

Sums only; their intervals are worked out above, where the estimates live. The invariant: each row counts
only what this viewer may see, and the number of queries does not depend on the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal_column, select
from sqlalchemy.orm import Session

from portal.people.models import Person, Unit
from portal.people.roles import Permission
from portal.quality.models import FollowUp, Inspection
from portal.quality.scope import covered_by
from portal.quality.words import FollowUpState, InspectionState
from portal.tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Inspected:
    """Sums over scored inspections; ``total`` and ``squares`` are of points."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    vetoed: int = 0
    appealed: int = 0


@dataclass(frozen=True, slots=True)
class Rung:
    """Sums over ended follow-ups; ``solved`` and the satisfaction are of those reached."""

    n: int = 0
    reached: int = 0
    solved: int = 0
    satisfaction: float = 0.0
    squares: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Which results: from ``since`` to before ``until``, in a unit and below, of one agent."""

    since: datetime
    until: datetime
    unit: str = ""
    agent: int | None = None


def bounds(person: Person, asked: Asked) -> list[ColumnElement[bool]]:
    """What every ticket behind the results fulfils: within the viewer's posts, or their own work."""
    narrowed: list[ColumnElement[bool]] = [covered_by(person, Permission.READ_QUALITY)]
    if asked.unit:
        top = select(Unit.path).where(Unit.code == asked.unit).scalar_subquery()
        below = select(Unit.id).where(func.substr(Unit.path, 1, func.length(top)) == top)
        narrowed.append(Ticket.unit_id.in_(below))
    return narrowed


# ── inspections ──────────────────────────────────────────────────────────────────────────────────


def inspected_by(
    session: Session, key: Any, asked: Asked, where: Iterable[ColumnElement[bool]]
) -> dict[Any, Inspected]:
    """Sums of the scored inspections for each value of ``key``."""
    points = Inspection.tenths / 10.0
    sums = (
        func.count(),
        func.sum(points),
        func.sum(points * points),
        func.sum(case((Inspection.vetoed, 1), else_=0)),
        func.sum(
            case((Inspection.state.in_((InspectionState.APPEALED, InspectionState.DECIDED)), 1), else_=0)
        ),
    )
    wanted = _scored(select(key, *sums), asked, where).group_by(key)
    return {row[0]: _inspected(tuple(row)) for row in session.execute(wanted)}


def _scored(wanted: Select[Any], asked: Asked, where: Iterable[ColumnElement[bool]]) -> Select[Any]:
    wanted = (
        wanted.select_from(Inspection)
        .join(Ticket, Ticket.id == Inspection.ticket_id)
        .where(Inspection.scored_at >= asked.since, Inspection.scored_at < asked.until, *where)
    )
    return wanted.where(Inspection.agent_id == asked.agent) if asked.agent else wanted


def _inspected(row: Sequence[Any]) -> Inspected:
    _key, n, total, squares, vetoed, appealed = row
    return Inspected(int(n), float(total or 0), float(squares or 0), int(vetoed or 0), int(appealed or 0))


# ── follow-ups ───────────────────────────────────────────────────────────────────────────────────


def rung_by(
    session: Session, key: Any, asked: Asked, where: Iterable[ColumnElement[bool]]
) -> dict[Any, Rung]:
    """Sums of the ended follow-ups for each value of ``key``."""
    reached = FollowUp.state == FollowUpState.REACHED
    satisfaction = FollowUp.satisfaction
    sums = (
        func.count(),
        func.sum(case((reached, 1), else_=0)),
        func.sum(case((reached & FollowUp.solved, 1), else_=0)),
        func.sum(satisfaction),
        func.sum(satisfaction * satisfaction),
    )
    wanted = _ended(select(key, *sums), asked, where).group_by(key)
    return {row[0]: _rung(tuple(row)) for row in session.execute(wanted)}


def _ended(wanted: Select[Any], asked: Asked, where: Iterable[ColumnElement[bool]]) -> Select[Any]:
    wanted = (
        wanted.select_from(FollowUp)
        .join(Ticket, Ticket.id == FollowUp.ticket_id)
        .where(FollowUp.finished_at >= asked.since, FollowUp.finished_at < asked.until, *where)
    )
    return wanted.where(FollowUp.agent_id == asked.agent) if asked.agent else wanted


def _rung(row: Sequence[Any]) -> Rung:
    _key, n, reached, solved, satisfaction, squares = row
    return Rung(int(n), int(reached or 0), int(solved or 0), float(satisfaction or 0), float(squares or 0))


# ── both ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Line:
    """One agent or one unit: its name and both sums."""

    key: int
    name: str
    name_en: str
    inspected: Inspected
    rung: Rung


def by_agent(session: Session, person: Person, asked: Asked) -> list[Line]:
    """Every agent with a result in the period, by name."""
    where = bounds(person, asked)
    return _lines(
        session,
        Person,
        inspected_by(session, Inspection.agent_id, asked, where),
        rung_by(session, FollowUp.agent_id, asked, where),
    )


def by_unit(session: Session, person: Person, asked: Asked) -> list[Line]:
    """Every unit with a result in the period, from the top down."""
    where = bounds(person, asked)
    return _lines(
        session,
        Unit,
        inspected_by(session, Inspection.unit_id, asked, where),
        rung_by(session, FollowUp.unit_id, asked, where),
    )


def whole(session: Session, person: Person, asked: Asked) -> tuple[Inspected, Rung]:
    """Both sums over everything within the viewer's posts."""
    where = bounds(person, asked)
    return in_all(session, asked, where)


def of_own(session: Session, person: Person, asked: Asked) -> tuple[Inspected, Rung]:
    """Both sums over this person's own work."""
    return in_all(session, replace(asked, agent=person.id), [])


def in_all(session: Session, asked: Asked, where: Iterable[ColumnElement[bool]]) -> tuple[Inspected, Rung]:
    one: Any = literal_column("1")
    inspected, rung = inspected_by(session, one, asked, where), rung_by(session, one, asked, where)
    return next(iter(inspected.values()), Inspected()), next(iter(rung.values()), Rung())


def _lines(
    session: Session,
    model: type[Person] | type[Unit],
    inspected: Mapping[int, Inspected],
    rung: Mapping[int, Rung],
) -> list[Line]:
    keys = inspected.keys() | rung.keys()
    order = Unit.path if model is Unit else Person.name
    rows = session.execute(
        select(model.id, model.name, model.name_en).where(model.id.in_(keys)).order_by(order, model.id)
    )
    return [
        Line(key, name, name_en, inspected.get(key, Inspected()), rung.get(key, Rung()))
        for key, name, name_en in rows
    ]
