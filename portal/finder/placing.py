"""Who belongs to which standing group, when the things of one system are grouped anew. Pure.

Askings and the gaps they stand for, tickets and their groups on the wall. How texts are found alike is the
indexer's business; here its groups meet those that there are already. The invariants: what belongs to a held
group, one on which a person decided, stays with it; a group keeps its identity while most of what was found
together comes from it; nothing is in two groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

Members = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """Members and the group they belong to from now on; None: one that is to be opened."""

    group: int | None
    members: Members


def placed(
    found: Sequence[Members], former: Mapping[int, int | None], *, held: Collection[int]
) -> list[Placed]:
    """``found`` holds numbers of members, the largest first; ``former`` says the group of each before.

    Members of held groups are never among those of another; those that stand alone now and were in no held
    group come out in no group at all.
    """
    named = _named(found, former, held=held)
    members: dict[int, Members] = {}
    fresh: list[Members] = []
    for place, alike in enumerate(found):
        free = tuple(one for one in alike if former.get(one) not in held)
        if place in named:
            members[named[place]] = (*members.get(named[place], ()), *free)
        elif free:
            fresh.append(free)
    kept = (Placed(group, ones) for group, ones in members.items() if ones)
    return [*kept, *(Placed(None, ones) for ones in fresh)]


def _named(
    found: Sequence[Members], former: Mapping[int, int | None], *, held: Collection[int]
) -> dict[int, int]:
    """Place → its group: the held one that most of it belongs to, else the one that most of it comes from."""
    named: dict[int, int] = {}
    claims: list[tuple[int, int, int]] = []
    for place, alike in enumerate(found):
        counts = Counter(group for one in alike if (group := former.get(one)) is not None)
        decided = {group: n for group, n in counts.items() if group in held}
        if decided:
            named[place] = min(decided, key=lambda group: (-decided[group], group))
        else:
            claims += [(-n, place, group) for group, n in counts.items()]
    for _, place, group in sorted(claims):
        if place not in named and group not in named.values():
            named[place] = group
    return named
