"""From evidence to a probability that the hit answers, and the threshold above which to say so.

A fused score ranks; it is no confidence. Here the evidence of one hit goes through a logistic
with weights fitted on judged pairs. The shipped weights are a cold start and say so; a desk
refits them from its own links. Invariant: the probability lies between 0 and 1.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from indexer.shares import wilson_lower as wilson_lower

LIKELIER = 0.5
"""What is likelier wrong than right is never trusted, however well the promise holds on the whole."""
LEAST_LABELS = 100
"""Below this many judged pairs nothing is refitted and no percentage is shown."""


@dataclass(frozen=True, slots=True)
class Calibration:
    weights: Mapping[str, float]
    bias: float
    trusted_from: float
    """A hit of at least this probability is shown as trustworthy."""
    cold_start: bool
    made_from: str
    pairs: int = 0
    """How many judged pairs it was fitted on; 0 where nobody counted."""
    learned_at: str = ""

    @property
    def version(self) -> str:
        """Names these weights and no others; every probability that is stored says which made it."""
        digest = hashlib.sha256(self.as_json().encode()).hexdigest()[:8]
        return f"{'cold' if self.cold_start else self.pairs}-{digest}"

    def probability(self, features: Mapping[str, float]) -> float:
        total = self.bias + sum(weight * features.get(name, 0.0) for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Judged:
    """One hit that somebody (or a judged set) has called right or wrong."""

    features: Mapping[str, float]
    right: bool
    weight: float = 1.0


def from_json(text: str) -> Calibration:
    """Raises ValueError when it is none."""
    try:
        held = json.loads(text)
        return Calibration(
            {str(name): float(weight) for name, weight in held["weights"].items()},
            float(held["bias"]),
            float(held["trusted_from"]),
            bool(held["cold_start"]),
            str(held["made_from"]),
            int(held.get("pairs", 0)),
            str(held.get("learned_at", "")),
        )
    except (KeyError, TypeError, AttributeError) as fault:
        raise ValueError("not a calibration") from fault


@cache
def shipped(name: str) -> Calibration:
    """`lexical` or `hybrid`: each way of answering has its own."""
    return from_json(files("indexer").joinpath(f"tables/calibration_{name}.json").read_text(encoding="utf-8"))


PRIORS = {"pinned": 4.0}
"""What is known before any label: somebody who types a code means that code."""
_FIRM = 1_000.0


def solved(
    inputs: NDArray[np.float64],
    truths: NDArray[np.float64],
    importance: NDArray[np.float64],
    *,
    prior: NDArray[np.float64],
    penalty: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Newton's method on the likelihood, with a penalty for leaving the prior; it never steps uphill."""

    def loss(weights: NDArray[np.float64]) -> float:
        totals = inputs @ weights
        likely = importance @ (np.logaddexp(0.0, totals) - truths * totals)
        return float(likely + 0.5 * penalty @ (weights - prior) ** 2)

    found, reached = prior.copy(), loss(prior)
    for _ in range(50):
        chances = 1.0 / (1.0 + np.exp(-np.clip(inputs @ found, -30.0, 30.0)))
        slope = inputs.T @ (importance * (chances - truths)) + penalty * (found - prior)
        spread = importance * chances * (1.0 - chances)
        step = np.linalg.solve((inputs * spread[:, None]).T @ inputs + np.diag(penalty), slope)
        while (next_ := loss(found - step)) > reached and float(np.abs(step).max()) > 1e-7:
            step = step / 2.0
        found, reached = found - step, next_
        if float(np.abs(step).max()) < 1e-7:
            break
    return found


def threshold(probabilities: Sequence[float], truths: Sequence[bool], *, wanted: float) -> float:
    """The lowest probability from which on the wanted precision is surely reached; 1.0 if never."""
    best, right = 1.0, 0
    ordered = sorted(zip(probabilities, truths, strict=True), key=lambda pair: -pair[0])
    for shown, (probability, truth) in enumerate(ordered, start=1):
        right += truth
        among_equals = shown < len(ordered) and ordered[shown][0] == probability
        if not among_equals and wilson_lower(right, shown) >= wanted:
            best = probability
    return best


def fit(
    judged: Sequence[Judged],
    names: Sequence[str],
    *,
    made_from: str,
    wanted_precision: float = 0.8,
    ridge: float = 1.0,
    cold_start: bool = False,
    learned_at: str = "",
    least: int = LEAST_LABELS,
) -> Calibration:
    """Raises ValueError when there are too few labels or all say the same."""
    if len(judged) < least or len({one.right for one in judged}) < 2:
        raise ValueError(f"{len(judged)} judged pairs are too few to learn from")
    inputs = np.array([[*(one.features.get(name, 0.0) for name in names), 1.0] for one in judged])
    truths = np.array([float(one.right) for one in judged])
    prior = np.array([*(PRIORS.get(name, 0.0) for name in names), 0.0])
    penalty = np.array([*(_FIRM if name in PRIORS else ridge for name in names), 1e-6])
    importance = np.array([one.weight for one in judged])
    found = solved(inputs, truths, importance, prior=prior, penalty=penalty)
    weights = {name: round(float(weight), 4) for name, weight in zip(names, found, strict=False)}
    bias = round(float(found[-1]), 4)
    draft = Calibration(weights, bias, 1.0, cold_start, made_from, len(judged), learned_at)
    first = [one for one in judged if one.features.get("first", 0.0) > 0]
    chances = [draft.probability(one.features) for one in first]
    limit = threshold(chances, [one.right for one in first], wanted=wanted_precision)
    return replace(draft, trusted_from=round(max(limit, LIKELIER), 4))
