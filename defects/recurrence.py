"""Recurrence: a fixed defect is met again where the fix already runs. Then the fix did not hold.

A unit that still runs an affected version proves nothing, and neither does a report from before the fix:
those tickets are what the fix was waited for. Which version ran there, and when an alarm is raised, the
floor above says.
The invariant: only a verified or closed record recurs, the system alone says so, and what was a false alarm
can be taken back as long as nobody has gone on with the record.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from defects.flow import DefectAction, DefectDuty, DefectState
from defects.models import Defect, DefectMove
from defects.moves import move
from defects.signatures import runs_fix
from kb.flow import Refused

GONE = frozenset({DefectState.VERIFIED, DefectState.CLOSED})


def outlives_fix(defect: Defect, running: str | None, *, at: datetime) -> bool:
    """Was this reported after the fix, from where the fix runs? Whatever the record's state is now."""
    after = defect.fixed_at is not None and at > defect.fixed_at
    return after and runs_fix(running, defect.fixed_in)


def recurs(defect: Defect, running: str | None, *, at: datetime) -> bool:
    """Does a report made at this moment, where ``running`` runs, say that the root cause is not gone?"""
    return defect.state in GONE and outlives_fix(defect, running, at=at)


def recur(session: Session, defect: Defect, *, note: str) -> DefectMove:
    """Count it and open the record again."""
    return move(session, defect, DefectAction.RECUR, by=None, duties={DefectDuty.SYSTEM}, note=note)


def retract(session: Session, defect: Defect, recurred: DefectMove, *, by: int | None, note: str) -> bool:
    """Take a recurrence back that was none; False when somebody has gone on with the record since."""
    if not defect.moves or defect.moves[-1].id != recurred.id:
        return False
    was = recurred.start
    move(session, defect, DefectAction.RETRACT, by=by, duties={DefectDuty.SYSTEM}, note=note)
    defect.recurrences = max(0, defect.recurrences - 1)
    if was == DefectState.CLOSED:
        _close_again(session, defect, by=by, note=note)
    session.flush()
    return True


def _close_again(session: Session, defect: Defect, *, by: int | None, note: str) -> None:
    """It was closed before; where closing has come to ask for more since, it stays verified."""
    try:
        move(session, defect, DefectAction.CLOSE, by=by, duties={DefectDuty.CURATE}, note=note)
    except Refused:
        return
