"""The signs by which a record is chosen and a choice is trusted: a table, with what is believed before.

Signs come from the search (`indexer.features`), from facts about report and record, and from how the
report sounds. Each has its usual middle and spread, so that weights of different signs can be compared
and one judged report moves them all alike. Invariant: a sign that nobody knows counts as its middle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.linking.sounds import SOUNDS


@dataclass(frozen=True, slots=True)
class Sign:
    name: str
    middle: float
    spread: float
    chooses: float | None
    """What is believed of it when records are compared; None: not asked."""
    assures: float | None
    """What is believed of it when the chosen one is judged; None: not asked."""


# fmt: off
SIGNS = (
    # the match, as the search saw it
    Sign("matched",       0.55, 0.18, 0.3,  0.3),
    Sign("coverage",      0.35, 0.16, 0.0,  0.2),
    Sign("evidence",      0.25, 0.16, 0.0,  0.2),
    Sign("late",          0.55, 0.16, 0.3,  0.2),
    Sign("late_gap",      0.10, 0.16, 0.0,  0.0),
    Sign("cosine",        0.50, 0.16, 0.0,  None),
    Sign("gap",           0.20, 0.30, 0.0,  None),
    Sign("titled",        0.20, 0.20, 0.0,  None),
    Sign("title_asked",   0.25, 0.25, 0.0,  0.0),
    Sign("unknown",       0.40, 0.20, None, 0.0),
    Sign("searched",      0.40, 0.25, 0.3,  0.0),   # the probability that the search gave it
    Sign("first",         0.50, 0.50, 0.5,  None),
    Sign("lead",          0.15, 0.25, None, 0.2),   # by how much it leads the next, as the search saw it
    Sign("choice",        0.70, 0.25, None, 0.3),   # its share among the candidates
    # facts about both
    Sign("message",       0.0,  0.30, 0.2,  0.2),   # what the program said stands in the record, or not
    Sign("code",          0.10, 0.30, 1.0,  0.4),
    Sign("same_system",   0.80, 0.40, 0.4,  0.1),
    Sign("other_system",  0.20, 0.40, None, -0.1),
    Sign("same_module",   0.45, 0.50, 0.4,  0.0),
    Sign("other_module",  0.10, 0.30, 0.0,  0.0),
    Sign("affected",      0.50, 0.50, 0.2,  0.2),
    Sign("older",         0.05, 0.20, 0.0,  0.0),
    Sign("fixed",         0.15, 0.35, 0.0,  -0.1),
    Sign("no_version",    0.10, 0.30, None, 0.0),
)
# fmt: on
_SOUNDING = tuple(Sign(f"sounds_{sound.name}", 0.15, 0.35, None, sound.weight) for sound in SOUNDS)

CHOOSING = tuple(sign for sign in SIGNS if sign.chooses is not None)
ASSURING = tuple(sign for sign in (*SIGNS, *_SOUNDING) if sign.assures is not None)


def standard(rows: Sequence[Mapping[str, float]], signs: Sequence[Sign]) -> NDArray[np.float64]:
    """rows × signs, each around 0 with a spread of about 1."""
    found = [[(row.get(one.name, one.middle) - one.middle) / one.spread for one in signs] for row in rows]
    return np.array(found, dtype=np.float64).reshape(len(rows), len(signs))


def believed(signs: Sequence[Sign], *, choosing: bool) -> NDArray[np.float64]:
    return np.array([(sign.chooses if choosing else sign.assures) or 0.0 for sign in signs])
