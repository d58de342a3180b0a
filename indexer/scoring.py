"""Scores of words: BM25 over the postings, with the evidence that the confidence needs.

Pure arithmetic on arrays; where postings come from is the engine's business.
Invariant: a place outside the mask never gets a score, whatever its words.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.asked import Asked, Wanted
from indexer.columns import Columns, Mask
from indexer.lexical import Field, Lexical, Posting
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
    return math.log(1.0 + (documents - bearers + 0.5) / (bearers + 0.5))


class Scorer:
    """Gathers one question's scores; made for one search and thrown away."""

    def __init__(self, columns: Columns, lexical: Lexical, tuning: Tuning) -> None:
        size = len(columns)
        self._lexical = lexical
        self._postings = lexical.posting
        self._tuning = tuning
        self._documents = max(1, int(columns.live.sum()))
        relative = columns.lengths / max(1.0, columns.average_length)
        self._norm = (tuning.k1 * (1.0 - tuning.b + tuning.b * relative)).astype(np.float32)
        self._bm25 = np.zeros(size, dtype=np.float32)
        self._coverage = np.zeros(size, dtype=np.float32)
        self._titled = np.zeros(size, dtype=np.float32)
        self._total = 0.0

    def _saturated(self, posting: Posting) -> Scores:
        counts = posting.counts
        gain: Scores = counts * (self._tuning.k1 + 1.0) / (counts + self._norm[posting.places])
        return gain

    def _sounding(self, wanted: Wanted) -> Posting | None:
        if (
            len(wanted.text) != 2
            or wanted.kind not in (TermKind.PAIR, TermKind.WORD)
            or wanted.text.isascii()
        ):
            return None
        heard = [self._postings(Field.SOUND, pair) for pair in possible_pairs(wanted.text)]
        heard = [posting for posting in heard if len(posting)]
        return min(heard, key=len) if heard else None

    def add(self, wanted: Wanted) -> None:
        posting = self._postings(Field.WORDS, wanted.text)
        share = 1.0
        if not len(posting) and (heard := self._sounding(wanted)) is not None:
            posting, share = heard, self._tuning.sound
        weight = wanted.weight * rarity(self._documents, len(posting))
        self._total += weight
        if not len(posting):
            return
        self._bm25[posting.places] += share * weight * self._saturated(posting)
        self._coverage[posting.places] += share * weight
        self._add_title(wanted, share * weight)

    def _add_title(self, wanted: Wanted, weight: float) -> None:
        titled = self._postings(Field.TITLE, wanted.text)
        if len(titled):
            self._titled[titled.places] += weight
            self._bm25[titled.places] += self._tuning.title * weight

    def add_other(self, others: tuple[Alternative, ...]) -> None:
        """The best of the other ways to say it; where several fit, they are still one thing."""
        gain = np.zeros_like(self._bm25)
        for other in others:
            places = self._lexical.bearing_all(other.terms)
            if len(places):
                weight = self._tuning.synonym * rarity(self._documents, len(places))
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


def _rarest(asked: Asked, lexical: Lexical, most: int) -> list[Wanted]:
    if len(asked.terms) <= most:
        return list(asked.terms)
    known = [(len(lexical.posting(Field.WORDS, wanted.text)), wanted) for wanted in asked.terms]
    known.sort(key=lambda pair: (pair[0] == 0, pair[0]))
    return [wanted for _, wanted in known[:most]]


def score_words(asked: Asked, columns: Columns, mask: Mask, lexical: Lexical, tuning: Tuning) -> WordScores:
    scorer = Scorer(columns, lexical, tuning)
    for wanted in _rarest(asked, lexical, tuning.most_terms):
        scorer.add(wanted)
    for others in asked.others:
        scorer.add_other(others)
    return scorer.scores(mask)
