"""Which of the candidates is the likeliest: a conditional logit over what tells records apart.

Learned from reports whose record is known and among the candidates. Whether the likeliest is likely
enough is asked in `model.py`. Invariant: the shares of a report's candidates sum to 1.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.linking.signs import CHOOSING, believed, standard

Weights = NDArray[np.float64]
_RIDGE = 12.0
_STEPS = 30


def shares(rows: Sequence[Mapping[str, float]], weights: Weights) -> NDArray[np.float64]:
    return _softmax(standard(rows, CHOOSING) @ weights)


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    raised = np.exp(scores - scores.max())
    return np.asarray(raised / raised.sum())


def learned(choices: Sequence[tuple[Sequence[Mapping[str, float]], int]]) -> Weights:
    """Newton's method from what is believed; each choice is its candidates and which of them was right."""
    prior = believed(CHOOSING, choosing=True)
    sets = [(standard(rows, CHOOSING), right) for rows, right in choices]
    weights = prior.copy()
    reached = _loss(sets, weights, prior)
    for _ in range(_STEPS):
        step = np.linalg.solve(*_bend_and_slope(sets, weights, prior))
        while (loss := _loss(sets, weights - step, prior)) > reached and float(np.abs(step).max()) > 1e-6:
            step = step / 2.0
        weights, reached = weights - step, loss
        if float(np.abs(step).max()) < 1e-6:
            break
    return weights


def _loss(sets: Sequence[tuple[Weights, int]], weights: Weights, prior: Weights) -> float:
    missed = sum(-float(np.log(max(_softmax(rows @ weights)[right], 1e-300))) for rows, right in sets)
    return missed + 0.5 * _RIDGE * float(((weights - prior) ** 2).sum())


def _bend_and_slope(
    sets: Sequence[tuple[Weights, int]], weights: Weights, prior: Weights
) -> tuple[Weights, Weights]:
    slope, bend = _RIDGE * (weights - prior), _RIDGE * np.eye(len(weights))
    for rows, right in sets:
        chances = _softmax(rows @ weights)
        mean = chances @ rows
        slope = slope + mean - rows[right]
        bend = bend + (rows * chances[:, None]).T @ rows - np.outer(mean, mean)
    return bend, slope
