"""Did it really shrink? How often something was asked in vain before and after, with a 95 % interval. Pure.

Two Poisson counts over known stretches of time: given their sum, the later one is binomial, so that the
interval of the ratio is exact (Clopper and Pearson 1934; Przyborowski and Wilenski 1940). It compares
before and after and nothing else: that people ask less of everything in a holiday shows here, too. The
invariant: a verdict other than “too early” leaves chance out at 95 %, or says that it can't.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import exp, inf, lgamma, log

from indexer.words import N_

#: A fortnight, and five askings that would have been expected: less says nothing.
LEAST_DAYS = 14.0
LEAST_EXPECTED = 5.0
TAIL = 0.025
HALVINGS = 60


class Verdict(StrEnum):
    TOO_EARLY = "too_early"
    SHRANK = "shrank"
    GREW = "grew"
    LEVEL = "level"


VERDICT_LABELS = {
    Verdict.TOO_EARLY: N_("还太早，说不准"),
    Verdict.SHRANK: N_("确实少了"),
    Verdict.GREW: N_("反而多了"),
    Verdict.LEVEL: N_("看不出变化"),
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """So many askings within so many days."""

    count: int
    days: float

    @property
    def weekly(self) -> float:
        return 7.0 * self.count / self.days if self.days > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """The rate after as a share of the rate before, with its interval."""

    before: Stretch
    after: Stretch
    ratio: float | None
    low: float
    high: float
    verdict: Verdict

    @property
    def less(self) -> tuple[float, float, float] | None:
        """So much less, as a share: the estimate, and the interval from the least to the most."""
        return None if self.ratio is None else (1 - self.ratio, 1 - self.high, 1 - self.low)


def compared(before: Stretch, after: Stretch) -> Shrinkage:
    """What the two stretches tell."""
    if before.days <= 0 or after.days <= 0:
        return Shrinkage(before, after, None, 0.0, inf, Verdict.TOO_EARLY)
    ratio = (after.count / after.days) / (before.count / before.days) if before.count else None
    low, high = _ratio_interval(before, after)
    return Shrinkage(before, after, ratio, low, high, _verdict(before, after, low, high))


def _verdict(before: Stretch, after: Stretch, low: float, high: float) -> Verdict:
    expected = before.count / before.days * after.days
    if after.days < LEAST_DAYS or max(expected, after.count) < LEAST_EXPECTED:
        return Verdict.TOO_EARLY
    if high < 1.0:
        return Verdict.SHRANK
    return Verdict.GREW if low > 1.0 else Verdict.LEVEL


def _ratio_interval(before: Stretch, after: Stretch) -> tuple[float, float]:
    total = before.count + after.count
    scale = before.days / after.days
    low = _bound(after.count, total, upper=False)
    high = _bound(after.count, total, upper=True)
    return low / (1 - low) * scale if low < 1 else inf, high / (1 - high) * scale if high < 1 else inf


def _bound(k: int, n: int, *, upper: bool) -> float:
    """The Clopper–Pearson bound of a share, found by halving."""
    if (upper and k == n) or (not upper and k == 0):
        return 1.0 if upper else 0.0
    below, above = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (below + above) / 2
        tail = _at_most(k, n, middle) if upper else 1.0 - _at_most(k - 1, n, middle)
        # The chance of so few falls with the share, that of so many rises with it.
        if (tail > TAIL) == upper:
            below = middle
        else:
            above = middle
    return (below + above) / 2


def _at_most(k: int, n: int, p: float) -> float:
    """P(X ≤ k) of a binomial."""
    if p <= 0.0:
        return 1.0
    if p >= 1.0:
        return 1.0 if k >= n else 0.0
    return min(1.0, sum(_chance(i, n, p) for i in range(k + 1)))


def _chance(i: int, n: int, p: float) -> float:
    choose = lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1)
    return exp(choose + i * log(p) + (n - i) * log(1 - p))
