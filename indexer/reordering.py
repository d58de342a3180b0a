"""Who comes first among the first: the candidates in the order that judged questions have taught.

Without a learned order, by how each piece of the question is taken up. Invariant: nothing is added to
what the blend, the words or the meaning proposed, and nothing is lost behind it.
"""

from dataclasses import dataclass, replace

import numpy as np

from indexer import fusion
from indexer.columns import Places
from indexer.document import Key, Query
from indexer.embedders import Embedder, Matrix
from indexer.evidence import Evidence
from indexer.explaining import Clock
from indexer.gathering import gather, ranked
from indexer.generation import View
from indexer.late import late_scores
from indexer.ranking import Ranking, of_encoder
from indexer.scoring import Scores
from indexer.signals import Signals, signals
from indexer.tuning import Tuning

_PINNED_ODDS = 100.0
"""A document that bears an asked code stands first, whatever the rest says."""


def reordered(
    view: View,
    query: Query,
    evidence: Evidence,
    fused: fusion.Fused,
    *,
    embedder: Embedder,
    meant: Matrix | None,
    tuning: Tuning,
) -> tuple[fusion.Fused, Scores | None]:
    """The first hits in their final order, and how far each takes up the question's pieces."""
    ranking = of_encoder(embedder)
    if ranking is None or meant is None or evidence.words is None:
        return _reranked(view, query, evidence, fused, embedder=embedder, tuning=tuning)
    found = _candidates(view, query, evidence, fused, embedder=embedder, meant=meant, tuning=tuning)
    return _learned(evidence, fused, found, ranking=ranking, tuning=tuning), found.late


def _reranked(
    view: View, query: Query, evidence: Evidence, fused: fusion.Fused, *, embedder: Embedder, tuning: Tuning
) -> tuple[fusion.Fused, Scores | None]:
    """The first hits put in order again by how each piece of the question is taken up."""
    most = min(tuning.reranked, len(fused.places))
    places = fused.places[:most]
    late = late_scores(query.text, places, view.vectors.pieces, embedder, kinds=view.shelf.kinds)
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
    late = late_scores(query.text, places, view.vectors.pieces, embedder, kinds=view.shelf.kinds)
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
    view = view.weighing(query)
    mask, clock = view.columns.mask(query), Clock()
    evidence = gather(view, query, mask, meant=meant, tuning=tuning, about=frozenset(), clock=clock)
    fused = ranked(evidence, most=max(query.limit, tuning.reranked), tuning=tuning)
    found = _candidates(view, query, evidence, fused, embedder=embedder, meant=meant, tuning=tuning)
    return tuple(view.columns.keys[place] for place in found.places), found.signals


def _learned(
    evidence: Evidence, fused: fusion.Fused, found: Candidates, *, ranking: Ranking, tuning: Tuning
) -> fusion.Fused:
    """The first candidates in the order that judged questions have taught."""
    places = found.places
    if not len(places):  # narrowed to where nothing lies
        return fused
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
