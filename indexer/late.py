"""Late interaction: each piece of the question looks for its nearest piece in the document.

A rare piece that finds nothing alike says "this is about something else" far more clearly
than any mean of vectors, which is why the confidence leans on it. Only for encoders that
have a vector for each piece. Invariant: the result lies between 0 and 1.
"""

import numpy as np
from numpy.typing import NDArray

from indexer.columns import Places
from indexer.embedders import Embedder, Ids
from indexer.scoring import Scores, rarity
from indexer.vectors import PieceLists

_ALIKE = 0.3
"""Cosines below this are noise."""


def _rarities(ids: NDArray[np.int32], lists: PieceLists, kinds: frozenset[str]) -> NDArray[np.float32]:
    documents, bearers = lists.borne(ids, kinds)
    return np.array([rarity(max(1, documents), count) for count in bearers.tolist()], dtype=np.float32)


def piece_weight(
    text: str, lists: PieceLists, embedder: Embedder, *, kinds: frozenset[str] = frozenset()
) -> float:
    """How much there is to find: a long and particular question can be answered more surely."""
    ids = embedder.piece_ids(text)
    return 0.0 if ids is None or not len(lists) else float(_rarities(ids, lists, kinds).sum())


def late_scores(
    text: str, places: Places, lists: PieceLists, embedder: Embedder, *, kinds: frozenset[str] = frozenset()
) -> Scores | None:
    """For each of the places, the weighted share of the question's pieces that it takes up."""
    ids = embedder.piece_ids(text)
    if ids is None or not len(ids) or not len(lists):
        return None
    held = [lists.of(int(place)) for place in places]
    scores = np.zeros(len(places), dtype=np.float32)
    lengths = np.array([len(pieces) for pieces in held])
    if not lengths.any():
        return scores
    there, position = _distinct(np.concatenate(held))
    likeness = embedder.piece_vectors(there) @ embedder.piece_vectors(ids).T
    likeness[likeness < _ALIKE] = 0.0
    weights = _rarities(ids, lists, kinds)
    rows = np.flatnonzero(lengths)
    starts = np.cumsum(lengths[rows]) - lengths[rows]
    best = np.maximum.reduceat(likeness[position], starts, axis=0)
    scores[rows] = best @ weights / max(float(weights.sum()), 1e-6)
    return np.clip(scores, 0.0, 1.0)


def _distinct(pieces: Ids) -> tuple[Ids, Ids]:
    """Each piece once, ascending, and where in that row each of the given ones stands."""
    seen = np.zeros(int(pieces.max()) + 1, dtype=np.bool_)
    seen[pieces] = True  # a vocabulary is small: marking it takes a fraction of sorting
    there = np.flatnonzero(seen).astype(np.int32)
    position = np.zeros(len(seen), dtype=np.int32)
    position[there] = np.arange(len(there), dtype=np.int32)
    return there, position[pieces]
