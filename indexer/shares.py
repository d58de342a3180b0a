"""What a share that was counted on few cases is worth: the bounds of Wilson (1927). Pure.

``wilson_interval`` says between which values the true share lies, ``wilson_lower`` which one it surely
reaches; they differ in their usual surety, because the one has two ends to be wrong at and the other one.
"""

import math

TWO_SIDED = 1.959964
"""95 % between two ends."""
ONE_SIDED = 1.645
"""95 % above one."""


def wilson_interval(share: float, n: float, *, surety: float = TWO_SIDED) -> tuple[float, float]:
    """Between which values a share lies that was found among ``n`` > 0; ``n`` need not be a whole number."""
    centre = share + surety * surety / (2 * n)
    spread = surety * math.sqrt(share * (1 - share) / n + surety * surety / (4 * n * n))
    whole = 1 + surety * surety / n
    return (centre - spread) / whole, (centre + spread) / whole


def wilson_lower(right: int, shown: int, *, surety: float = ONE_SIDED) -> float:
    """The precision that is surely reached, given this many right among the shown."""
    return wilson_interval(right / shown, shown, surety=surety)[0] if shown else 0.0
