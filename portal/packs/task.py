"""One item of a pack in the hands of whoever takes it, and what is written down once it is here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from indexer.words import N_
from portal.packs import ties
from portal.packs.archive import Archive
from portal.packs.checking import Here, beside
from portal.packs.models import Pack, PackItem
from portal.packs.places import Places
from portal.packs.schema import Item
from portal.packs.words import Choice
from portal.people.models import Person


@dataclass(frozen=True, slots=True)
class Task:
    """One item of one pack, for whoever takes it; ``here`` is what is here of it now."""

    session: Session
    pack: Pack
    row: PackItem
    item: Item
    here: Here | None
    places: Places
    archive: Archive
    by: Person
    uploads: Path
    limit_mb: int
    locked: bool = False

    @property
    def note(self) -> str:
        return N_("来自%(desk)s的资料包 %(serial)s") % {
            "desk": self.pack.desk_name,
            "serial": self.pack.serial,
        }


@dataclass(frozen=True, slots=True)
class Ways:
    """How things of one kind are taken: one that is gone over there, one laid beside ours, one that is new
    here, one that is here already."""

    gone: Callable[[Task], None]
    beside: Callable[[Task], None]
    new: Callable[[Task], None]
    known: Callable[[Task, Any], None]

    def take(self, task: Task) -> None:
        if task.item.content is None:
            self.gone(task)
        elif task.row.chosen == Choice.BESIDE:
            self.beside(task)
        elif (row := here_of(task)) is None:
            self.new(task)
        else:
            self.known(task, row)


def here_of(task: Task) -> Any:
    """What is here of it, be it something that an undone taking has left; None when there is nothing."""
    if task.here is not None:
        return task.here.row
    kind, ident = task.item.kind, task.item.ident
    desk = ties.this_desk(task.session).desk
    number = ties.subjects_of(task.session, kind, [ident], desk=desk).get(ident)
    return task.session.get(ties.MODELS[kind], number) if number else None


def write_on_line(task: Task, here: Here, *, content: str) -> None:
    task.row.before = {**task.row.before, "tie": tie_before(here)}
    item = task.item
    ties.agree(
        task.session,
        item.kind,
        here.row.id,
        ident=item.ident,
        versions=(*here.state.line, *item.line, item.version),
        content=content,
    )


def tie_before(here: Here | None) -> list[object] | None:
    """The tie as it was, for taking back."""
    return [list(here.tie.line), here.tie.agreed] if here is not None and here.tie is not None else None


def taken(task: Task, subject_id: int, *, created: bool = False) -> None:
    """Written down once it is here: the line goes on from both sides' versions."""
    item, here = task.item, task.here
    ours = (*here.state.line, here.state.version) if here is not None else ()
    task.row.before = {**task.row.before, "tie": tie_before(here), "created": created}
    task.row.subject_id = subject_id
    versions = (*ours, *item.line, item.version)
    ties.agree(task.session, item.kind, subject_id, ident=item.ident, versions=versions, content="")
    settled(task)


def settled(task: Task) -> None:
    """What it says here now is what both sides agreed on, and what taking back expects to find."""
    item = task.item
    task.session.flush()
    held = beside(task.session, item.kind, [item.ident])[item.ident]
    ties.agree(
        task.session, item.kind, held.row.id, ident=item.ident, versions=(item.version,), content=held.seen
    )
    task.row.after = held.seen
    task.row.before = {**task.row.before, "left": held.row.state.value}


def as_it_was_left(task: Task) -> bool:
    """Has nobody touched it since it was taken?"""
    here = task.here
    return (
        here is not None and here.seen == task.row.after and here.row.state.value == task.row.before["left"]
    )
