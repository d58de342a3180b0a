"""Figures by unit: one level below the unit that is looked at, or below the company.

The invariant: every unit counts for exactly one line, its own or that of the unit above it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.insight.periods import Scope
from portal.people.models import Unit

COMPANY = "/top/"


@dataclass(frozen=True, slots=True)
class Level:
    """``depth``: how many steps down the tree its lines stand."""

    depth: int

    def line_of(self, path: str) -> str:
        """The code of the unit in whose line the unit of this path counts."""
        steps = _steps(path)
        return steps[min(self.depth, len(steps) - 1)]


def level_below(session: Session, scope: Scope) -> Level:
    path = session.scalar(select(Unit.path).where(Unit.code == scope.unit)) if scope.unit else COMPANY
    return Level(len(_steps(path or "")))


def _steps(path: str) -> list[str]:
    return [code for code in path.split("/") if code]


def unit_names(session: Session, codes: Collection[str]) -> dict[str, tuple[str, str]]:
    """(name, English name) by code."""
    rows = session.execute(select(Unit.code, Unit.name, Unit.name_en).where(Unit.code.in_(codes)))
    return {code: (name, name_en) for code, name, name_en in rows}
