"""Groups of alike tickets that no record explains yet: the wall from which a record is opened. Pure.

Likeness is counted over the words of the tickets themselves, so that the wall needs no index. The
invariant: a group lies within one system, because a root cause does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt

from indexer.text import TermKind, count_terms, terms
from portal.tickets.models import Ticket

#: Chosen on the sample desk's linked tickets: 9 of 10 pairs put together share their record, and 6 of 10
#: pairs that share one are put together. A person ticks off the tenth.
ALIKE = 0.08
SAME_MODULE = 0.05
SAME_CODE = 1.0
COMMON = 12
TELLING = frozenset({TermKind.CODE, TermKind.WORD})
LONGEST = 1_200
SHOWN_WORDS = 5


@dataclass(frozen=True, slots=True)
class Group:
    """Tickets, newest first, and the words that most of them share."""

    tickets: tuple[Ticket, ...]
    words: tuple[str, ...]

    @property
    def lead(self) -> Ticket:
        return self.tickets[0]

    @property
    def units(self) -> int:
        return len({ticket.unit_id for ticket in self.tickets})


def groups_of(tickets: Sequence[Ticket], *, least: int = 2) -> list[Group]:
    """Alike tickets together, the largest group first; whoever is alike to nobody is left out."""
    by_system: dict[int, list[Ticket]] = defaultdict(list)
    for ticket in tickets:
        by_system[ticket.system_id].append(ticket)
    weights = _weights([_terms_of(ticket) for ticket in tickets])
    found = [
        Group(tuple(members), _shared(members, weights))
        for alike in by_system.values()
        for members in _components(alike, weights)
        if len(members) >= least
    ]
    return sorted(found, key=lambda group: (-len(group.tickets), -group.lead.id))


def _terms_of(ticket: Ticket) -> frozenset[str]:
    return _terms(f"{ticket.title}\n{ticket.text}"[:LONGEST])


@lru_cache(maxsize=2_000)
def _terms(text: str) -> frozenset[str]:
    return frozenset(count_terms(text))


@lru_cache(maxsize=2_000)
def _telling(text: str) -> Mapping[str, TermKind]:
    return {term.text: term.kind for term in terms(text) if term.kind in TELLING}


def _codes_of(ticket: Ticket) -> frozenset[str]:
    found = _telling(f"{ticket.title}\n{ticket.text}"[:LONGEST])
    return frozenset(word for word, kind in found.items() if kind == TermKind.CODE)


def _weights(texts: Sequence[frozenset[str]]) -> Mapping[str, float]:
    """Rare words tell tickets apart; what every fifth ticket says tells nothing."""
    counts = Counter(word for text in texts for word in text)
    return {word: log(1 + len(texts) / n) for word, n in counts.items() if n <= max(COMMON, len(texts) / 5)}


def _components(tickets: Sequence[Ticket], weights: Mapping[str, float]) -> Iterator[list[Ticket]]:
    """Whoever is alike to a member belongs to the group."""
    left = dict(enumerate(tickets))
    while left:
        first = min(left)
        group, edge = [left[first]], [left.pop(first)]
        while edge:
            near = [n for n, other in left.items() if _likeness(edge[-1], other, weights) >= ALIKE]
            edge.pop()
            edge += [left[n] for n in near]
            group += [left.pop(n) for n in near]
        yield sorted(group, key=lambda ticket: -ticket.id)


def _likeness(one: Ticket, other: Ticket, weights: Mapping[str, float]) -> float:
    if _codes_of(one) & _codes_of(other):
        return SAME_CODE
    mine, theirs = _terms_of(one), _terms_of(other)
    both = _mass(mine & theirs, weights)
    words = both / sqrt(_mass(mine, weights) * _mass(theirs, weights)) if both else 0.0
    return words + (SAME_MODULE if one.module and one.module == other.module else 0.0)


def _mass(words: Iterable[str], weights: Mapping[str, float]) -> float:
    return sum(weights.get(word, 0.0) ** 2 for word in words)


def _shared(tickets: Sequence[Ticket], weights: Mapping[str, float]) -> tuple[str, ...]:
    counts = Counter(
        word
        for ticket in tickets
        for word in _telling(f"{ticket.title}\n{ticket.text}"[:LONGEST])
        if word in weights
    )
    common = [word for word, n in counts.items() if n > 1 and n * 2 >= len(tickets)]
    common.sort(key=lambda word: (-counts[word] * weights[word], word))
    return tuple(common[:SHOWN_WORDS])
