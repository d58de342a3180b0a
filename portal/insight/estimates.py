"""Estimates with their 95 % intervals, and whether two of them differ. Pure.

A manager must not be told "worse" when the difference is chance. Rates carry Wilson's interval, counts
Byar's approximation of the Poisson interval, means the normal one, medians that of the order statistics;
differences are judged by combining both intervals (Newcombe 1998; Donner and Zou 2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import ceil, floor, sqrt

from kb.estimates import Estimate, Z, rate, share

__all__ = ["Course", "Estimate", "Z", "count", "course", "difference", "mean", "median", "rate", "share"]


class Course(StrEnum):
    """Which way a figure went, as far as the numbers can tell."""

    UP = "up"
    DOWN = "down"
    LEVEL = "level"
    UNKNOWN = "unknown"


def count(k: int) -> Estimate:
    """A count with the interval of the Poisson rate behind it (Byar's approximation)."""
    low = k * (1 - 1 / (9 * k) - Z / (3 * sqrt(k))) ** 3 if k else 0.0
    high = (k + 1) * (1 - 1 / (9 * (k + 1)) + Z / (3 * sqrt(k + 1))) ** 3
    return Estimate(float(k), max(0.0, low), high, k)


def mean(n: int, total: float, squares: float) -> Estimate | None:
    """Mean from the sums that SQL returns; one observation has no spread and so no interval to speak of."""
    if n <= 0:
        return None
    middle = total / n
    variance = max(0.0, (squares - n * middle * middle) / (n - 1)) if n > 1 else 0.0
    spread = Z * sqrt(variance / n)
    return Estimate(middle, middle - spread, middle + spread, n)


def median(values: Sequence[float]) -> Estimate | None:
    """Median with the distribution-free interval between two order statistics."""
    if not values:
        return None
    ordered, n = sorted(values), len(values)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    spread = Z * sqrt(n) / 2
    low, high = max(0, floor(n / 2 - spread) - 1), min(n - 1, ceil(n / 2 + spread))
    return Estimate(middle, ordered[low], ordered[high], n)


def difference(now: Estimate, before: Estimate) -> Estimate:
    """``now − before`` with the interval made of both."""
    gap = now.value - before.value
    low = gap - sqrt((now.value - now.low) ** 2 + (before.high - before.value) ** 2)
    high = gap + sqrt((now.high - now.value) ** 2 + (before.value - before.low) ** 2)
    return Estimate(gap, low, high, now.n + before.n)


def course(now: Estimate | None, before: Estimate | None) -> Course:
    """Up or down only when the interval of the difference leaves zero out."""
    if now is None or before is None:
        return Course.UNKNOWN
    gap = difference(now, before)
    if gap.low > 0:
        return Course.UP
    return Course.DOWN if gap.high < 0 else Course.LEVEL
