"""How promises came true, as plain data that the page draws twice: as a chart and as a table.

Nothing is counted here: the figures were kept where learning was done. The invariant: where too few cases
were kept apart there is no chart and no share, only how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from portal.finder.lessons.held_out import EVERY, LEAST
from portal.finder.lessons.models import LearningFigures
from portal.tickets.words import Category
from portal.web.labels import label


@dataclass(frozen=True, slots=True)
class Drawn:
    """One thing that was learned, for one category of ticket."""

    key: str
    cases: int
    least: int = LEAST
    bins: list[dict[str, Any]] = field(default_factory=list)
    curve: list[dict[str, Any]] = field(default_factory=list)
    now: dict[str, Any] = field(default_factory=dict)
    measured: LearningFigures | None = None

    @property
    def is_enough(self) -> bool:
        return bool(self.bins)

    @property
    def reliability(self) -> dict[str, Any]:
        """For the drawing: what was promised, what came true, from, to, cases."""
        points = [[one["promised"], one["share"], one["low"], one["high"], one["cases"]] for one in self.bins]
        return {
            "kind": "reliability",
            "points": points,
            "names": {
                "promised": _("说的把握"),
                "share": _("真的对"),
                "cases": _("条数"),
                "ideal": _("说多少就对多少"),
            },
        }

    @property
    def trade(self) -> dict[str, Any]:
        """Precision against coverage, and where it stands today."""
        return {
            "kind": "trade",
            "points": [_trade_point(one) for one in self.curve if one["coverage"] is not None],
            "now": _trade_point(self.now)
            if self.now.get("coverage") is not None and self.now["cases"]
            else None,
            "names": {
                "share": _("准确率"),
                "coverage": _("覆盖率"),
                "cases": _("条数"),
                "now": _("现在的门槛"),
            },
        }


def _trade_point(one: dict[str, Any]) -> list[Any]:
    return [one["coverage"], one["share"], one["low"], one["high"], one["cases"], one.get("from")]


def drawn(key: str, measured: LearningFigures | None, about: str) -> Drawn:
    held = (measured.figures if measured is not None else {}).get(about, {})
    return Drawn(
        key,
        held.get("cases", 0),
        held.get("least", LEAST),
        held.get("bins", []),
        held.get("curve", []),
        held.get("now", {}),
        measured,
    )


def abouts(*measured: LearningFigures | None) -> list[tuple[str, str, int]]:
    """Category, its name, and how many cases of it were kept apart."""
    cases: dict[str, int] = {}
    for one in measured:
        for about, held in (one.figures if one is not None else {}).items():
            cases[about] = max(cases.get(about, 0), held["cases"])
    known = [str(category) for category in Category]
    order = sorted(cases, key=lambda about: known.index(about) if about in known else -1)
    return [
        (about, label(Category(about)) if about != EVERY else _("全部类别"), cases[about]) for about in order
    ]
