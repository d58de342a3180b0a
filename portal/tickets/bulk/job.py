"""A bulk deed from its preview to taking it back: each begins a phase, ``parts`` works it off."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from defects.models import Defect
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets.bulk.deeds import UNDO_MINUTES, check_giver, missing, spec_of
from portal.tickets.bulk.models import Bulk, BulkItem, Fate, Phase
from portal.tickets.bulk.parts import carry_on, write_down
from portal.tickets.bulk.standing import counted
from portal.tickets.filing import TEXT_LIMIT, clean

UNDO_FOR = timedelta(minutes=UNDO_MINUTES)


def preview(
    session: Session,
    bulk: Bulk,
    *,
    note: str = "",
    internal: bool = True,
    priority: int | None = None,
    person: Person | None = None,
    defect: Defect | None = None,
) -> None:
    """Take what the deed is given and check every ticket against it."""
    if bulk.phase not in (Phase.CHOSEN, Phase.CHECKING, Phase.PREVIEWED):
        raise Refused(N_("这次批量处理已经执行，不能再改。"))
    bulk.note, bulk.internal, bulk.priority = clean(note), internal, priority
    bulk.person, bulk.defect = person, defect
    session.flush()
    if len(bulk.note) > TEXT_LIMIT:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内，其余放进附件。"), limit=TEXT_LIMIT)
    if lack := missing(spec_of(bulk.deed), bulk):
        raise Refused(lack)
    anew = update(BulkItem).where(BulkItem.bulk_id == bulk.id)
    session.execute(anew.values(fate=Fate.CHOSEN, sentence="", values={}))
    _enter(session, bulk, Phase.CHECKING)
    carry_on(session, bulk)


def apply(session: Session, bulk: Bulk) -> None:
    """Do it, for every ticket that the preview found ready."""
    check_giver(bulk.by, bulk.deed)
    if bulk.phase != Phase.PREVIEWED:
        raise Refused(N_("请先预览，再执行。"))
    ready = counted(session, bulk).get(Fate.READY, 0)
    if not ready:
        raise Refused(N_("没有一张可以执行，请看下面的原因。"))
    write_down(session, bulk, "apply", tickets=ready)
    _enter(session, bulk, Phase.RUNNING)
    carry_on(session, bulk)


def may_undo(session: Session, bulk: Bulk) -> bool:
    """Is there a way back, and is it still open?"""
    ended = bulk.ended_at
    recent_enough = ended is not None and now(session) - ended <= UNDO_FOR
    return bulk.phase == Phase.DONE and recent_enough and spec_of(bulk.deed).back is not None


def undo(session: Session, bulk: Bulk) -> None:
    """Take back what was done, ticket by ticket, where the table still has the way back."""
    if spec_of(bulk.deed).back is None:
        raise Refused(N_("这一步不能撤销：流程里没有回头的一步。"))
    if not may_undo(session, bulk):
        raise Refused(N_("已经撤销过，或者超过半小时，不能撤销了。"))
    write_down(session, bulk, "undo")
    _enter(session, bulk, Phase.UNDOING)
    carry_on(session, bulk)


def _enter(session: Session, bulk: Bulk, phase: Phase) -> None:
    bulk.phase, bulk.moved_at = phase, now(session)
    session.flush()
