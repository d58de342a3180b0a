"""Recurrence: a fixed defect is met again where the fix already runs. Then the fix did not hold.

A unit that still runs an affected version proves nothing, and neither does a report from before the fix:
those tickets are what the fix was waited for.
The invariant: only a verified or closed record recurs, and the system alone says so.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from defects.flow import DefectAction, DefectDuty, DefectState
from defects.library import move
from defects.models import Defect, DefectMove
from defects.signatures import runs_fix

GONE = frozenset({DefectState.VERIFIED, DefectState.CLOSED})


def recurs(defect: Defect, running: str | None, *, at: datetime) -> bool:
    """Does a report made at this moment, where ``running`` runs, say that the root cause is not gone?"""
    after = defect.fixed_at is not None and at > defect.fixed_at
    return after and defect.state in GONE and runs_fix(running, defect.fixed_in)


def recur(session: Session, defect: Defect, *, note: str) -> DefectMove:
    """Count it and open the record again."""
    return move(session, defect, DefectAction.RECUR, by=None, duties={DefectDuty.SYSTEM}, note=note)
