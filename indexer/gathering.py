"""The evidence of one question: what words, codes, meaning and nearness say of every place.

Only gathered and blended here; who comes first is settled in `reordering.py`. Invariant: no engine is
asked outside the mask.
"""

from collections.abc import Mapping

import numpy as np

from indexer import fusion
from indexer.asked import Asked, understood
from indexer.columns import Columns, Mask, Places
from indexer.document import Engine, Key, Query, StageName
from indexer.embedders import Matrix
from indexer.engines import Scope, marks_wanted
from indexer.evidence import Evidence
from indexer.explaining import Clock
from indexer.generation import View
from indexer.scoring import Scores, WordScores, score_words
from indexer.spelling import corrected
from indexer.tuning import Tuning
from indexer.vectors import Nearest

_RARE = 5
"""A code that more documents only mention than this points at none of them."""
_MOST_PINNING = 6
"""More codes than this are a pasted log, not a question about a code."""
_PROPOSED = 120
"""Documents that the words propose, where an engine cannot look at all of them."""
_NO_PLACES: Places = np.zeros(0, dtype=np.int64)


def _pinned(view: View, asked: Asked, mask: Mask) -> Scores:
    pinned = np.zeros(len(mask), dtype=np.float32)
    if len(asked.codes) > _MOST_PINNING:
        return pinned
    for code in asked.codes:
        bearers = view.store.bearers(code)
        for n, declared in bearers:
            place = int(view.columns.place_of_numbers(np.array([n], dtype=np.int64))[0])
            if place >= 0 and (declared or len(bearers) <= _RARE):
                pinned[place] = max(pinned[place], 1.0 if declared else 0.9)
    return fusion.allowed(pinned, mask)


def _near(columns: Columns, near: Mapping[str, str]) -> dict[str, Mask]:
    return {name: columns.near(name, value) for name, value in near.items() if value}


def _boost(columns: Columns, near: Mapping[str, Mask], tuning: Tuning) -> Scores:
    boost = np.zeros(len(columns), dtype=np.float32)
    for mask in near.values():
        boost += tuning.near * mask
    popularity = np.clip(columns.popularity, 0.0, 1.0)
    total: Scores = boost + np.float32(tuning.popularity) * popularity
    return total


def gather(
    view: View,
    query: Query,
    mask: Mask,
    *,
    meant: Matrix | None,
    tuning: Tuning,
    about: frozenset[Key],
    clock: Clock,
) -> Evidence:
    asked = corrected(understood(query.text, tuning, query.synonyms), view, tuning)
    words = meaning = None
    if meant is not None:
        with clock.of(StageName.MEANING):
            meaning = view.vectors.nearest(meant, mask, sentence=tuning.sentence)
    with clock.of(StageName.CODES):
        pinned = _pinned(view, asked, mask)
    if query.engine is not Engine.SEMANTIC or meant is None:
        spoken_for = _spoken_for(view.columns, meaning, pinned, about)
        most = max(_PROPOSED, 2 * query.limit)
        scope = Scope(mask, marks_wanted(query), spoken_for, view.shelf.kinds, most)
        with clock.of(StageName.WORDS):
            words = score_words(asked, view.columns, scope, view.shelf, tuning)
    near = _near(view.columns, query.near)
    return Evidence(asked, words, meaning, pinned, _boost(view.columns, near, tuning), near)


def _spoken_for(columns: Columns, meaning: Nearest | None, pinned: Scores, about: frozenset[Key]) -> Places:
    """Where something else than words points; their words must be known to be weighed against."""
    close = fusion.top(meaning.cosines, _PROPOSED // 2) if meaning is not None else _NO_PLACES
    named = [place for key in about if (place := columns.places.get(key)) is not None]
    return np.concatenate([close, np.flatnonzero(pinned > 0), np.array(named, dtype=np.int64)])


def _meaning_scores(evidence: Evidence) -> Scores | None:
    if evidence.meaning is None:
        return None
    return np.maximum(evidence.meaning.cosines, 0.0)


def meaning_weight(words: WordScores | None, tuning: Tuning) -> float:
    """The less of the question any document's words take up, the more its meaning counts."""
    if words is None or not len(words.bm25):
        return 1.0
    coverage = float(words.coverage[int(np.argmax(words.bm25))])
    share = min(1.0, coverage / tuning.covered)
    return tuning.meaning_alone - (tuning.meaning_alone - tuning.meaning) * share


def ranked(evidence: Evidence, *, most: int, tuning: Tuning) -> fusion.Fused:
    words = evidence.words.bm25 if evidence.words is not None else None
    return fusion.fused(
        words,
        _meaning_scores(evidence),
        weight=meaning_weight(evidence.words, tuning),
        boost=evidence.boost,
        pinned=evidence.pinned,
        most=most,
    )
