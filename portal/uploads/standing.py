"""How far imports have come: whose, what met which fate, what lies forgotten. Mostly reading."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session, joinedload

from indexer.words import N_
from kb.flow import Refused
from kb.importing.outcome import Fate
from portal.config import Settings
from portal.people.models import Person
from portal.uploads.models import MOVING, Import, ImportItem, Kind, Phase, Stage
from portal.uploads.staging import drop

#: When nobody's page has asked for the next part for so long, the worker does it.
LEFT_ALONE = timedelta(seconds=20)
FORGOTTEN = timedelta(days=2)
NEVER = (Phase.READING, Phase.PREVIEWED, Phase.FAILED)

WHOLE = (joinedload(ImportItem.article), joinedload(ImportItem.defect))

Counts = dict[tuple[Fate, Stage], int]


def import_of(session: Session, person: Person, number: int, *, kind: Kind) -> Import | None:
    """Somebody's own import of this kind; nobody else's."""
    mine = select(Import).where(Import.by_id == person.id, Import.kind == kind)
    return session.scalar(mine.where(Import.id == number))


def recent(session: Session, person: Person, *, kind: Kind, limit: int = 20) -> list[Import]:
    """What somebody has brought in lately, newest first."""
    mine = select(Import).where(Import.by_id == person.id, Import.kind == kind)
    return list(session.scalars(mine.order_by(Import.id.desc()).limit(limit)))


def counted(session: Session, row: Import) -> Counts:
    """How many things met which fate and how far they came; one query."""
    columns = (ImportItem.fate, ImportItem.stage)
    rows = session.execute(
        select(*columns, func.count()).where(ImportItem.import_id == row.id).group_by(*columns)
    )
    return {(fate, stage): count for fate, stage, count in rows}


def items_of(session: Session, row: Import, *, limit: int, offset: int = 0) -> list[ImportItem]:
    """A page of what it brings: what did not go first, then what has something to say."""
    late = case((ImportItem.fate == Fate.UNCHANGED, 1), else_=0)
    wanted = select(ImportItem).where(ImportItem.import_id == row.id)
    wanted = wanted.order_by(ImportItem.sentence == "", late, ImportItem.turn)
    return list(session.scalars(wanted.options(*WHOLE).limit(limit).offset(offset)))


def item_of(session: Session, row: Import, turn: int) -> ImportItem | None:
    return session.get(ImportItem, (row.id, turn))


def to_read(session: Session) -> int | None:
    """The next upload that nobody has read yet."""
    waiting = select(Import.id).where(Import.phase == Phase.READING)
    return session.scalar(waiting.order_by(Import.moved_at, Import.id).limit(1))


def left_alone(session: Session, moment: datetime) -> Import | None:
    """An import in progress whose page nobody keeps open; locked, so that two workers don't take the same."""
    phases = [phase for phase in MOVING if phase != Phase.READING]
    waiting = select(Import).where(Import.phase.in_(phases), Import.moved_at <= moment - LEFT_ALONE)
    locked = waiting.order_by(Import.id).limit(1).with_for_update(skip_locked=True, of=Import)
    return session.scalars(locked).first()


def all_of(session: Session, row: Import) -> Iterator[ImportItem]:
    """Everything that it brings, in order."""
    wanted = select(ImportItem).where(ImportItem.import_id == row.id).order_by(ImportItem.turn)
    yield from session.scalars(wanted.options(*WHOLE).execution_options(yield_per=200))


def forget(session: Session, row: Import, settings: Settings) -> None:
    """Drop an upload that was never confirmed; raises :class:`Refused` for any other."""
    if row.phase not in NEVER:
        raise Refused(N_("这次导入已经执行，不能放弃，只能撤销。"))
    drop(session, row, settings)
    clear(session, row)
    session.delete(row)
    session.flush()


def clear(session: Session, row: Import) -> None:
    """Take the preview away."""
    session.execute(delete(ImportItem).where(ImportItem.import_id == row.id))
    session.flush()


def forget_unused(session: Session, settings: Settings, moment: datetime) -> int:
    """Drop what was uploaded and never confirmed; returns how many."""
    stale = select(Import).where(Import.phase.in_(NEVER), Import.moved_at <= moment - FORGOTTEN)
    unused = list(session.scalars(stale))
    for row in unused:
        forget(session, row, settings)
    return len(unused)
