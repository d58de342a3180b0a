"""How a ticket stands to others, read off its columns: what the table of steps has to know of them.

Reading only. The invariant: a merged ticket points at one that is not merged itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from portal.tickets.forms.fields import NOTHING, Names
from portal.tickets.models import Ticket
from portal.tickets.visibility import serves
from portal.tickets.words import State

#: How far up parents and merges are followed; a longer chain would be a circle.
FARTHEST = 50


def goes_on(ticket: Ticket) -> bool:
    """Is it, or what it was merged into, still worked on?"""
    return ticket.is_open or (ticket.survivor is not None and ticket.survivor.is_open)


def open_children(ticket: Ticket) -> Names:
    """The numbers of the children that keep their parent from ending."""
    numbers = tuple(child.number for child in ticket.children if goes_on(child))
    return Names(numbers, numbers) if numbers else NOTHING


def works_for_parent(ticket: Ticket) -> bool:
    """Was it opened by colleagues for a ticket of theirs that goes on? Then no user waits at the front."""
    parent = ticket.parent
    return parent is not None and parent.is_open and serves(ticket.requester, parent)


def stand_in_of(ticket: Ticket) -> int | None:
    """Who has the parent in hand speaks for the colleague who asked."""
    return ticket.parent.holder_id if ticket.parent is not None and works_for_parent(ticket) else None


def is_told(survivor: Ticket | None) -> bool:
    """Has the ticket that goes on for another one an answer?"""
    return survivor is not None and survivor.state in (State.CONFIRMING, State.CLOSED)


def above(ticket: Ticket) -> Iterator[Ticket]:
    """Its parent, the parent's parent, and so on."""
    here = ticket.parent
    for _ in range(FARTHEST):
        if here is None:
            return
        yield here
        here = here.parent


def root_of(ticket: Ticket) -> Ticket:
    """The ticket that is worked on instead: the end of its chain of merges, or itself."""
    return ticket.survivor or ticket
