"""A round: what was filed or changed since it was last looked at is weighed and settled, one by one.

Weighing holds no lock; each decision is a short transaction of its own, so that a crash loses nothing and a
second worker at the same moment links nothing twice. The invariant: filing a ticket waits for none of this.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, sessionmaker

from indexer.index import Index
from kb.columns import now
from portal.causes.autolink.deciding import NEVER, STATES, WANTED, decided, may_be_linked, settle
from portal.causes.autolink.models import LinkDecision
from portal.causes.autolink.pauses import broken, watch
from portal.db import transaction
from portal.finder.proposing import Proposed, is_ready, proposed
from portal.tickets.models import DefectLink, Ticket

#: A round that does more would hold up the other jobs.
AT_ONCE = 20
#: What lies longer than this is in people's hands.
RECENT = timedelta(weeks=8)


def one_round(maker: sessionmaker[Session], index: Index, *, wanted: float = WANTED) -> int:
    """Consider what is due; returns how many tickets were linked. Waits while the index isn't ready."""
    if not is_ready(index):
        return 0
    with maker() as session:
        numbers = due(session)
    linked = sum(_one(maker, index, number, wanted=wanted) for number in numbers)
    with maker() as session:  # without the write lock: most of the time nothing is wrong
        stop = broken(session, wanted=wanted)
    if stop is not None:
        with transaction(maker) as session:
            watch(session, wanted=wanted)
    return linked


def due(session: Session, *, limit: int = AT_ONCE) -> list[int]:
    """Tickets that nobody has judged and that changed since they were weighed, oldest first."""
    wanted = (
        select(Ticket.id)
        .where(
            Ticket.closed_at.is_(None),
            Ticket.state.in_(STATES),
            Ticket.category.not_in(NEVER),
            Ticket.filed_at >= now(session) - RECENT,
            ~exists().where(DefectLink.ticket_id == Ticket.id),
            ~_seen_as_it_stands(),
        )
        .order_by(Ticket.filed_at, Ticket.id)
        .limit(limit)
    )
    return list(session.scalars(wanted))


def _seen_as_it_stands() -> ColumnElement[bool]:
    return exists().where(LinkDecision.ticket_id == Ticket.id, LinkDecision.seen_at >= Ticket.updated_at)


def _one(maker: sessionmaker[Session], index: Index, number: int, *, wanted: float) -> bool:
    with maker() as session:
        found = _weighed(session, index, session.get_one(Ticket, number))
    with transaction(maker) as session:
        ticket = session.get_one(Ticket, number)
        if found is None:
            _look_again_later(session, ticket)
            return False
        considered = settle(session, ticket, found, wanted=wanted)
        return considered is not None and considered.linked


def _weighed(session: Session, index: Index, ticket: Ticket) -> Proposed | None:
    """None: nothing to decide, or decided on these very words before."""
    if not may_be_linked(session, ticket) or decided(session, ticket) is not None:
        return None
    return proposed(session, index, ticket)


def _look_again_later(session: Session, ticket: Ticket) -> None:
    """It was moved or talked about, but says what it said: not before it changes again."""
    row = decided(session, ticket)
    if row is not None:
        row.seen_at = max(now(session), ticket.updated_at)
