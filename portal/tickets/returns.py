"""Returns: who sent the work back, from where to where and why. Read off the trail, pure.

What counts as a return is said by the table of steps (``flow.RETURNS``); reopening is the user's and counted
apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.people.models import Person
from portal.tickets.flow import RETURNS
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.words import Action, Tier

Way = tuple[Tier, Tier]


@dataclass(frozen=True, slots=True)
class Return:
    """One time that work was sent back."""

    at: datetime
    by: Person | None
    action: Action
    start: Tier
    end: Tier
    reason: str


def returns_of(ticket: Ticket) -> list[Return]:
    """Every return of a ticket, the latest last."""
    return returns_in(ticket.trail)


def returns_in(trail: Sequence[TrailEntry]) -> list[Return]:
    return [
        Return(entry.at, entry.by, entry.action, entry.from_tier, entry.to_tier, entry.note)
        for entry in trail
        if entry.action in RETURNS and entry.from_tier is not None
    ]


def ways_of(returns: Sequence[Return]) -> dict[Way, int]:
    """How often from which tier to which, the most frequent first."""
    return dict(Counter((row.start, row.end) for row in returns).most_common())
