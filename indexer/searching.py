"""One search, from the question to hits: evidence of words, codes and meaning, put together.

It reads one `View` and writes nothing. Invariant: the mask is made before any engine is asked,
and every stage works inside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from indexer import fusion
from indexer.columns import Places
from indexer.confidence import Calibration
from indexer.document import Document, Hit, Key, Query, StageName, Trace
from indexer.embedders import Embedder, Matrix
from indexer.evidence import Evidence, best_passage, reasons_for, shared_words
from indexer.explaining import Clock, Done, trace
from indexer.features import described
from indexer.gathering import gather, meaning_weight, ranked
from indexer.generation import View
from indexer.late import piece_weight
from indexer.reordering import reordered
from indexer.tuning import Tuning

_MOST_SHOWN = 20
"""Hits that get a passage and reasons; what lies deeper is for evaluation."""


@dataclass(frozen=True, slots=True)
class Found:
    hits: tuple[Hit, ...]
    trace: Trace | None


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
    clock, view = Clock(), view.weighing(query)
    mask = view.columns.mask(query)
    evidence = gather(view, query, mask, meant=meant, tuning=tuning, about=about, clock=clock)
    with clock.of(StageName.FUSED):
        fused = first = ranked(evidence, most=max(query.limit, tuning.reranked), tuning=tuning)
    if embedder is not None and evidence.meaning is not None:
        with clock.of(StageName.LATE):
            fused, late = reordered(
                view, query, evidence, fused, embedder=embedder, meant=meant, tuning=tuning
            )
        weight = piece_weight(query.text, view.vectors.pieces, embedder, kinds=view.shelf.kinds)
        evidence = replace(evidence, late=late, late_weight=weight)
    documents = _documents(view, fused.places[: min(query.limit, _MOST_SHOWN)])
    rows = described(view, evidence, fused, documents, most=min(query.limit, _MOST_SHOWN))
    told = None
    if explain:
        weight = meaning_weight(evidence.words, tuning) if evidence.meaning is not None else 0.0
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
        everything = ranked(done.evidence, most=len(view.columns), tuning=tuning)
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
