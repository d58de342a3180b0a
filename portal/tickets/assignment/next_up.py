"""Take next (取下一张): the one ticket that this person should take now, and taking it.

What is about to be late goes first, then what matters most, then what is due first; what the person has
just put back comes last. The invariant: two people who ask in the same moment never get the same ticket.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, or_, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.assignment.presence import absence_of
from portal.tickets.complaints.bars import keeps_out
from portal.tickets.flow import ROUTES
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.moves import Overtaken, move
from portal.tickets.selection import falls_due_soon, is_open, is_takeable
from portal.tickets.words import Action, Tier

TRIES = 5


def take_next(session: Session, person: Person) -> Ticket | None:
    """Take the right next ticket for this person; None when nothing waits for them.

    Raises ``Refused`` for whoever is away.
    """
    if absence_of(session, person) is not None:
        raise Refused(N_("您现在是不在岗状态，先点“我回来了”再领工单。"))
    for _attempt in range(TRIES):
        ticket = next_for(session, person)
        if ticket is None:
            return None
        try:
            move(session, ticket, Action.TAKE, by=person)
        except Overtaken:
            continue  # a colleague was faster with this one; there may be others
        return ticket
    return None


def next_for(session: Session, person: Person) -> Ticket | None:
    """The ticket that nobody holds and that this person should take now; locked where rows can be."""
    return session.scalars(
        select(Ticket)
        .where(is_open(), is_takeable(person), *_theirs_to_answer(person))
        .order_by(*order_for(session, person))
        .limit(1)
        .with_for_update(skip_locked=True, of=Ticket)
        .execution_options(populate_existing=True)
    ).first()


def order_for(session: Session, person: Person) -> tuple[ColumnElement[Any], ...]:
    """What goes first for this person."""
    put_back = exists().where(
        TrailEntry.ticket_id == Ticket.id,
        TrailEntry.by_id == person.id,
        TrailEntry.action == Action.RELEASE,
    )
    return (case((put_back, 1), else_=0), *urgency(session))


def urgency(session: Session) -> tuple[ColumnElement[Any], ...]:
    """About to be late or late already, then the priority, then what is due first."""
    moment = now(session)
    pressing = or_(Ticket.close_due < moment, falls_due_soon(moment))
    return (case((pressing, 0), else_=1), Ticket.priority.asc(), Ticket.close_due.asc(), Ticket.id.asc())


def _theirs_to_answer(person: Person) -> list[ColumnElement[bool]]:
    """What only a supervisor may answer is not handed to an agent unasked."""
    if person.may(Permission.ANSWER_COMPLAINTS):
        return [~keeps_out(person)]
    led = [category for category, route in ROUTES.items() if route.supervisor]
    front = and_(Ticket.tier == Tier.FRONT, Ticket.category.in_(led), Ticket.untouched)
    return [~front, ~keeps_out(person)]
