"""Where a unit stands with a defect, from the version it runs. Pure.

The invariant: without a version, or without a record of affected and fixed versions, the answer is
「unknown」, never a guess.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from defects.versions import runs_fix, spans_of, version_key
from indexer.words import N_


class Standing(StrEnum):
    FIXED = "fixed"
    AFFECTED = "affected"
    CLEAR = "clear"
    UNKNOWN = "unknown"


STANDING_LABELS = {
    Standing.FIXED: N_("已用上修复版本"),
    Standing.AFFECTED: N_("仍受影响"),
    Standing.CLEAR: N_("版本较早，未引入"),
    Standing.UNKNOWN: N_("是否受影响不明"),
}


def standing_of(running: str | None, *, fixed_in: str | None, affected: Collection[str]) -> Standing:
    """``running`` is the version of the unit, ``affected`` the versions known to have the defect.

    A version after the fix that is named as affected says that the defect came back there.
    """
    here = version_key(running or "")
    if not here:
        return Standing.UNKNOWN
    spans = spans_of(affected)
    if runs_fix(running, fixed_in):
        came_back = any(span.holds(here) and span.is_above(version_key(fixed_in or "")) for span in spans)
        return Standing.AFFECTED if came_back else Standing.FIXED
    if any(span.holds(here) for span in spans):
        return Standing.AFFECTED
    if spans and all(span.is_above(here) for span in spans):
        return Standing.CLEAR
    between = bool(spans) and not all(span.is_below(here) for span in spans)
    return Standing.AFFECTED if fixed_in or between else Standing.UNKNOWN
