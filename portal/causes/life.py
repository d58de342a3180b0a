"""One step of a record's life for a person, whoever asks: page and API take the same way.

The table of steps is ``defects.flow``; here is only what a step takes along in the floor above: tickets when
records are merged or parted, figures when a key problem is closed.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from defects import moves
from defects.flow import DefectAction, DefectState
from defects.models import Defect, DefectMove
from portal.causes.keys.proof import proof_of
from portal.causes.merging import records
from portal.people.duties import defect_duties
from portal.people.models import Person


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gives along; ``seen`` is the version they were looking at, ``into`` what survives."""

    note: str = ""
    seen: int | None = None
    cause: str = ""
    fixed_in: str = ""
    evidence: str = ""
    into: Defect | None = None


NOTHING = Given()


def move(
    session: Session, defect: Defect, action: DefectAction, *, by: Person, given: Given = NOTHING
) -> DefectMove:
    """Take the step, with all that it means for others."""
    duties = defect_duties(by)
    if action == DefectAction.MERGE and given.into is not None:
        return records.merge(session, defect, given.into, by=by, duties=duties, note=given.note)
    if action == DefectAction.REOPEN and defect.state == DefectState.DUPLICATE and given.note.strip():
        return records.part(session, defect, by=by, duties=duties, note=given.note)
    closing = action == DefectAction.CLOSE and defect.key
    return moves.move(
        session,
        defect,
        action,
        by=by.id,
        duties=duties,
        note=given.note,
        seen=given.seen,
        cause=given.cause,
        fixed_in=given.fixed_in,
        evidence=given.evidence,
        proof=proof_of(session, defect) if closing else None,
    )
