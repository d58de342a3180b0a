"""Holding tickets against others' hands, for deeds that decide by rows beside the ticket's own.

A move needs none of this: the ticket's version says who was first. A judgement that reads the ticket's other
judgements, or a deed between two tickets, would decide by what a colleague is just changing.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.tickets.models import Ticket


def lock(session: Session, *tickets: Ticket) -> None:
    """Hold these rows until the commit, lowest first, and read them anew: no circle by two hands at once."""
    lock_ids(session, {ticket.id for ticket in tickets})


def lock_ids(session: Session, ids: Collection[int]) -> None:
    """The same for rows that are not at hand; no more than a database takes values in one question."""
    wanted = (
        select(Ticket)
        .where(Ticket.id.in_(sorted(ids)))
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
    )
    session.scalars(wanted.execution_options(populate_existing=True)).all()
