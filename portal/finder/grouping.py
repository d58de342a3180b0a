"""Groups of alike tickets that no record explains yet: the wall from which a record is opened.

How texts are found alike is the indexer's business (``indexer.clusters``); here tickets are handed over
and come back. The invariant: a group lies within one system, because a root cause does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indexer import clusters
from indexer.clusters import Alike
from indexer.index import Index
from portal.finder.sources import TICKET
from portal.tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Group:
    """Tickets, newest first, and the words that most of them share."""

    id: str
    """Stays the same while the eldest ticket is in it."""
    tickets: tuple[Ticket, ...]
    words: tuple[str, ...]

    @property
    def lead(self) -> Ticket:
        return self.tickets[0]

    @property
    def units(self) -> int:
        return len({ticket.unit_id for ticket in self.tickets})


def groups_of(tickets: Sequence[Ticket], index: Index | None = None, *, least: int = 2) -> list[Group]:
    """Alike tickets together, the largest group first; whoever is alike to nobody is left out.

    With an index also by meaning; without one, or while it is away, by words alone.
    """
    by_key = {(TICKET, str(ticket.id)): ticket for ticket in sorted(tickets, key=lambda ticket: ticket.id)}
    texts = [_alike(ticket) for ticket in by_key.values()]
    found = index.groups(texts, least=least) if index else clusters.groups(texts, least=least)
    return [Group(group.id, tuple(by_key[key] for key in group.members), group.words) for group in found]


def _alike(ticket: Ticket) -> Alike:
    text = f"{ticket.title}\n{ticket.text}"
    return Alike((TICKET, str(ticket.id)), text, within=str(ticket.system_id), part=ticket.module or "")
