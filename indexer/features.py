"""Numbers that tell an answer from a look-alike, for the few hits at the top.

The ranking is done; this asks how much of the question each hit really takes up, and how much
of its title was asked for. Invariant: every feature lies roughly between -1 and 1 and does not
depend on how many documents there are, so that one calibration serves small and large desks.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from indexer.asked import Wanted, stop_words
from indexer.columns import Places
from indexer.document import Document
from indexer.engines import Field
from indexer.evidence import Evidence
from indexer.fusion import Fused
from indexer.generation import View
from indexer.scoring import Scores, rarity
from indexer.text import TermKind, count_terms, han_runs

MOST_TERMS = 80
_RAREST = 4
_BITS = 60.0
_LOG_BITS = 5.0
_LONGEST_TITLE = 200
_WORDS = (TermKind.WORD, TermKind.CODE)


@dataclass(frozen=True, slots=True)
class Match:
    """Which of the question's terms stand in which of the top hits."""

    wanted: Sequence[Wanted]
    weights: NDArray[np.float64]
    borne: NDArray[np.bool_]
    """terms × hits"""
    known: NDArray[np.bool_]
    """terms that any document of the shelf bears"""

    def share(self, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """For each hit, the weighted share of the chosen terms that it bears."""
        weights = self.weights * chosen
        total = weights.sum()
        return np.asarray(weights @ self.borne / max(float(total), 1e-9), dtype=np.float64)


def matched(view: View, wanted: Sequence[Wanted], places: Places) -> Match:
    documents = view.shelf.documents
    texts = [term.text for term in wanted]
    frequencies = [view.shelf.frequency(Field.WORDS, text) for text in texts]
    rarities = [rarity(documents, frequency) for frequency in frequencies]
    weights = np.array([term.weight for term in wanted]) * np.array(rarities)
    borne = view.lexical.borne(Field.WORDS, texts, places)
    return Match(wanted, weights, borne, np.array(frequencies) > 0)


@lru_cache(maxsize=4_096)
def _title_terms(title: str) -> frozenset[str]:
    """The distinct terms of a title that say something; a single Chinese character says nothing."""
    found = count_terms(title[:_LONGEST_TITLE]).keys() - stop_words()
    return frozenset(term for term in found if len(term) > 1 or not han_runs(term))


def _asked_title(view: View, title: str, asked: frozenset[str]) -> float:
    """How much of the title was asked for, by the rarity of its terms."""
    documents = view.shelf.documents
    covered = total = 0.0
    for text in _title_terms(title):
        weight = rarity(documents, view.shelf.frequency(Field.WORDS, text))
        total += weight
        covered += weight * (text in asked)
    return covered / total if total else 0.0


def _asked_titles(
    view: View, evidence: Evidence, documents: Mapping[int, Document], places: Places
) -> NDArray[np.float64]:
    asked = frozenset(term.text for term in evidence.asked.terms)
    found = [documents.get(place) for place in places.tolist()]
    return np.array([_asked_title(view, one.title, asked) if one is not None else 0.0 for one in found])


def _gaps(scores: Scores, places: Places) -> NDArray[np.float64]:
    """By how much each hit leads the one it has to beat: the next for the first, the first for others."""
    found = scores[places].astype(np.float64)
    if len(found) < 2 or found[0] <= 0:
        return np.ones(len(found))
    rival = np.full(len(found), found.max())
    rival[0] = found[1:].max()
    led = (found - rival) / np.maximum(found, rival).clip(1e-6)
    return np.asarray(np.clip(led, -1.0, 1.0))


def _rarest(match: Match) -> NDArray[np.bool_]:
    chosen = np.zeros(len(match.wanted), dtype=bool)
    rows = [row for row, term in enumerate(match.wanted) if term.kind in _WORDS]
    rows.sort(key=lambda row: -match.weights[row])
    chosen[rows[:_RAREST]] = True
    return chosen


def _word_features(view: View, evidence: Evidence, places: Places) -> dict[str, NDArray[np.float64]]:
    wanted = evidence.asked.terms[:MOST_TERMS]
    match = matched(view, wanted, places)
    words = np.array([term.kind in _WORDS for term in wanted], dtype=bool)
    total = float(match.weights.sum())
    unknown = float((match.weights * ~match.known).sum()) / total if total else 1.0
    everything = np.ones(len(wanted), dtype=bool)
    coverage = match.share(everything)
    return {
        "coverage": coverage,
        "word_coverage": match.share(words),
        "rarest": match.share(_rarest(match)),
        "unknown": np.full(len(places), unknown),
        "substance": np.full(len(places), min(1.0, total / _BITS)),
        "evidence": coverage * min(1.0, total / _BITS),
        "matched": np.log1p(coverage * total) / _LOG_BITS,
    }


def described(
    view: View, evidence: Evidence, fused: Fused, documents: Mapping[int, Document], *, most: int
) -> list[dict[str, float]]:
    """One row of features for each of the first `most` hits."""
    places = fused.places[:most]
    columns: dict[str, NDArray[np.float64]] = {
        "pinned": (evidence.pinned[places] > 0).astype(np.float64),
        "first": (np.arange(len(places)) == 0).astype(np.float64),
        "length": np.full(len(places), math.log1p(len(evidence.asked.terms)) / 5.0),
    }
    if evidence.words is not None:
        columns |= _word_features(view, evidence, places)
        columns["gap"] = _gaps(evidence.words.bm25, places)
        columns["titled"] = evidence.words.titled[places].astype(np.float64)
        columns["title_asked"] = _asked_titles(view, evidence, documents, places)
    if evidence.meaning is not None:
        columns["cosine"] = evidence.meaning.cosines[places].astype(np.float64)
        columns["cosine_gap"] = _gaps(evidence.meaning.cosines, places)
        columns["agree"] = _agreement(evidence, places)
    if evidence.late is not None:
        columns["late"] = evidence.late[places].astype(np.float64)
        columns["late_gap"] = _gaps(evidence.late, places)
        columns["late_matched"] = np.log1p(columns["late"] * evidence.late_weight) / _LOG_BITS
    for name, mask in evidence.near.items():
        columns[f"same_{name}"] = mask[places].astype(np.float64)
    return [{name: float(column[row]) for name, column in columns.items()} for row in range(len(places))]


def _agreement(evidence: Evidence, places: Places) -> NDArray[np.float64]:
    """1 for a hit that words and meaning both put first."""
    if evidence.words is None or evidence.meaning is None or not len(places):
        return np.zeros(len(places))
    first = (int(np.argmax(evidence.words.bm25)), int(np.argmax(evidence.meaning.cosines)))
    return np.array([float(place == first[0] == first[1]) for place in places.tolist()])
