"""Where a unit stands with a defect, from the version it runs. Pure.

The invariant: without a version, or without a record of affected and fixed versions, the answer is
「unknown」, never a guess.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from defects.signatures import runs_fix, version_key
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
    """``running`` is the version of the unit, ``affected`` the versions known to have the defect."""
    if not running or not version_key(running):
        return Standing.UNKNOWN
    if runs_fix(running, fixed_in):
        return Standing.FIXED
    known = [version_key(version) for version in affected if version_key(version)]
    here = version_key(running)
    if here in known:
        return Standing.AFFECTED
    if known and here < min(known):
        return Standing.CLEAR
    return Standing.AFFECTED if fixed_in or (known and here < max(known)) else Standing.UNKNOWN
