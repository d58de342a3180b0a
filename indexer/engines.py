"""What a word engine is asked and what it answers; everybody but the engines themselves stops here.

An engine keeps postings and tells how rare terms are and where they stand. What a term is worth is
`scoring.py`'s business, who may see what is `columns.py`'s: every engine is given the same terms and
scored by the same formula, and `tests/indexer/contract` holds them all to one contract.
Invariant: an engine may propose too few places, never one outside the mask that it was given.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.columns import Columns, Mask, Places
from indexer.document import Document, Query
from indexer.text import count_sounds, count_terms

_SOUNDED = 4_000
"""Characters of a body whose sounds are indexed: typing errors are found by what matters first."""


class Field(StrEnum):
    WORDS = "words"
    TITLE = "title"
    SOUND = "sound"


@dataclass(frozen=True, slots=True)
class Counts:
    """A document as a word engine sees it."""

    words: Counter[str]
    title: Counter[str]
    sound: Counter[str]
    marks: frozenset[str]
    """Its kind, its audience and its facets, each as one term to filter by."""

    @property
    def length(self) -> int:
        return sum(self.words.values())


def counts_of(document: Document, *, title_weight: int = 2) -> Counts:
    # A line of its own for each: "…连VPN" and "KB000001" side by side would read as one code.
    title = count_terms(" \n".join((document.title, *document.codes)))
    also = " \n".join(document.also)
    words = count_terms(f"{document.body} \n{also}")
    for term, count in title.items():
        words[term] += title_weight * count
    heard = count_sounds(f"{document.title} \n{also} \n{document.body}"[:_SOUNDED])
    return Counts(words, title, heard, _marks_of(document))


def _marks_of(document: Document) -> frozenset[str]:
    facets = (f"f:{name}={value}" for name, value in document.facets.items())
    return frozenset({f"k:{document.kind}", *(f"a:{token}" for token in document.audience), *facets})


def marks_wanted(query: Query) -> tuple[frozenset[str], ...]:
    """A document that may be shown bears one of each set; the mask, not this, decides."""
    wanted = [frozenset(f"k:{kind}" for kind in query.kinds)]
    if query.audience is not None:
        wanted.append(frozenset(f"a:{token}" for token in query.audience))
    for name, values in query.filters.items():
        if "" not in values:
            wanted.append(frozenset(f"f:{name}={value}" for value in values))
    return tuple(marks for marks in wanted if marks)


@dataclass(frozen=True, slots=True)
class Posting:
    """Where a term stands, in the order of places, and how often."""

    places: Places
    counts: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.places)

    def until(self, size: int) -> "Posting":
        if not len(self.places) or self.places[-1] < size:
            return self
        kept = int(np.searchsorted(self.places, size))
        return Posting(self.places[:kept], self.counts[:kept])

    def bears(self, places: Places) -> Mask:
        """Which of these places bear the term."""
        if not len(self.places):
            return np.zeros(len(places), dtype=bool)
        found = np.minimum(np.searchsorted(self.places, places), len(self.places) - 1)
        return np.asarray(self.places[found] == places)


NOWHERE = Posting(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class Weighed:
    """Terms that count together: the weight is for a document that bears them all."""

    field: Field
    terms: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Scope:
    """Where one question may look."""

    mask: Mask
    marks: tuple[frozenset[str], ...] = ()
    """As far as the mask can be said in marks: never narrower than it."""
    also: Places = field(default_factory=lambda: NOWHERE.places)
    """Places to be scored however little their words say, because something else speaks for them."""
    kinds: frozenset[str] = frozenset()
    """Of the documents among which bearers are counted; empty: all."""
    most: int = 120
    """How many places are worth scoring; an engine that can score them all does."""


class Reading(Protocol):
    """What one question reads: exact wherever a place was proposed, and silent elsewhere."""

    def posting(self, field: Field, term: str) -> Posting: ...

    def bearing_all(self, terms: tuple[str, ...]) -> tuple[Places, int]:
        """Proposed places that bear every one of these words, and how many documents do in all."""
        ...


class WordWriter(Protocol):
    """Everything between two commits; must be committed or cancelled."""

    def add(self, n: int, counts: Counts) -> None: ...

    def remove(self, n: int) -> None: ...

    def commit(self) -> None: ...

    def cancel(self) -> None: ...


class Lexical(Protocol):
    """The words of one generation: read by many threads, written by one process at a time."""

    def close(self) -> None: ...

    def refresh(self, columns: Columns) -> None:
        """See what was committed since; places are those of these columns from now on."""
        ...

    def writer(self) -> WordWriter: ...

    def frequency(self, field: Field, term: str, *, kinds: frozenset[str] = frozenset()) -> int:
        """In how many documents (of these kinds, if any are named) a term stands.

        Those that are gone may still be counted.
        """
        ...

    def borne(self, field: Field, terms: Sequence[str], places: Places) -> NDArray[np.bool_]:
        """Which of the terms stand at which of a few places: terms × places."""
        ...

    def reading(self, weighed: Iterable[Weighed], scope: Scope) -> Reading:
        """What to score a question from; `weighed` is only drawn by an engine that has to propose."""
        ...


@dataclass(frozen=True, slots=True)
class WordEngine:
    """An engine as a value: its name stands in the recipe of every index that it built."""

    name: str
    open: Callable[[Path], Lexical]
