"""Working a received pack off in parts, so that no request and no lock lasts long.

``carry_on`` does the next part of the phase that is on: the page that shows the progress asks for it, the
worker does when nobody looks, a command goes on until nothing moves. Every item has a savepoint of its own,
and its fate and sentence are kept. Nothing commits here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.config import Settings
from portal.packs import article_takes, manifest, taking, undoing
from portal.packs.archive import Archive
from portal.packs.checking import beside, check_part, item_from, told
from portal.packs.models import Pack, PackItem
from portal.packs.places import Places, known
from portal.packs.receiving import SUBJECT, path_of
from portal.packs.task import Task
from portal.packs.words import MOVING, Choice, Fate, Kind, Phase
from portal.people import audit
from portal.people.models import Person

CHECKED_AT_ONCE = 100
DONE_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Bench:
    """Where packs and files lie, and what a file may be: as the settings say."""

    folder: Path
    uploads: Path
    limit_mb: int
    locked: bool

    @classmethod
    def of(cls, settings: Settings) -> Bench:
        return cls(
            settings.data_dir, settings.upload_dir, settings.upload_limit_mb, bool(settings.virus_scan)
        )


def carry_on(session: Session, pack: Pack, bench: Bench) -> None:
    """Do the next part of the phase that is on; when none is left, enter the next phase."""
    session.refresh(pack, ["phase"], with_for_update=True)
    if pack.phase not in MOVING:
        return
    wanted, at_once, work = WORK[pack.phase]
    part = session.scalars(wanted(pack).where(PackItem.pack_id == pack.id).limit(at_once)).all()
    if part:
        work(session, pack, part, bench)
    pack.moved_at = now(session)
    session.flush()
    if len(part) < at_once:
        _finish(session, pack)


def _waiting(fate: Fate) -> Select[PackItem]:
    return select(PackItem).where(PackItem.fate == fate).order_by(PackItem.id)


def _to_link(_pack: Pack) -> Select[PackItem]:
    return select(PackItem).where(PackItem.waits, PackItem.fate == Fate.DONE).order_by(PackItem.id)


def _to_undo(_pack: Pack) -> Select[PackItem]:
    """What was taken last goes first: translations before their originals."""
    return select(PackItem).where(PackItem.fate == Fate.UNDOING).order_by(PackItem.id.desc())


def _check(session: Session, pack: Pack, part: Sequence[PackItem], _bench: Bench) -> None:
    check_part(session, pack, part)


def _run(session: Session, pack: Pack, part: Sequence[PackItem], bench: Bench) -> None:
    _each(session, pack, part, bench, taking.do, (Fate.DONE, Fate.FAILED))


def _link(session: Session, pack: Pack, part: Sequence[PackItem], bench: Bench) -> None:
    _each(session, pack, part, bench, article_takes.link, (Fate.DONE, Fate.DONE))
    for row in part:
        row.waits = False


def _undo(session: Session, pack: Pack, part: Sequence[PackItem], bench: Bench) -> None:
    _each(session, pack, part, bench, _taken_back, (Fate.UNDONE, Fate.KEPT))


def _taken_back(task: Task) -> None:
    if not taking.may_take(task.by, task.item.kind):
        raise Refused(N_("这一类内容要由别的岗位撤销。"))
    undoing.take_back(task)


def _each(
    session: Session,
    pack: Pack,
    part: Sequence[PackItem],
    bench: Bench,
    deed: Callable[[Task], None],
    fates: tuple[Fate, Fate],
) -> None:
    places = Places.of(pack, known(session))
    with manifest.opened(path_of(pack, bench.folder)) as found:
        for row in part:
            why = _tried(session, pack, row, deed, places=places, archive=found.archive, bench=bench)
            row.fate = fates[1] if why else fates[0]
            if why is not None:
                row.sentence, row.told = why.sentence, told(why.values)


def _tried(
    session: Session,
    pack: Pack,
    row: PackItem,
    deed: Callable[[Task], None],
    *,
    places: Places,
    archive: Archive,
    bench: Bench,
) -> Refused | None:
    """One item in a savepoint of its own; the sentence of a refusal."""
    row.sentence, row.told = "", {}
    session.flush()
    try:
        with session.begin_nested():
            deed(_task(session, pack, row, places=places, archive=archive, bench=bench))
            row.by_id = pack.runner_id
            session.flush()
    except Refused as refusal:
        return refusal
    except StaleDataError:
        return Refused(N_("同事刚刚改动了同一条，没有执行；请重新核对。"))
    return None


def _task(
    session: Session, pack: Pack, row: PackItem, *, places: Places, archive: Archive, bench: Bench
) -> Task:
    item = item_from(row)
    here = None if row.kind == Kind.SYNONYM else beside(session, row.kind, [row.ident]).get(row.ident)
    return Task(
        session=session,
        pack=pack,
        row=row,
        item=item,
        here=here,
        places=places,
        archive=archive,
        by=_runner(session, pack),
        uploads=bench.uploads,
        limit_mb=bench.limit_mb,
        locked=bench.locked,
    )


def _runner(session: Session, pack: Pack) -> Person:
    return session.get_one(Person, pack.runner_id or pack.by_id)


#: What each moving phase works on, how many at once, and how.
WORK: dict[
    Phase,
    tuple[
        Callable[[Pack], Select[PackItem]], int, Callable[[Session, Pack, Sequence[PackItem], Bench], None]
    ],
] = {
    Phase.CHECKING: (lambda _pack: _waiting(Fate.OPEN), CHECKED_AT_ONCE, _check),
    Phase.RUNNING: (lambda _pack: _waiting(Fate.CHOSEN), DONE_AT_ONCE, _run),
    Phase.LINKING: (_to_link, DONE_AT_ONCE, _link),
    Phase.UNDOING: (_to_undo, DONE_AT_ONCE, _undo),
}


def _finish(session: Session, pack: Pack) -> None:
    ended = pack.phase
    if ended == Phase.RUNNING:
        pack.phase = Phase.LINKING
        return
    if ended == Phase.CHECKING:
        pack.phase = Phase.DONE if _any(session, pack, PackItem.fate == Fate.DONE) else Phase.PREVIEWED
        return
    done = _any(session, pack, PackItem.fate == Fate.DONE)
    left = _any(session, pack, PackItem.fate == Fate.CHECKED, PackItem.chosen != Choice.KEEP)
    if ended == Phase.LINKING:
        pack.phase = Phase.PREVIEWED if left else Phase.DONE
    else:
        pack.phase = Phase.DONE if done else Phase.UNDONE
    action = "done" if ended == Phase.LINKING else "undone"
    audit.record(session, action, SUBJECT, subject_id=pack.id, by=_runner(session, pack))


def _any(session: Session, pack: Pack, *conditions: object) -> bool:
    wanted = select(PackItem.id).where(PackItem.pack_id == pack.id, *conditions)  # type: ignore[arg-type]
    return session.scalars(wanted.limit(1)).first() is not None
