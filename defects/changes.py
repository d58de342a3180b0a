"""The history of what a record says: each saving keeps what it changed, from what to what, by whom and why.

Here are no verbs that change a record: ``library`` and ``moves`` write these rows, and restoring is one more
change. The invariant: nothing is taken out of the history; what was undone stands in it twice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from defects.models import Defect, DefectChange, DefectMove, DefectNote, DefectType
from defects.texts import DefectText, text_of
from kb.columns import now


def differing(before: DefectText, after: DefectText) -> dict[str, list[Any]]:
    """field → [before, after] of every field that is no longer the same."""
    said = asdict(before)
    told = {name: [_stored(said[name]), _stored(value)] for name, value in asdict(after).items()}
    return {name: pair for name, pair in told.items() if pair[0] != pair[1]}


def _stored(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, (list, tuple)) else value


def as_said(field: str, value: Any) -> Any:
    """A value out of the history as the record takes it."""
    if field == "type":
        return DefectType(value)
    if field == "due_on":
        return date.fromisoformat(value) if value else None
    return tuple(value) if isinstance(value, list) else value


def write_down(
    session: Session,
    defect: Defect,
    before: DefectText,
    *,
    by: int | None,
    reason: str = "",
    restores: DefectChange | None = None,
) -> DefectChange | None:
    """Keep what was changed since ``before``; nothing when nothing was."""
    fields = differing(before, text_of(defect))
    if not fields:
        return None
    row = DefectChange(
        defect_id=defect.id,
        by_id=by,
        at=now(session),
        reason=reason.strip(),
        fields=fields,
        restores_id=restores.id if restores else None,
    )
    session.add(row)
    session.flush()
    return row


# ── reading it ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a record's history: a move, a change of its words, or a word on how it goes."""

    move: DefectMove | None = None
    change: DefectChange | None = None
    note: DefectNote | None = None

    @property
    def row(self) -> DefectMove | DefectChange | DefectNote:
        row = self.move or self.change or self.note
        assert row is not None
        return row


def changes_of(defect: Defect) -> Select[DefectChange]:
    """Newest first."""
    wanted = select(DefectChange).where(DefectChange.defect_id == defect.id)
    return wanted.order_by(DefectChange.id.desc())


def notes_of(defect: Defect) -> Select[DefectNote]:
    """Newest first."""
    return select(DefectNote).where(DefectNote.defect_id == defect.id).order_by(DefectNote.id.desc())


def history(session: Session, defect: Defect, *, limit: int, offset: int = 0) -> list[Entry]:
    """Moves, changes and notes of a record in one line, newest first; three queries."""
    reach = limit + offset
    moves = select(DefectMove).where(DefectMove.defect_id == defect.id).order_by(DefectMove.id.desc())
    entries = [
        *(Entry(move=row) for row in session.scalars(moves.limit(reach))),
        *(Entry(change=row) for row in session.scalars(changes_of(defect).limit(reach))),
        *(Entry(note=row) for row in session.scalars(notes_of(defect).limit(reach))),
    ]
    entries.sort(key=lambda entry: (entry.row.at, entry.row.id), reverse=True)
    return entries[offset:reach]


def length_of(session: Session, defect: Defect) -> int:
    """How many lines the history has."""
    return sum(
        session.scalar(select(func.count()).select_from(kind).where(kind.defect_id == defect.id)) or 0
        for kind in (DefectMove, DefectChange, DefectNote)
    )
