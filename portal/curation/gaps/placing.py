"""Which asking belongs to which gap, when the askings of one system are grouped anew. Pure.

How texts are found alike is the indexer's business; here its groups meet the gaps that there are already.
The invariants: an asking that belongs to a gap on which a person decided stays with it; a gap keeps its
identity while most of a group comes from it; nothing is in two gaps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

Members = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A group of askings and the gap they belong to from now on; None: one that is to be opened."""

    gap: int | None
    members: Members


def placed(
    groups: Sequence[Members], former: Mapping[int, int | None], *, held: Collection[int]
) -> list[Placed]:
    """``groups`` of asking numbers, the largest first; ``former`` says the gap of each asking before.

    Askings of held gaps are never among the members of another; those that stand alone now and were in
    no held gap come out in no group at all.
    """
    named = _named(groups, former, held=held)
    members: dict[int, Members] = {}
    fresh: list[Members] = []
    for place, group in enumerate(groups):
        free = tuple(ask for ask in group if former.get(ask) not in held)
        if place in named:
            members[named[place]] = (*members.get(named[place], ()), *free)
        elif free:
            fresh.append(free)
    kept = (Placed(gap, asks) for gap, asks in members.items() if asks)
    return [*kept, *(Placed(None, asks) for asks in fresh)]


def _named(
    groups: Sequence[Members], former: Mapping[int, int | None], *, held: Collection[int]
) -> dict[int, int]:
    """Group → its gap: the held one that most of it belongs to, else the one that most of it comes from."""
    named: dict[int, int] = {}
    claims: list[tuple[int, int, int]] = []
    for place, group in enumerate(groups):
        counts = Counter(gap for ask in group if (gap := former.get(ask)) is not None)
        decided = {gap: n for gap, n in counts.items() if gap in held}
        if decided:
            named[place] = min(decided, key=lambda gap: (-decided[gap], gap))
        else:
            claims += [(-n, place, gap) for gap, n in counts.items()]
    for _, place, gap in sorted(claims):
        if place not in named and gap not in named.values():
            named[place] = gap
    return named
