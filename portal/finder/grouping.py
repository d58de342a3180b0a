"""Alike tickets that no record explains yet, found by words and meaning: what the wall is made of. Pure.

How texts are found alike is the indexer's business (``indexer.clusters``), which standing group they belong
to ``placing``'s. The invariant: what was found together lies within one system, because a root cause does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indexer import clusters
from indexer.clusters import Alike
from indexer.index import Index
from portal.finder.sources import TICKET

#: What stands beside, so that it is known which words tell something; grouped with nothing.
BESIDE = "beside"


@dataclass(frozen=True, slots=True)
class Told:
    """A ticket as far as grouping needs it."""

    id: int
    system: int
    module: str
    text: str


@dataclass(frozen=True, slots=True)
class Together:
    """Numbers of alike tickets, newest first, and the words that most of them share."""

    members: tuple[int, ...]
    words: tuple[str, ...]


def together(
    tickets: Sequence[Told],
    index: Index | None = None,
    *,
    beside: Sequence[Told] = (),
    least: int = 2,
) -> list[Together]:
    """Alike tickets, the largest group first; whoever is alike to nobody is left out.

    With an index also by meaning; without one, or while it is away, by words alone.
    """
    texts = [_alone(one) for one in beside] + [_alike(one) for one in sorted(tickets, key=lambda one: one.id)]
    found = index.groups(texts, least=least) if index else clusters.groups(texts, least=least)
    return [
        Together(tuple(int(number) for _, number in group.members), group.words)
        for group in found
        if group.members[0][0] == TICKET
    ]


def _alike(one: Told) -> Alike:
    return Alike((TICKET, str(one.id)), one.text, within=str(one.system), part=one.module)


def _alone(one: Told) -> Alike:
    return Alike((BESIDE, str(one.id)), one.text, within=f"{BESIDE} {one.id}")
