"""Puts the engines' opinions together: a weighted sum of normalised scores, codes on top.

Pure arithmetic. Rank fusion is not used: it is worse than the better half whenever the
halves differ in strength. Invariant: a place that no engine proposed is never in the result.
"""

from dataclasses import dataclass

import numpy as np

from indexer.columns import Mask, Places
from indexer.scoring import Scores


@dataclass(frozen=True, slots=True)
class Fused:
    places: Places
    scores: Scores


def top(scores: Scores, most: int) -> Places:
    """The places of the highest positive scores, best first; ties by place."""
    positive = np.flatnonzero(scores > 0)
    if len(positive) > most:
        edge = np.partition(scores[positive], -most)[-most]
        positive = positive[scores[positive] >= edge]
    order = np.lexsort((positive, -scores[positive]))
    return positive[order][:most]


def normalised(scores: Scores) -> Scores:
    """By the best: the word score of the best document is 1 whatever the question's length."""
    best = float(scores.max()) if len(scores) else 0.0
    return (scores / best).astype(np.float32) if best > 0 else np.zeros_like(scores)


def fused(
    words: Scores | None, meaning: Scores | None, *, weight: float, boost: Scores, pinned: Scores, most: int
) -> Fused:
    """`pinned` is at least 1 for a document that bears an asked code, and beats any sum."""
    total = _blend(words, meaning, weight=weight)
    total = np.where((total > 0) | (pinned > 0), total * (1.0 + boost) + 10.0 * pinned, 0.0).astype(
        np.float32
    )
    places = top(total, most)
    return Fused(places, total[places])


def _blend(words: Scores | None, meaning: Scores | None, *, weight: float) -> Scores:
    if words is None and meaning is None:
        raise ValueError("nothing to fuse")
    if meaning is None:
        return normalised(words) if words is not None else np.zeros(0, dtype=np.float32)
    if words is None:
        return meaning
    blend: Scores = (1.0 - weight) * normalised(words) + weight * meaning
    return blend


def allowed(scores: Scores, mask: Mask) -> Scores:
    kept: Scores = np.where(mask, scores, 0.0).astype(np.float32)
    return kept
