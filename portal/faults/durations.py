"""How long an outage took, from its first report to the last reporter told. Pure; minutes round the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from indexer.words import N_
from portal.faults.models import FaultEvent


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one moment to the next; ``minutes`` is None while it has not ended."""

    name: str
    label: str
    since: datetime | None
    until: datetime | None

    @property
    def minutes(self) -> int | None:
        if self.since is None or self.until is None:
            return None
        return max(0, int((self.until - self.since).total_seconds() // 60))


def stretches_of(fault: FaultEvent) -> tuple[Stretch, ...]:
    """Detected → declared → recovered → verified → told, and the whole."""
    detected = fault.detected_at or fault.opened_at
    return (
        Stretch("declared", N_("发现到判定"), detected, fault.declared_at),
        Stretch("recovered", N_("判定到恢复"), fault.declared_at, fault.recovered_at),
        Stretch("verified", N_("恢复到验证"), fault.recovered_at, fault.verified_at),
        Stretch("told", N_("验证到告知"), fault.verified_at, fault.told_at),
        Stretch("whole", N_("发现到告知"), detected, fault.told_at),
    )
