"""What is counted before a key problem may be closed: has it been quiet where the fix runs? Pure.

Counted in the floor above, which knows units and tickets; the number of days stands in ``flow``. The
invariant: where nobody runs the fix there is nothing to be seen, so nothing is proved.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from defects.flow import QUIET_DAYS


@dataclass(frozen=True, slots=True)
class Proof:
    """``units``: those whose version is known, ``reached`` of them run the fix; ``tickets``: from those
    since the fix; ``days`` have passed since the fix or since the last of these tickets."""

    fixed_on: date | None
    days: int
    units: int
    reached: int
    tickets: int
    last_on: date | None = None

    @property
    def holds(self) -> bool:
        """A desk that keeps no versions is asked for the days alone."""
        return self.fixed_on is not None and self.days >= QUIET_DAYS and bool(self.reached or not self.units)

    @property
    def missing_days(self) -> int:
        return max(0, QUIET_DAYS - self.days)

    def told(self) -> dict[str, Any]:
        """As it is kept with the move."""
        days = {name: day.isoformat() if day else None for name, day in self._dates()}
        return {**asdict(self), **days, "needed": QUIET_DAYS}

    def _dates(self) -> tuple[tuple[str, date | None], ...]:
        return ("fixed_on", self.fixed_on), ("last_on", self.last_on)
