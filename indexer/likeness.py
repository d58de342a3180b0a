"""How near vectors are to a question of several sentences: near to the whole of it, or to its best sentence.

Which vectors are looked at is for ``vectors`` to say. Invariant: a vector's likeness depends on it and on
the questions alone, whatever is compared beside it (up to rounding).
"""

import numpy as np
from numpy.typing import NDArray

from indexer.vector_store import Matrix

_AT_ONCE = 2_048
"""Vectors: so many products with a long question stay in the processor's cache until the best is chosen."""
_FULL = 4
"""Columns: a product of matrices takes as long for three as for four."""


def likeness(vectors: Matrix, questions: Matrix, *, sentence: float) -> NDArray[np.float32]:
    """For each vector the blend of two cosines: with the first question, which is the whole, and with the
    best of the others, its sentences, which weigh ``sentence`` of one."""
    if len(questions) == 1:
        alone: NDArray[np.float32] = vectors @ questions[0]
        return alone
    found = np.empty(len(vectors), dtype=np.float32)
    turned = np.ascontiguousarray(_filled(questions).T)
    for start in range(0, len(vectors), _AT_ONCE):
        cosines = np.ascontiguousarray((vectors[start : start + _AT_ONCE] @ turned).T)
        best = np.maximum.reduce(cosines[1:])
        found[start : start + _AT_ONCE] = (1.0 - sentence) * cosines[0] + sentence * best
    return found


def _filled(questions: Matrix) -> Matrix:
    missing = -len(questions) % _FULL
    return np.concatenate([questions, np.repeat(questions[-1:], missing, axis=0)])
