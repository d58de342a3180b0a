"""Working a bulk deed off in parts, so that no request and no lock lasts long.

``carry_on`` does the next part of whatever phase is on: the page that shows the progress asks for it, and
the worker does when nobody looks. Nothing commits here; a part that fails whole is done again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people import audit
from portal.tickets.bulk.deeds import Before, Spec, Task, check_giver, spec_of
from portal.tickets.bulk.models import Bulk, BulkItem, Fate, Phase
from portal.tickets.bulk.standing import MOVING, counted
from portal.tickets.models import Ticket
from portal.tickets.queries import NAMES

CHECKED_AT_ONCE = 50
DONE_AT_ONCE = 20
SUBJECT = "bulk"


def carry_on(session: Session, bulk: Bulk) -> None:
    """Do the next part of the phase that is on; when none is left, enter the next phase."""
    session.refresh(bulk, ["phase"], with_for_update=True)
    if bulk.phase not in MOVING:
        return
    fate, at_once, work = WORK[bulk.phase]
    part = _next_part(session, bulk, fate, at_once)
    for item in part:
        work(session, bulk, item)
    bulk.moved_at = now(session)
    session.flush()
    if len(part) < at_once:
        _finish(session, bulk)


def _next_part(session: Session, bulk: Bulk, fate: Fate, at_once: int) -> Sequence[BulkItem]:
    """The next tickets, loaded whole; locked where the database locks rows, so that nobody gets between."""
    items = session.scalars(
        select(BulkItem)
        .where(BulkItem.bulk_id == bulk.id, BulkItem.fate == fate)
        .order_by(BulkItem.ticket_id)
        .limit(at_once)
    ).all()
    tickets = select(Ticket).where(Ticket.id.in_([item.ticket_id for item in items])).order_by(Ticket.id)
    if bulk.phase != Phase.CHECKING:
        tickets = tickets.with_for_update(of=Ticket)
    loaded = tickets.options(*NAMES, selectinload(Ticket.defect_links))
    session.scalars(loaded.execution_options(populate_existing=True)).all()
    return items


def _check(session: Session, bulk: Bulk, item: BulkItem) -> None:
    task = Task(session, bulk, item.ticket)
    with session.no_autoflush:
        why = _refusal(lambda: _seen_still(item, lambda: spec_of(bulk.deed).check(task)))
    _write(item, Fate.REFUSED if why else Fate.READY, why)


def _seen_still(item: BulkItem, check: Callable[[], None]) -> None:
    if item.seen != item.ticket.version:
        raise Refused(N_("您选中以后，同事改动过这张工单；请重新选择。"))
    check()


def _run(session: Session, bulk: Bulk, item: BulkItem) -> None:
    spec, task, before = spec_of(bulk.deed), Task(session, bulk, item.ticket), {}

    def act() -> None:
        check_giver(bulk.by, bulk.deed)
        with session.begin_nested():
            _seen_still(item, lambda: None)
            before.update(spec.act(task, item.seen))

    why = _refusal(act)
    if not why:
        item.before, item.after = before, item.ticket.version
    _write(item, Fate.FAILED if why else Fate.DONE, why)


def _take_back(session: Session, bulk: Bulk, item: BulkItem) -> None:
    spec, task = spec_of(bulk.deed), Task(session, bulk, item.ticket)

    def act() -> None:
        with session.begin_nested():
            if spec.moves and item.after != item.ticket.version:
                raise Refused(N_("执行之后又有人改动过这张工单，没有撤销。"))
            _back_of(spec)(task, item.before)

    why = _refusal(act)
    _write(item, Fate.KEPT if why else Fate.UNDONE, why)


def _back_of(spec: Spec) -> Callable[[Task, Before], None]:
    assert spec.back is not None  # ``undo`` has asked
    return spec.back


def _refusal(act: Callable[[], None]) -> Refused | None:
    try:
        act()
    except Refused as refusal:
        return refusal
    return None


def _write(item: BulkItem, fate: Fate, why: Refused | None) -> None:
    item.fate = fate
    item.sentence = why.sentence if why else ""
    item.values = {name: _told(value) for name, value in why.values.items()} if why else {}


def _told(value: object) -> object:
    return value if isinstance(value, (str, int, float)) else str(value)


#: What each moving phase works on, how many at once, and how.
WORK: dict[Phase, tuple[Fate, int, Callable[[Session, Bulk, BulkItem], None]]] = {
    Phase.CHECKING: (Fate.CHOSEN, CHECKED_AT_ONCE, _check),
    Phase.RUNNING: (Fate.READY, DONE_AT_ONCE, _run),
    Phase.UNDOING: (Fate.DONE, DONE_AT_ONCE, _take_back),
}
NEXT = {Phase.CHECKING: Phase.PREVIEWED, Phase.RUNNING: Phase.DONE, Phase.UNDOING: Phase.UNDONE}


def _finish(session: Session, bulk: Bulk) -> None:
    ended, bulk.phase = bulk.phase, NEXT[bulk.phase]
    if ended == Phase.CHECKING:
        return
    if ended == Phase.RUNNING:
        bulk.ended_at = now(session)
    fates = {fate.value: count for fate, count in counted(session, bulk).items()}
    write_down(session, bulk, "done" if ended == Phase.RUNNING else "undone", **fates)


def write_down(session: Session, bulk: Bulk, action: str, **detail: object) -> None:
    """One line in the audit."""
    audit.record(session, action, SUBJECT, subject_id=bulk.id, by=bulk.by, deed=bulk.deed.value, **detail)
