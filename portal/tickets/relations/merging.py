"""Merging duplicates (并单): what is checked, and what changes on the duplicate. ``moves`` calls both.

The duplicate keeps its own texts, files and trail, and its user keeps a page of their own: nothing is copied
to where other people would read it. Whoever merges must serve both tickets. The invariant: ``survivor``
points at a ticket that is not merged; ``merged_into`` remembers as whose duplicate it was judged, so that
what belongs together leaves together.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets.models import Ticket
from portal.tickets.relations.standing import FARTHEST, above, root_of
from portal.tickets.visibility import serves

NOT_THERE = N_("没有这个编号的工单，或者它不在您的权限范围内，请核对后再试。")


def merge(session: Session, ticket: Ticket, into: Ticket, *, by: Person | None) -> dict[str, object]:
    """Let ``ticket`` end as a duplicate of ``into``, or of what that was merged into itself."""
    survivor = root_of(into)
    if by is None:  # a chain is passed on to its end
        ticket.survivor = survivor
        return {"into": survivor.number}
    _check(ticket, into, survivor, by)
    ticket.merged_into_id, ticket.survivor = into.id, survivor
    ticket.closed_at = now(session)
    return {"into": survivor.number}


def _check(ticket: Ticket, into: Ticket, survivor: Ticket, by: Person) -> None:
    if not (serves(by, into) and serves(by, survivor)):
        raise Refused(NOT_THERE)
    if survivor.id == ticket.id:
        raise Refused(N_("不能把工单并入它自己。"))
    if not survivor.is_open:
        raise Refused(N_("工单 %(number)s 已经结束，不能再并入；可以建立关联。"), number=survivor.number)
    if ticket in above(survivor) or survivor in above(ticket):
        raise Refused(N_("上下级工单之间不能并单，请先解除协同。"))


def part(ticket: Ticket) -> dict[str, object]:
    """The duplicate goes its own way again."""
    former = ticket.survivor
    ticket.survivor = None
    ticket.merged_into_id = None
    ticket.closed_at = None
    return {"from": former.number} if former else {}


def companions(session: Session, ticket: Ticket, survivor: Ticket) -> list[Ticket]:
    """What was judged a duplicate of ``ticket``, directly or through others, and hangs on ``survivor``."""
    merged = {
        row.id: row
        for row in session.scalars(select(Ticket).where(Ticket.survivor_id == survivor.id)).unique()
    }
    return [row for row in merged.values() if ticket.id in _chain(row, merged)]


def _chain(row: Ticket, merged: dict[int, Ticket]) -> list[int]:
    chain: list[int] = []
    here: Ticket | None = row
    while here is not None and here.merged_into_id is not None and len(chain) < FARTHEST:
        chain.append(here.merged_into_id)
        here = merged.get(here.merged_into_id)
    return chain
