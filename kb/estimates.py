"""A share with its 95 % interval, so that few cases are never taken for many. Pure.

Here because the lowest floor that judges by shares is the knowledge base's upkeep; the arithmetic is
``indexer.shares``', and the manager's figures (``portal.insight.estimates``) add counts, means, medians and
differences.
"""

from __future__ import annotations

from dataclasses import dataclass

from indexer.shares import TWO_SIDED as Z
from indexer.shares import wilson_interval

__all__ = ["Estimate", "Z", "rate", "share"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, its 95 % interval and the number of observations it rests on."""

    value: float
    low: float
    high: float
    n: int


def rate(hits: int, n: int) -> Estimate | None:
    """Share with Wilson's interval (Wilson 1927); nothing of nothing is no rate."""
    return share(hits / n, n) if n > 0 else None


def share(p: float, n: float) -> Estimate:
    """The same for a share that is known with ``n`` observations' worth, which need not be a whole number."""
    low, high = wilson_interval(p, n)
    return Estimate(p, max(0.0, low), min(1.0, high), int(n))
