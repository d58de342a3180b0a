"""Scores of words: BM25 over the postings, with the evidence that the confidence needs.

Pure arithmetic on arrays; where postings come from is the engine's business.
Invariant: a place outside the mask never gets a score, whatever its words.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.asked import Asked, Wanted
from indexer.columns import Columns, Mask
from indexer.engines import Field, Posting, Reading, Scope, Weighed
from indexer.shelves import Shelf
from indexer.sounds import possible_pairs
from indexer.synonyms import Alternative
from indexer.text import TermKind
from indexer.tuning import Tuning

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class WordScores:
    bm25: Scores
    coverage: Scores
    """The share of the question's weight that the document knows."""
    titled: Scores
    """The share of the question's weight that stands in the title."""
    total: float
    """The question's whole weight, in bits of rarity."""


def rarity(documents: int, bearers: int) -> float:
    """Never below nothing: engines may still count bearers that are gone."""
    bearers = min(bearers, documents)
    return math.log(1.0 + (documents - bearers + 0.5) / (bearers + 0.5))


@dataclass(frozen=True, slots=True)
class _Sought:
    """One term of the question as it is looked up: as written, or by its sound where nobody wrote it so."""

    wanted: Wanted
    field: Field
    term: str
    known: bool
    """Does anything that is looked through bear it?"""
    weight: float
    """In bits of rarity."""
    share: float
    """Of the weight, what a document that bears it gets."""

    @property
    def gain(self) -> float:
        return self.share * self.weight


def _sounding(wanted: Wanted, shelf: Shelf) -> str | None:
    """The rarest of the ways it may sound."""
    if len(wanted.text) != 2 or wanted.kind not in (TermKind.PAIR, TermKind.WORD) or wanted.text.isascii():
        return None
    heard = [pair for pair in possible_pairs(wanted.text) if shelf.knows(Field.SOUND, pair)]
    return min(heard, key=lambda pair: shelf.frequency(Field.SOUND, pair), default=None)


def _sought(wanted: Wanted, shelf: Shelf, tuning: Tuning) -> _Sought:
    field, term, share = Field.WORDS, wanted.text, 1.0
    known = shelf.knows(field, term)
    if not known and (heard := _sounding(wanted, shelf)) is not None:
        known, term, field, share = True, heard, Field.SOUND, tuning.sound
    weight = wanted.weight * rarity(shelf.documents, shelf.frequency(field, term))
    return _Sought(wanted, field, term, known, weight, share)


class Scorer:
    """Gathers one question's scores; made for one search and thrown away."""

    def __init__(self, columns: Columns, reading: Reading, shelf: Shelf, tuning: Tuning) -> None:
        size = len(columns)
        self._reading = reading
        self._tuning = tuning
        self._documents = shelf.documents
        relative = columns.lengths / max(1.0, shelf.average_length)
        self._norm = (tuning.k1 * (1.0 - tuning.b + tuning.b * relative)).astype(np.float32)
        self._bm25 = np.zeros(size, dtype=np.float32)
        self._coverage = np.zeros(size, dtype=np.float32)
        self._titled = np.zeros(size, dtype=np.float32)
        self._total = 0.0

    def _saturated(self, posting: Posting) -> Scores:
        counts = posting.counts
        gain: Scores = counts * (self._tuning.k1 + 1.0) / (counts + self._norm[posting.places])
        return gain

    def add(self, sought: _Sought) -> None:
        self._total += sought.weight
        if not sought.known:
            return
        posting = self._reading.posting(sought.field, sought.term)
        self._bm25[posting.places] += sought.share * sought.weight * self._saturated(posting)
        self._coverage[posting.places] += sought.share * sought.weight
        self._add_title(sought)

    def _add_title(self, sought: _Sought) -> None:
        titled = self._reading.posting(Field.TITLE, sought.wanted.text)
        if len(titled):
            self._titled[titled.places] += sought.gain
            self._bm25[titled.places] += self._tuning.title * sought.gain

    def add_other(self, others: tuple[Alternative, ...]) -> None:
        """The best of the other ways to say it; where several fit, they are still one thing."""
        found = [self._reading.bearing_all(other.terms) for other in others]
        if not any(len(places) for places, _ in found):
            return
        gain = np.zeros_like(self._bm25)
        for places, bearers in found:
            if len(places):
                weight = self._tuning.synonym * rarity(self._documents, bearers)
                gain[places] = np.maximum(gain[places], weight)
        self._bm25 += gain
        self._coverage += gain

    def scores(self, mask: Mask) -> WordScores:
        total = max(self._total, 1e-6)
        return WordScores(
            np.where(mask, self._bm25, 0.0).astype(np.float32),
            np.where(mask, np.minimum(self._coverage / total, 1.0), 0.0).astype(np.float32),
            np.where(mask, self._titled / total, 0.0).astype(np.float32),
            self._total,
        )


def _rarest(asked: Asked, shelf: Shelf, most: int) -> list[Wanted]:
    if len(asked.terms) <= most:
        return list(asked.terms)
    known = [(shelf.frequency(Field.WORDS, wanted.text), wanted) for wanted in asked.terms]
    known.sort(key=lambda pair: (pair[0] == 0, pair[0]))
    return [wanted for _, wanted in known[:most]]


def _weighed(sought: Iterable[_Sought], asked: Asked, shelf: Shelf, tuning: Tuning) -> Iterator[Weighed]:
    """The same formula, told to an engine that proposes before anything is counted."""
    for one in sought:
        if one.known:
            yield Weighed(one.field, (one.term,), one.gain)
            yield Weighed(Field.TITLE, (one.wanted.text,), tuning.title * one.gain)
    for other in (other for others in asked.others for other in others):
        if all(shelf.knows(Field.WORDS, term) for term in other.terms):
            rarest = min(shelf.frequency(Field.WORDS, term) for term in other.terms)
            yield Weighed(Field.WORDS, other.terms, tuning.synonym * rarity(shelf.documents, rarest))


def score_words(asked: Asked, columns: Columns, scope: Scope, shelf: Shelf, tuning: Tuning) -> WordScores:
    chosen = _rarest(asked, shelf, tuning.most_terms)
    sought = [_sought(wanted, shelf, tuning) for wanted in chosen]
    reading = shelf.lexical.reading(_weighed(sought, asked, shelf, tuning), scope)
    scorer = Scorer(columns, reading, shelf, tuning)
    for one in sought:
        scorer.add(one)
    for others in asked.others:
        scorer.add_other(others)
    return scorer.scores(scope.mask)
