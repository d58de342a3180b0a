"""How promises came true on judgements that were kept apart: reliability, and precision against coverage.

Pure counting, done where learning is done and kept as plain values for the page. The invariants: every
share carries its number of cases and Wilson's interval; a group of fewer than ``LEAST`` has no shares.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from indexer.gate import LEAST_APART
from kb.estimates import rate

#: Fewer cases say nothing that could be drawn.
LEAST = LEAST_APART
BINS = 10
#: Points of a curve; more are not seen.
POINTS = 24
EVERY = ""
"""All categories together."""


@dataclass(frozen=True, slots=True)
class Foretold:
    """One judged case, what was promised of it, and what it was."""

    chance: float
    right: bool
    shown: bool
    """Shown as trustworthy, or linked."""
    about: str = ""
    """The category of its ticket; empty where no ticket is known."""
    decides: bool = True
    """The best hit of its question: only that one is shown as trustworthy or linked."""
    possible: bool = True
    """There is something to show or to link at all: what coverage is a share of."""


def figures_of(cases: Sequence[Foretold]) -> dict[str, Any]:
    """Category (and ``EVERY``) → its figures."""
    groups: defaultdict[str, list[Foretold]] = defaultdict(list)
    for case in cases:
        groups[EVERY].append(case)
        if case.about:
            groups[case.about].append(case)
    return {about: _figures(held) for about, held in sorted(groups.items())}


def _figures(cases: Sequence[Foretold]) -> dict[str, Any]:
    if len(cases) < LEAST:
        return {"cases": len(cases), "least": LEAST}
    deciding = [case for case in cases if case.decides]
    return {
        "cases": len(cases),
        "least": LEAST,
        "bins": _bins(cases),
        "curve": _curve(deciding),
        "now": _point(deciding, [case for case in deciding if case.shown]),
    }


def _bins(cases: Sequence[Foretold]) -> list[dict[str, Any]]:
    """By what was promised, ten of equal width; empty ones are left out."""
    held: defaultdict[int, list[Foretold]] = defaultdict(list)
    for case in cases:
        held[min(int(case.chance * BINS), BINS - 1)].append(case)
    return [_bin(number, held[number]) for number in sorted(held)]


def _bin(number: int, cases: Sequence[Foretold]) -> dict[str, Any]:
    promised = sum(case.chance for case in cases) / len(cases)
    bounds = {"from": number / BINS, "to": (number + 1) / BINS, "promised": round(promised, 4)}
    return bounds | _share(sum(case.right for case in cases), len(cases))


def _curve(cases: Sequence[Foretold]) -> list[dict[str, Any]]:
    """What precision and coverage would be, were everything from a probability on shown or linked."""
    ordered = sorted(cases, key=lambda case: -case.chance)
    ends = [
        place
        for place in range(1, len(ordered) + 1)
        if place == len(ordered) or ordered[place].chance != ordered[place - 1].chance
    ]
    step = max(1, -(-len(ends) // POINTS))
    chosen = sorted({*ends[step - 1 :: step], ends[-1]}) if ends else []
    return [
        {"from": round(ordered[place - 1].chance, 4), **_point(cases, ordered[:place])} for place in chosen
    ]


def _point(cases: Sequence[Foretold], shown: Sequence[Foretold]) -> dict[str, Any]:
    possible = sum(case.possible for case in cases)
    covered = rate(sum(case.possible for case in shown), possible)
    return {
        **_share(sum(case.right for case in shown), len(shown)),
        "possible": possible,
        "coverage": None if covered is None else round(covered.value, 4),
    }


def _share(right: int, cases: int) -> dict[str, Any]:
    """How many, and the share that was right with its 95 % interval; None of nothing."""
    found = rate(right, cases)
    told = (None, None, None) if found is None else (found.value, found.low, found.high)
    share, low, high = (None if value is None else round(value, 4) for value in told)
    return {"cases": cases, "right": right, "share": share, "low": low, "high": high}
