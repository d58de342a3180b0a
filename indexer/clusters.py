"""Groups of alike texts: what is said by many and explained by nobody yet.

Likeness is a sum: the rare words that two texts share, how close their meaning is where vectors are
known, and whether they name the same part of the same thing. A code that both bear settles it. A group
is alike on average, so that no chain of resemblances runs through a whole system. Pure functions over
texts and vectors; which texts there are, and where their vectors come from, is said by the caller
(`Index.groups`). Invariant: a group lies within one `within`, and a text is in one group at most.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from math import log

import numpy as np
from numpy.typing import NDArray

from indexer.document import Key
from indexer.text import TermKind, count_terms, terms

Matrix = NDArray[np.float32]

ALIKE = 0.045
"""Chosen on the sample desk's linked reports among others: of the pairs that are put together 97 of 100
share their cause, and 90 of 100 that share one are put together (88 by words alone)."""
SAME_PART = 0.05
COMMON = 12
"""What more texts than this say, and more than every fifth, tells nothing."""
TELLING = frozenset({TermKind.CODE, TermKind.WORD})
CLOSE = 0.2
"""Cosines below this, or below those of any two of the texts, say nothing."""
MEANING = 0.1
LONGEST = 1_200
MOST = 3_000
"""Of one `within`: the newest are grouped, since every pair is looked at."""
SHOWN_WORDS = 5


@dataclass(frozen=True, slots=True)
class Alike:
    """A text to be grouped; later ones in a sequence count as newer."""

    key: Key
    text: str
    within: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    members: tuple[Key, ...]
    """Newest first."""
    words: tuple[str, ...]
    """What most of them share."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that say much the same; the older one first."""

    one: Key
    other: Key
    likeness: float
    words: tuple[str, ...]
    """What both say and few others do."""


def groups(
    texts: Sequence[Alike], meanings: Mapping[Key, Matrix] | None = None, *, least: int = 2
) -> list[Group]:
    """The largest first; whoever is alike to nobody is left out."""
    weights = _weights([_terms(one.text) for one in texts])
    by_within: defaultdict[str, list[Alike]] = defaultdict(list)
    for one in texts:
        by_within[one.within].append(one)
    age = {one.key: place for place, one in enumerate(texts)}
    held = {one.key: meanings[one.key] for one in texts if one.key in meanings} if meanings else {}
    nothing = max(CLOSE, _usual(list(held.values())))
    found = [
        _group([members[place] for place in reversed(places)], weights)
        for members in (members[-MOST:] for members in by_within.values())
        for places in _joined(_likeness(members, weights, held, nothing))
        if len(places) >= least
    ]
    return sorted(found, key=lambda group: (-len(group.members), -age[group.members[0]]))


def pairs(
    texts: Sequence[Alike], meanings: Mapping[Key, Matrix] | None = None, *, least: float
) -> list[Pair]:
    """Any two of one `within` that are alike at least so much, the likest first.

    Likeness here is a mean of shared rare words and of meaning, from 0 to 1, without what parts or codes
    add: two articles about one code may well say different things.
    """
    weights = _weights([_terms(one.text) for one in texts])
    by_within: defaultdict[str, list[Alike]] = defaultdict(list)
    for one in texts:
        by_within[one.within].append(one)
    held = {one.key: meanings[one.key] for one in texts if one.key in meanings} if meanings else {}
    found = [
        Pair(members[one].key, members[other].key, likeness, _shared([members[one], members[other]], weights))
        for members in (members[-MOST:] for members in by_within.values())
        for one, other, likeness in _close(members, weights, held, least)
    ]
    return sorted(found, key=lambda pair: (-pair.likeness, pair.one, pair.other))


def _close(
    members: Sequence[Alike], weights: Mapping[str, float], meanings: Mapping[Key, Matrix], least: float
) -> Iterator[tuple[int, int, float]]:
    alike = _word_likeness([_terms(one.text) for one in members], weights)
    if meanings:
        alike = ((alike + np.maximum(_cosines(members, meanings), 0.0)) / 2).astype(alike.dtype)
    for one, other in zip(*np.nonzero(np.triu(alike, 1) >= least), strict=True):
        yield int(one), int(other), min(1.0, float(alike[one, other]))


def with_ids_of(before: Sequence[Group], now: Sequence[Group]) -> list[Group]:
    """The same groups under the names they had: a group is the former one that most of it comes from.

    A group that was divided leaves its name to the larger part; groups that met keep the larger one's.
    """
    former = {key: group.id for group in before for key in group.members}
    claims = [
        (count, -place, id_)
        for place, group in enumerate(now)
        for id_, count in Counter(former[key] for key in group.members if key in former).items()
    ]
    named: dict[int, str] = {}
    for _, place, id_ in sorted(claims, reverse=True):
        if -place not in named and id_ not in named.values():
            named[-place] = id_
    return [
        replace(group, id=named.get(place, _unused(group.id, named.values())))
        for place, group in enumerate(now)
    ]


def _unused(id_: str, taken: Collection[str]) -> str:
    return id_ if id_ not in taken else f"{id_}-2"


def _id_of(eldest: Key) -> str:
    """New reports come behind: the eldest names the group for as long as it is in it."""
    return blake2b("\0".join(eldest).encode("utf-8", "replace"), digest_size=6).hexdigest()


def _group(members: Sequence[Alike], weights: Mapping[str, float]) -> Group:
    keys = tuple(one.key for one in members)
    return Group(_id_of(keys[-1]), keys, _shared(members, weights))


# ---------------------------------------------------------------------------- words


@lru_cache(maxsize=4_000)
def _terms(text: str) -> frozenset[str]:
    return frozenset(count_terms(text[:LONGEST]))


@lru_cache(maxsize=4_000)
def _telling(text: str) -> Mapping[str, TermKind]:
    return {term.text: term.kind for term in terms(text[:LONGEST]) if term.kind in TELLING}


def _codes(text: str) -> Iterator[str]:
    return (word for word, kind in _telling(text).items() if kind == TermKind.CODE)


def _weights(texts: Sequence[frozenset[str]]) -> dict[str, float]:
    """Rare words tell texts apart."""
    counts = Counter(word for text in texts for word in text)
    return {word: log(1 + len(texts) / n) for word, n in counts.items() if n <= max(COMMON, len(texts) / 5)}


def _shared(members: Sequence[Alike], weights: Mapping[str, float]) -> tuple[str, ...]:
    counts = Counter(word for one in members for word in _telling(one.text) if word in weights)
    common = [word for word, n in counts.items() if n > 1 and n * 2 >= len(members)]
    common.sort(key=lambda word: (-counts[word] * weights[word], word))
    return tuple(common[:SHOWN_WORDS])


# ---------------------------------------------------------------------------- every pair of one `within`


def _likeness(
    texts: Sequence[Alike], weights: Mapping[str, float], meanings: Mapping[Key, Matrix], nothing: float
) -> Matrix:
    alike = _word_likeness([_terms(one.text) for one in texts], weights)
    alike += MEANING * np.maximum(_cosines(texts, meanings) - nothing, 0.0)
    for bearers in _bearers([[one.part] if one.part else [] for one in texts]):
        alike[np.ix_(bearers, bearers)] += SAME_PART
    for bearers in _bearers([list(_codes(one.text)) for one in texts]):
        alike[np.ix_(bearers, bearers)] = 1.0
    return alike


def _word_likeness(texts: Sequence[frozenset[str]], weights: Mapping[str, float]) -> Matrix:
    """The cosine of the texts' weighted words, gathered word by word: most pairs share none."""
    shared = np.zeros((len(texts), len(texts)), dtype=np.float32)
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        for word in text:
            if word in weights:
                places[word].append(place)
    for word in sorted(places):  # in a fixed order, so that sums come out the same every time
        shared[np.ix_(places[word], places[word])] += weights[word] ** 2
    masses = np.sqrt(np.maximum(shared.diagonal(), 1e-9))
    likeness: Matrix = shared / np.outer(masses, masses)
    return likeness


def _cosines(texts: Sequence[Alike], meanings: Mapping[Key, Matrix]) -> Matrix:
    known = [place for place, one in enumerate(texts) if one.key in meanings]
    cosines = np.zeros((len(texts), len(texts)), dtype=np.float32)
    if known:
        matrix = np.stack([meanings[texts[place].key] for place in known])
        cosines[np.ix_(known, known)] = matrix @ matrix.T
    return cosines


def _usual(vectors: Sequence[Matrix]) -> float:
    """The mean cosine of two of them; every encoder has its own."""
    count = len(vectors)
    if count < 2:
        return 0.0
    total = np.sum(vectors, axis=0)
    return (float(total @ total) - count) / (count * (count - 1))


def _bearers(values: Sequence[Sequence[str]]) -> Iterator[list[int]]:
    """For each value the places that bear it, where there are at least two."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, borne in enumerate(values):
        for value in borne:
            places[value].append(place)
    return (found for found in places.values() if len(found) > 1)


def _joined(alike: Matrix) -> Iterator[list[int]]:
    """The likest two are put together, again and again, while they are alike on average: a chain of
    texts of which each is only like the next makes no group."""
    alike = alike.copy()
    np.fill_diagonal(alike, 0.0)
    members = {place: [place] for place in range(len(alike))}
    best = alike.argmax(axis=1) if len(alike) else np.zeros(0, dtype=np.int64)
    while len(members) > 1:
        one = int(np.argmax(alike[np.arange(len(alike)), best]))
        other = int(best[one])
        if alike[one, other] < ALIKE:
            break
        sizes = len(members[one]), len(members[other])
        alike[one] = (sizes[0] * alike[one] + sizes[1] * alike[other]) / sum(sizes)
        alike[one, one] = 0.0
        alike[:, one] = alike[one]
        alike[other], alike[:, other] = 0.0, 0.0
        members[one] += members.pop(other)
        touched = np.flatnonzero((best == one) | (best == other) | (alike[:, one] > 0.0))
        best[touched] = alike[touched].argmax(axis=1)
    return (sorted(found) for found in members.values())
