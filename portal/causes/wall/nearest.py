"""Which record may be behind a group: the likeliest one of its newest tickets, looked up in the worker.

Weighed by the model that also serves the workbench; a record that somebody has judged not to be the cause of
one of them is not proposed. Who may see the record is asked where it is shown. The invariant: a bounded
number of groups in one step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from defects.flow import DEAD
from defects.models import Defect
from indexer.document import Mode, Query
from indexer.index import Index
from indexer.linking import Decision
from kb.columns import now
from portal.causes.wall.models import WallGroup
from portal.causes.wall.unexplained import newest_of
from portal.finder import link_signs
from portal.finder.sources import DEFECT
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.roots import RECENT

GROUPS = 40
ASKED = 3
DEPTH = 14
#: Below this, on average over the tickets asked, a record is not worth naming.
LEAST = 0.3


@dataclass(frozen=True, slots=True)
class Near:
    defect_id: int
    probability: float
    counted: bool


def groups_to_look_at(session: Session, *, limit: int = GROUPS) -> list[int]:
    """Groups whose tickets have changed since they were looked at, the latest change first."""
    unseen = or_(WallGroup.looked_at.is_(None), WallGroup.looked_at < WallGroup.updated_at)
    wanted = select(WallGroup.id).where(WallGroup.dismissed_at.is_(None), unseen)
    return list(session.scalars(wanted.order_by(WallGroup.updated_at.desc(), WallGroup.id).limit(limit)))


def looked_up(session: Session, index: Index, ids: Sequence[int]) -> dict[int, Near | None]:
    """Group → the record that comes nearest; reads only."""
    asked = newest_of(session, ids, most=ASKED, since=now(session) - RECENT)
    rejected = _rejected(session, [ticket.id for tickets in asked.values() for ticket in tickets])
    return {group: _near(session, index, asked[group], rejected) for group in ids}


def note(session: Session, found: Mapping[int, Near | None]) -> None:
    """Write down what was found."""
    for row in session.scalars(select(WallGroup).where(WallGroup.id.in_(found))):
        near = found[row.id]
        row.nearest_id = near.defect_id if near else None
        row.nearest_probability = near.probability if near else None
        row.nearest_counted = bool(near and near.counted)
        row.looked_at = now(session)
    session.flush()


def _rejected(session: Session, tickets: Sequence[int]) -> set[tuple[int, int]]:
    wanted = select(DefectLink.ticket_id, DefectLink.defect_id).where(
        DefectLink.ticket_id.in_(tickets), DefectLink.verdict == LinkVerdict.REJECTED
    )
    return {(ticket, defect) for ticket, defect in session.execute(wanted)}


def _near(
    session: Session, index: Index, tickets: Sequence[Ticket], rejected: set[tuple[int, int]]
) -> Near | None:
    chances: defaultdict[int, float] = defaultdict(float)
    counted = False
    for ticket in tickets:
        ranked, earned = _weighed(session, index, ticket)
        counted |= earned
        for defect, chance in ranked.items():
            chances[defect] += chance / len(tickets)
    said_no = {defect for _, defect in rejected & {(row.id, near) for row in tickets for near in chances}}
    named = [defect for defect in chances if defect not in said_no]
    best = min(named, key=lambda defect: (-chances[defect], defect), default=None)
    if best is None or chances[best] < LEAST:
        return None
    return Near(best, round(min(1.0, chances[best]), 4), counted)


def _weighed(session: Session, index: Index, ticket: Ticket) -> tuple[dict[int, float], bool]:
    """Record → how probably it is this ticket's cause, and whether that was learned from judged links.

    Asked without anybody's eyes: whoever is shown it is asked later.
    """
    told = link_signs.told_of(ticket)
    near = {"system": ticket.system.code} | ({"module": ticket.module} if ticket.module else {})
    query = Query(told.text, audience=None, kinds=frozenset({DEFECT}), near=near, limit=DEPTH)
    answer = index.search(query, explain=True)
    if answer.trace is None:
        return {}, False
    ids = [int(hit.id) for hit in answer.hits]
    living = select(Defect).where(Defect.id.in_(ids), Defect.state.not_in(DEAD))
    known = {(DEFECT, str(row.id)): link_signs.known_of(row) for row in session.scalars(living)}
    model = index.promotions.links(f"links_{Mode.LEXICAL if answer.mode is Mode.LEXICAL else Mode.HYBRID}")
    proposal = model.proposal(link_signs.report_of(told, answer, known))
    if proposal.decision is Decision.NONE:
        return {}, not model.cold_start
    return {int(number): chance for number, chance in proposal.ranked}, not model.cold_start
