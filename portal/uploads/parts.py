"""Working an import off in parts, so that no request and no lock lasts long.

``carry_on`` does the next part of whatever phase is on: the page that shows the progress asks for it, and
the worker does when nobody looks. Nothing commits here; a part that fails whole is done again.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kb.columns import now
from kb.flow import Refused
from kb.importing.outcome import BadFile, Fate
from portal.config import Settings
from portal.people import audit
from portal.uploads.bringing import Bringer
from portal.uploads.job import SUBJECT, fail
from portal.uploads.models import Import, ImportItem, Phase, Stage
from portal.uploads.staging import drop
from portal.uploads.standing import counted

DONE_AT_ONCE = 25


def carry_on(session: Session, row: Import, settings: Settings, *, bringer: Bringer) -> None:
    """Do the next part of the phase that is on; when none is left, enter the next phase."""
    session.refresh(row, ["phase"], with_for_update=True)
    try:
        if row.phase in (Phase.RUNNING, Phase.LINKING):
            bringer.check(row.by)
            _write_part(session, row, settings, bringer)
        elif row.phase == Phase.UNDOING:
            _undo_part(session, row, settings, bringer)
    except BadFile as fault:
        fail(session, row, str(fault), settings)


def _next_part(session: Session, row: Import) -> list[ImportItem]:
    wanted = select(ImportItem).where(ImportItem.import_id == row.id)
    if row.phase == Phase.RUNNING:
        wanted = wanted.where(
            ImportItem.stage == Stage.WAITING, ImportItem.fate.in_((Fate.NEW, Fate.CHANGED))
        )
    elif row.phase == Phase.LINKING:
        wanted = wanted.where(ImportItem.stage == Stage.DONE, ImportItem.links.is_(True))
    else:
        wanted = wanted.where(ImportItem.stage == Stage.DONE)
    backwards = row.phase == Phase.UNDOING  # what came later may point at what came before
    order = ImportItem.turn.desc() if backwards else ImportItem.turn
    return list(session.scalars(wanted.order_by(order).limit(DONE_AT_ONCE)))


def _write_part(session: Session, row: Import, settings: Settings, bringer: Bringer) -> None:
    part = _next_part(session, row)
    if part:
        bringer.write(session, row, part, settings)
    _moved(session, row)
    if len(part) < DONE_AT_ONCE:
        _finish(session, row, settings)


def _undo_part(session: Session, row: Import, settings: Settings, bringer: Bringer) -> None:
    part = _next_part(session, row)
    for item in part:
        try:
            with session.begin_nested():
                bringer.take_back(session, row, item)
        except Refused as refusal:
            item.stage, item.sentence = Stage.KEPT, str(refusal)
        except IntegrityError:
            item.stage, item.sentence = Stage.KEPT, bringer.in_use
        else:
            item.stage = Stage.UNDONE
    _moved(session, row)
    if len(part) < DONE_AT_ONCE:
        _finish(session, row, settings)


def _moved(session: Session, row: Import) -> None:
    row.moved_at = now(session)
    session.flush()


def _finish(session: Session, row: Import, settings: Settings) -> None:
    ended = row.phase
    row.phase = {Phase.RUNNING: Phase.LINKING, Phase.LINKING: Phase.DONE, Phase.UNDOING: Phase.UNDONE}[ended]
    session.flush()
    if ended == Phase.RUNNING and not _next_part(session, row):
        _finish(session, row, settings)
    elif ended != Phase.RUNNING:
        if ended == Phase.LINKING:
            row.ended_at = now(session)
        drop(session, row, settings)
        stages = {stage.value: count for (_, stage), count in counted(session, row).items()}
        done = "done" if ended == Phase.LINKING else "undone"
        audit.record(session, done, SUBJECT, subject_id=row.id, by=row.by, **stages)
