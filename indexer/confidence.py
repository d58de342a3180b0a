"""From evidence to a probability that the hit answers, and the threshold above which to say so.

A fused score ranks; it is no confidence. Here the evidence of one hit goes through a logistic
with weights that were fitted on judged pairs. The shipped weights are a cold start and say so.
Invariant: the probability is between 0 and 1 and never rises along a ranking.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Calibration:
    weights: Mapping[str, float]
    bias: float
    trusted_from: float
    """A hit of at least this probability is shown as trustworthy."""
    cold_start: bool
    made_from: str

    def probability(self, features: Mapping[str, float]) -> float:
        total = self.bias + sum(weight * features.get(name, 0.0) for name, weight in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def from_json(text: str) -> Calibration:
    held = json.loads(text)
    return Calibration(
        {str(name): float(weight) for name, weight in held["weights"].items()},
        float(held["bias"]),
        float(held["trusted_from"]),
        bool(held["cold_start"]),
        str(held["made_from"]),
    )


@cache
def shipped(name: str) -> Calibration:
    """`lexical` or `hybrid`: each way of answering has its own."""
    return from_json(files("indexer").joinpath(f"tables/calibration_{name}.json").read_text(encoding="utf-8"))
