"""One search, from the question to hits: evidence of words, codes and meaning, put together.

It reads one `View` and writes nothing. Invariant: the mask is made before any engine is asked,
and every stage works inside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from indexer import fusion
from indexer.asked import Asked, understood
from indexer.columns import Columns, Mask, Places
from indexer.confidence import Calibration
from indexer.document import Document, Engine, Hit, Key, Query, StageName, Trace
from indexer.embedders import Embedder, Matrix
from indexer.engines import Scope, marks_wanted
from indexer.evidence import Evidence, best_passage, reasons_for, shared_words
from indexer.explaining import Clock, Done, trace
from indexer.features import described
from indexer.generation import View
from indexer.late import late_scores, piece_weight
from indexer.ranking import Ranking, of_encoder
from indexer.scoring import Scores, WordScores, score_words
from indexer.signals import Signals, signals
from indexer.spelling import corrected
from indexer.tuning import Tuning
from indexer.vectors import Nearest

_RARE = 5
"""A code that more documents only mention than this points at none of them."""
_MOST_PINNING = 6
"""More codes than this are a pasted log, not a question about a code."""
_PROPOSED = 120
"""Documents that the words propose, where an engine cannot look at all of them."""
_PINNED_ODDS = 100.0
"""A document that bears an asked code stands first, whatever the rest says."""
_MOST_SHOWN = 20
"""Hits that get a passage and reasons; what lies deeper is for evaluation."""


_NO_PLACES: Places = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Found:
    hits: tuple[Hit, ...]
    trace: Trace | None


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


def _gather(
    view: View,
    query: Query,
    mask: Mask,
    *,
    meant: Matrix | None,
    tuning: Tuning,
    about: frozenset[Key],
    clock: Clock,
) -> Evidence:
    asked = corrected(understood(query.text, tuning), view, tuning)
    words = meaning = None
    if meant is not None:
        with clock.of(StageName.MEANING):
            meaning = view.vectors.nearest(meant, mask, sentence=tuning.sentence)
    with clock.of(StageName.CODES):
        pinned = _pinned(view, asked, mask)
    if query.engine is not Engine.SEMANTIC or meant is None:
        spoken_for = _spoken_for(view.columns, meaning, pinned, about)
        most = max(_PROPOSED, 2 * query.limit)
        scope = Scope(mask, marks_wanted(query), spoken_for, most)
        with clock.of(StageName.WORDS):
            words = score_words(asked, view.columns, scope, view.lexical, tuning)
    near = _near(view.columns, query.near)
    return Evidence(asked, words, meaning, pinned, _boost(view.columns, near, tuning), near)


def _spoken_for(columns: Columns, meaning: Nearest | None, pinned: Scores, about: frozenset[Key]) -> Places:
    """Where something else than words points; their words must be known to be weighed against."""
    close = fusion.top(meaning.cosines, _PROPOSED // 2) if meaning is not None else _NO_PLACES
    named = [place for key in about if (place := columns.places.get(key)) is not None]
    return np.concatenate([close, np.flatnonzero(pinned > 0), np.array(named, dtype=np.int64)])


def _reranked(
    view: View, query: Query, evidence: Evidence, fused: fusion.Fused, *, embedder: Embedder, tuning: Tuning
) -> tuple[fusion.Fused, Scores | None]:
    """The first hits put in order again by how each piece of the question is taken up."""
    most = min(tuning.reranked, len(fused.places))
    places = fused.places[:most]
    late = late_scores(query.text, places, view.vectors.pieces, embedder)
    if late is None or not most:
        return fused, None
    scores = fused.scores[:most] + np.float32(tuning.late) * late
    order = np.argsort(-scores, kind="stable")
    rest = fused.scores[most:]
    kept = fusion.Fused(
        np.concatenate([places[order], fused.places[most:]]), np.concatenate([scores[order], rest])
    )
    by_place = np.zeros(len(view.columns), dtype=np.float32)
    by_place[places] = late
    return kept, by_place


def _proposed(fused: fusion.Fused, evidence: Evidence, *, most: int) -> Places:
    """The first of the blend, and those that words or meaning alone put far ahead."""
    halves = [fused.places[:most]]
    if evidence.words is not None:
        halves.append(fusion.top(evidence.words.bm25, most // 3))
    if evidence.meaning is not None:
        halves.append(fusion.top(evidence.meaning.cosines, most // 3))
    together = np.concatenate(halves)
    _, first = np.unique(together, return_index=True)
    return together[np.sort(first)]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who may come first, and what speaks for each of them."""

    places: Places
    signals: Signals
    late: Scores | None


def _candidates(
    view: View,
    query: Query,
    evidence: Evidence,
    fused: fusion.Fused,
    *,
    embedder: Embedder,
    meant: Matrix,
    tuning: Tuning,
) -> Candidates:
    places = _proposed(fused, evidence, most=tuning.reranked)
    late = late_scores(query.text, places, view.vectors.pieces, embedder)
    by_place = np.zeros(len(view.columns), dtype=np.float32)
    if late is not None:
        by_place[places] = late
    told = replace(evidence, late=by_place)
    found = signals(view, told, places, meant=meant, length=len(query.text))
    return Candidates(places, found, by_place if late is not None else None)


def candidates(
    view: View, query: Query, *, embedder: Embedder, meant: Matrix, tuning: Tuning
) -> tuple[tuple[Key, ...], Signals]:
    """What a learned order is learned from: the candidates of one question and their signals."""
    mask, clock = view.columns.mask(query), Clock()
    evidence = _gather(view, query, mask, meant=meant, tuning=tuning, about=frozenset(), clock=clock)
    fused = _ranked(evidence, most=max(query.limit, tuning.reranked), tuning=tuning)
    found = _candidates(view, query, evidence, fused, embedder=embedder, meant=meant, tuning=tuning)
    return tuple(view.columns.keys[place] for place in found.places), found.signals


def _learned(
    evidence: Evidence, fused: fusion.Fused, found: Candidates, *, ranking: Ranking, tuning: Tuning
) -> fusion.Fused:
    """The first candidates in the order that judged questions have taught."""
    places = found.places
    odds = ranking.scores(found.signals) + tuning.near_odds * evidence.boost[places]
    odds += _PINNED_ODDS * evidence.pinned[places]
    order = np.argsort(-odds, kind="stable")
    behind = ~np.isin(fused.places, places)
    highest = float(fused.scores[behind].max()) if behind.any() else 0.0
    scores = highest + 0.1 + np.exp(np.clip(odds[order] - odds.max(), -30.0, 0.0))
    return fusion.Fused(
        np.concatenate([places[order], fused.places[behind]]),
        np.concatenate([scores, fused.scores[behind]]).astype(np.float32),
    )


def _meaning_scores(evidence: Evidence) -> Scores | None:
    if evidence.meaning is None:
        return None
    return np.maximum(evidence.meaning.cosines, 0.0)


def _meaning_weight(words: WordScores | None, tuning: Tuning) -> float:
    """The less of the question any document's words take up, the more its meaning counts."""
    if words is None or not len(words.bm25):
        return 1.0
    coverage = float(words.coverage[int(np.argmax(words.bm25))])
    share = min(1.0, coverage / tuning.covered)
    return tuning.meaning_alone - (tuning.meaning_alone - tuning.meaning) * share


def _ranked(evidence: Evidence, *, most: int, tuning: Tuning) -> fusion.Fused:
    words = evidence.words.bm25 if evidence.words is not None else None
    return fusion.fused(
        words,
        _meaning_scores(evidence),
        weight=_meaning_weight(evidence.words, tuning),
        boost=evidence.boost,
        pinned=evidence.pinned,
        most=most,
    )


def _falling(probabilities: list[float]) -> list[float]:
    """A hit is never surer than the one above it."""
    lowest, falling = 1.0, []
    for probability in probabilities:
        lowest = min(lowest, probability)
        falling.append(lowest)
    return falling


def search(
    view: View,
    query: Query,
    *,
    embedder: Embedder | None,
    meant: Matrix | None,
    calibration: Calibration,
    tuning: Tuning,
    explain: bool,
    about: frozenset[Key] = frozenset(),
) -> Found:
    """`about`: documents whose standing is told too, however deep they lie (only with `explain`)."""
    clock = Clock()
    mask = view.columns.mask(query)
    evidence = _gather(view, query, mask, meant=meant, tuning=tuning, about=about, clock=clock)
    with clock.of(StageName.FUSED):
        fused = first = _ranked(evidence, most=max(query.limit, tuning.reranked), tuning=tuning)
    if embedder is not None and evidence.meaning is not None:
        with clock.of(StageName.LATE):
            ranking = of_encoder(embedder)
            if ranking is None or meant is None or evidence.words is None:
                fused, late = _reranked(view, query, evidence, fused, embedder=embedder, tuning=tuning)
            else:
                found = _candidates(
                    view, query, evidence, fused, embedder=embedder, meant=meant, tuning=tuning
                )
                fused, late = _learned(evidence, fused, found, ranking=ranking, tuning=tuning), found.late
        weight = piece_weight(query.text, view.vectors.pieces, embedder)
        evidence = replace(evidence, late=late, late_weight=weight)
    documents = _documents(view, fused.places[: min(query.limit, _MOST_SHOWN)])
    rows = described(view, evidence, fused, documents, most=min(query.limit, _MOST_SHOWN))
    told = None
    if explain:
        weight = _meaning_weight(evidence.words, tuning) if evidence.meaning is not None else 0.0
        done = Done(evidence, mask, first, fused, weight, clock.took_ms)
        told = _told(view, done, rows, calibration=calibration, tuning=tuning, about=about)
    fused = fusion.Fused(fused.places[: query.limit], fused.scores[: query.limit])
    return Found(tuple(_hits(view, evidence, fused, rows, documents, calibration)), told)


def _told(
    view: View,
    done: Done,
    rows: list[dict[str, float]],
    *,
    calibration: Calibration,
    tuning: Tuning,
    about: frozenset[Key],
) -> Trace:
    keys = [view.columns.keys[place] for place in done.final.places]
    features = dict(zip(keys, rows, strict=False))
    places = view.columns.places
    if asked := [key for key in sorted(about - features.keys()) if key in places and done.mask[places[key]]]:
        everything = _ranked(done.evidence, most=len(view.columns), tuning=tuning)
        done = replace(done, fused=everything, final=_followed(done.final, everything))
        features |= _features_of(view, done, asked)
    return trace(view, done, features, calibration=calibration, about=about)


def _followed(final: fusion.Fused, everything: fusion.Fused) -> fusion.Fused:
    """The final order with all that lies behind it."""
    behind = ~np.isin(everything.places, final.places)
    return fusion.Fused(
        np.concatenate([final.places, everything.places[behind]]),
        np.concatenate([final.scores, everything.scores[behind]]),
    )


def _features_of(view: View, done: Done, keys: list[Key]) -> dict[Key, dict[str, float]]:
    """Of documents that did not make it to the top, as if they stood behind the first one."""
    places = np.array([view.columns.places[key] for key in keys], dtype=np.int64)
    leader = done.final.places[:1]
    beside = fusion.Fused(np.concatenate([leader, places]), np.zeros(len(leader) + len(places), np.float32))
    documents = _documents(view, beside.places)
    rows = described(view, done.evidence, beside, documents, most=len(beside.places))
    return dict(zip(keys, rows[len(leader) :], strict=True))


def _probabilities(rows: list[dict[str, float]], count: int, calibration: Calibration) -> list[float]:
    """Behind the hits that were looked at closely, a value that falls with the rank."""
    found = [calibration.probability(row) for row in rows]
    lowest = min(found, default=0.0)
    return _falling(found + [lowest * 0.5 / (1 + rank) for rank in range(count - len(found))])


def _hits(
    view: View,
    evidence: Evidence,
    fused: fusion.Fused,
    rows: list[dict[str, float]],
    documents: Mapping[int, Document],
    calibration: Calibration,
) -> Iterator[Hit]:
    probabilities = _probabilities(rows, len(fused.places), calibration)
    shown = np.array([place for place in fused.places.tolist() if place in documents], dtype=np.int64)
    shared = shared_words(shown, evidence, view)
    for place, score, probability in zip(fused.places.tolist(), fused.scores, probabilities, strict=True):
        kind, id_ = view.columns.keys[place]
        document = documents.get(place)
        yield Hit(
            kind,
            id_,
            score=float(score),
            probability=probability,
            trusted=probability >= calibration.trusted_from,
            why=reasons_for(place, document, evidence, view, shared=shared[place]) if document else (),
            passage=best_passage(place, document, evidence) if document else "",
        )


def _documents(view: View, places: Places) -> dict[int, Document]:
    """The texts of the hits that a person will look at, by place."""
    numbers = {int(view.columns.numbers[place]): int(place) for place in places}
    return {numbers[n]: document for n, document in view.store.documents(numbers).items()}
