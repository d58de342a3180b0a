"""Deflection, measured: how questions ended, what of it lasted, and what answers really prevented.

A deflection is a question that its asker called solved and that brought no ticket about the same thing
within seven days. How sessions are told apart is ``consultations``' business, the arithmetic of the
experiment that of ``effects``, lines by system, unit, week and article are in ``deflection_lines``. The
invariant: of every whole the parts add up, and the number of statements depends on nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from portal.finder.models import Arm, Consultation, Outcome
from portal.insight.consultations import ENDED, Stream, is_self_service, narrowed, stream
from portal.insight.effects import ArmSums, Effect, effect_of, telling_questions
from portal.insight.estimates import Estimate, rate, share
from portal.insight.periods import Period, Scope


@dataclass(frozen=True, slots=True)
class Tally:
    """How questions ended; the last five add up to the first."""

    asked: int = 0
    offered: int = 0
    opened: int = 0
    stayed: int = 0
    """Solved, and no ticket about the same thing since."""
    returned: int = 0
    """Solved, they said, and a ticket within seven days."""
    filed: int = 0
    left_filed: int = 0
    """Left without a word, and a ticket within seven days."""
    left: int = 0

    @property
    def solved(self) -> int:
        return self.stayed + self.returned

    @property
    def rate(self) -> Estimate | None:
        """What of the questions was deflected."""
        return rate(self.stayed, self.asked)

    @classmethod
    def of(cls, row: Any) -> Tally:
        """From a row of ``tally_columns``; none is a tally of nothing."""
        return cls(**{one.name: int(row._mapping[one.name] or 0) for one in fields(cls)}) if row else cls()


@dataclass(frozen=True, slots=True)
class Deflection:
    """The whole of a period; ``observed`` counts questions, its interval comes from their people."""

    whole: Tally
    observed: Estimate | None
    people: int
    fresh: int
    """Solved less than seven days ago: some of them may come back yet."""
    announced: int
    held: int
    calls: Tally
    effect: Effect


def deflection(session: Session, scope: Scope, period: Period) -> Deflection:
    """How the questions of this period ended, and what answers prevented."""
    streams = _by_stream(session, scope, period)
    sums, observed = _observed(session, scope, period)
    whole = streams.get(Stream.SELF_SERVICE)
    return Deflection(
        Tally.of(whole),
        observed,
        sums.people,
        int(whole.fresh or 0) if whole else 0,
        Tally.of(streams.get(Stream.ANNOUNCED)).asked,
        Tally.of(streams.get(Stream.HELD_BACK)).asked,
        Tally.of(streams.get(Stream.CALL)),
        effect(session, scope, period),
    )


def observed_deflection(session: Session, scope: Scope, period: Period) -> Estimate | None:
    """The share alone: what the manager's first page shows."""
    return _observed(session, scope, period)[1]


# ── how they ended ───────────────────────────────────────────────────────────────────────────────


def tally_columns() -> list[ColumnElement[int]]:
    """What a tally is made of."""
    solved, left = Consultation.outcome == Outcome.SOLVED, Consultation.outcome == Outcome.LEFT
    came = Consultation.returned_at.is_not(None)
    conditions = {
        "offered": Consultation.offered > 0,
        "opened": Consultation.opened_at.is_not(None),
        "stayed": and_(solved, ~came),
        "returned": and_(solved, came),
        "filed": Consultation.outcome == Outcome.FILED,
        "left_filed": and_(left, came),
        "left": and_(left, ~came),
    }
    return [
        func.count().label("asked"),
        *(_sum(condition).label(name) for name, condition in conditions.items()),
    ]


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _by_stream(session: Session, scope: Scope, period: Period) -> Mapping[str, Any]:
    fresh = and_(Consultation.outcome == Outcome.SOLVED, Consultation.settled_at.is_(None))
    kind = stream().label("stream")
    rows = session.execute(
        select(kind, *tally_columns(), _sum(fresh).label("fresh"))
        .where(*narrowed(scope, period), Consultation.outcome.in_(ENDED))
        .group_by(kind)
    )
    return {row.stream: row for row in rows}


def _observed(session: Session, scope: Scope, period: Period) -> tuple[ArmSums, Estimate | None]:
    stayed = and_(Consultation.outcome == Outcome.SOLVED, Consultation.returned_at.is_(None))
    where = [*narrowed(scope, period), is_self_service()]
    found = _sums(session, stayed, where, by=stream(), weight=literal(1.0))
    sums = found.get(Stream.SELF_SERVICE, ArmSums())
    if not sums.questions:
        return sums, None
    p = sums.filed / sums.asked
    # One person alone has no spread among people: then every question counts for itself.
    telling = telling_questions(sums) if sums.people > 1 else float(sums.questions)
    told = share(p, telling)
    return sums, Estimate(told.value, told.low, told.high, sums.questions)


# ── what answers prevented ───────────────────────────────────────────────────────────────────────


def effect(session: Session, scope: Scope, period: Period) -> Effect:
    """Of everybody's first question in each fortnight, once its days are over: tickets with and without."""
    where = [
        *narrowed(scope, period),
        # What somebody asked before they could notice on which side they are.
        Consultation.first,
        Consultation.settled_at.is_not(None),
        Consultation.offered > 0,
        ~Consultation.announced,
    ]
    filed = or_(Consultation.outcome == Outcome.FILED, Consultation.returned_at.is_not(None))
    found = _sums(session, filed, where, by=Consultation.arm, weight=1.0 / Consultation.chance)
    return effect_of(found.get(Arm.SHOWN, ArmSums()), found.get(Arm.HELD, ArmSums()))


def _sums(
    session: Session,
    hit: ColumnElement[bool],
    where: Sequence[Any],
    *,
    by: Any,
    weight: ColumnElement[Any],
) -> dict[str, ArmSums]:
    """Sums over people by a key: each person's own sums first, in one statement whatever their number."""
    met = case((hit, 1), else_=0)
    key = by.label("key")
    people = (
        select(
            key,
            func.sum(weight).label("asked"),
            func.sum(weight * met).label("filed"),
            func.count().label("questions"),
            func.sum(met).label("tickets"),
        )
        .where(*where)
        .group_by(key, Consultation.person_id)
        .subquery()
    ).c
    n, y = people.asked, people.filed
    moments = [func.sum(value) for value in (n, y, n * n, n * y, y * y)]
    counts = [func.sum(people.questions), func.sum(people.tickets)]
    rows = session.execute(select(people.key, func.count(), *moments, *counts).group_by(people.key))
    return {key: _arm(list(values)) for key, *values in rows}


def _arm(values: list[Any]) -> ArmSums:
    n, y, nn, ny, yy = (float(value) for value in values[1:6])
    return ArmSums(int(values[0]), n, y, nn, ny, yy, int(values[6]), int(values[7]))
