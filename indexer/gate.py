"""May what was learned take the place of what serves? Both measured on the same held-out judgements.

Pure arithmetic. Invariant: nothing passes that is worse on what it was not learned from, in its promises
(log loss), in their honesty (calibration error) or in what it shows as trustworthy (precision).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from indexer.metrics import calibration_error, mean

HONEST = 0.05
"""A calibration error that is good enough: below it, differences are chance."""
HELD_OUT = 4
"""One judgement of so many, the newest, is kept apart for the comparison."""
LEAST_APART = 20
_EDGE = 1e-6
Judgement = TypeVar("Judgement")


@dataclass(frozen=True, slots=True)
class Measured:
    pairs: int
    log_loss: float
    calibration_error: float
    shown: int
    """How many were shown as trustworthy (or linked) …"""
    precision: float
    """… and the share of those that was right; 1 when none was shown."""


def measured(chances: Sequence[float], truths: Sequence[bool], shown: Sequence[bool]) -> Measured:
    trusted = [truth for truth, is_shown in zip(truths, shown, strict=True) if is_shown]
    return Measured(
        pairs=len(truths),
        log_loss=mean([_missed(chance, truth) for chance, truth in zip(chances, truths, strict=True)]),
        calibration_error=calibration_error(chances, truths),
        shown=len(trusted),
        precision=mean([float(truth) for truth in trusted]) if trusted else 1.0,
    )


def _missed(chance: float, truth: bool) -> float:
    return -math.log(min(max(chance if truth else 1.0 - chance, _EDGE), 1.0))


def beats(new: Measured, old: Measured, *, wanted: float) -> bool:
    """``wanted`` is the precision that is promised: beyond it, more shown may cost a little."""
    return (
        new.pairs >= LEAST_APART
        and new.log_loss < old.log_loss
        and new.calibration_error <= max(old.calibration_error, HONEST)
        and new.precision >= min(old.precision, wanted)
    )


def apart(judged: Sequence[Judgement]) -> tuple[Sequence[Judgement], Sequence[Judgement]]:
    """What is learned from, and the newest part that is not; judgements come oldest first."""
    cut = len(judged) - len(judged) // HELD_OUT
    return judged[:cut], judged[cut:]
