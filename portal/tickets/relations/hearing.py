"""Users whose tickets were merged hear of the one that is worked on, in the name of their own ticket.

What passes from one user's ticket to another user's is the road and the answer, never a question or a remark.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.models import Person
from portal.tickets import notices
from portal.tickets.flow import Step
from portal.tickets.models import Ticket, Watcher
from portal.tickets.notices import Event
from portal.tickets.relations.watchers import follow_along
from portal.tickets.words import Action, State

NEW_HANDS = frozenset({Action.TAKE, Action.REASSIGN, Action.HAND_OVER, Action.ATTACH})
PASSED_ON = frozenset({Event.TAKEN, Event.HANDED_ON, Event.PARKED, Event.FIX_DEPLOYED, Event.TOLD})


def pass_on(
    session: Session,
    ticket: Ticket,
    event: Event,
    *,
    by: Person | None,
    note: str,
    tier: str,
    told: Collection[int],
) -> None:
    """Tell the users and watchers of what was merged into ``ticket``; nobody twice."""
    if event not in PASSED_ON:
        return
    heard = set(told)
    for row in ticket.duplicates:
        listeners = {row.requester_id, *_watchers(session, row)} - heard
        values = {
            "by": by.name if by else "系统",
            "number": row.number,
            "title": row.title,
            "note": note[:120],
            "tier": tier,
        }
        if listeners:
            notices.tell(session, event, to=listeners, values=values, ticket=row, by=by)
        heard |= listeners


def tell_parent(session: Session, ticket: Ticket, row: Step, *, by: Person | None) -> None:
    """Whoever works on the parent hears of the child's result, and follows the children they took over."""
    parent = ticket.parent
    if row.end == State.CONFIRMING and parent is not None and parent.is_open and parent.holder_id:
        values = {"by": by.name if by else "系统", "number": ticket.number, "title": ticket.title}
        listeners = {parent.holder_id} - {ticket.requester_id}
        notices.tell(session, Event.HELPED, to=listeners, values=values, ticket=ticket, by=by)
    if row.action in NEW_HANDS and ticket.holder is not None:
        for child in ticket.children:
            follow_along(session, child, ticket.holder)


def _watchers(session: Session, ticket: Ticket) -> set[int]:
    return set(session.scalars(select(Watcher.person_id).where(Watcher.ticket_id == ticket.id)))
