"""Follow-ups and inspections on the manager's page: two figures against the period before.

Only for those who read results, and over what their posts cover: everybody else's page doesn't have them.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from indexer.words import N_
from portal.insight.definitions import Definition, Kind, Wish
from portal.insight.estimates import Estimate, mean, rate
from portal.insight.morning import Figure
from portal.insight.periods import Period, Scope
from portal.people.roles import Permission
from portal.quality.results import Asked, Inspected, Rung, in_all
from portal.quality.scope import covered_by
from portal.tickets.selection import Filter, places
from portal.tickets.words import State

LABEL = N_("回访与质检")
# fmt: off
SOLVED = Definition("really_solved", N_("回访确实解决率"), Kind.RATE,  Wish.UP, N_("本期接通的回访中，用户说问题真正解决了的比例。"))  # noqa: E501 - a table
SCORED = Definition("scored",        N_("质检平均分"),     Kind.SCORE, Wish.UP, N_("本期评分的质检，0 到 100 分的平均；申诉改过的按改后的分。"))  # noqa: E501
# fmt: on


def quality(session: Session, scope: Scope, period: Period) -> list[Figure]:
    """Both figures; their tickets are those closed in the period."""
    now, before = (_sums(session, scope, part) for part in (period, period.before))
    closed = Filter(system=scope.system, unit=scope.unit, state=State.CLOSED)
    closed = replace(closed, closed_since=period.since, closed_until=period.until)
    return [
        Figure(SOLVED, _solved(now[1]), _solved(before[1]), closed),
        Figure(SCORED, _scored(now[0]), _scored(before[0]), closed),
    ]


def _sums(session: Session, scope: Scope, part: Period) -> tuple[Inspected, Rung]:
    covered = covered_by(scope.person, Permission.READ_QUALITY)
    where = [covered, *places(session, Filter(system=scope.system, unit=scope.unit))]
    return in_all(session, Asked(part.since, part.until), where)


def _solved(rung: Rung) -> Estimate | None:
    return rate(rung.solved, rung.reached)


def _scored(inspected: Inspected) -> Estimate | None:
    found = mean(inspected.n, inspected.total, inspected.squares)
    return replace(found, low=max(0.0, found.low), high=min(100.0, found.high)) if found else None
