"""A share with its 95 % interval, so that few cases are never taken for many. Pure.

Here because the lowest floor that judges by shares is the knowledge base's upkeep; the manager's figures
(``portal.insight.estimates``) add counts, means, medians and differences.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z = 1.959964


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
    middle = p + Z * Z / (2 * n)
    spread = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    low, high = max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
    return Estimate(p, low, high, int(n))
