"""How good is a ranking: pure functions over ids and judgements.

A judgement maps document ids to gains; more than zero means relevant.
Invariant: a question without any relevant document is never counted in these means.
"""

import math
from collections.abc import Mapping, Sequence

Judged = Mapping[str, int]


def hit_at(ranking: Sequence[str], judged: Judged, depth: int) -> float:
    return float(any(judged.get(id_, 0) > 0 for id_ in ranking[:depth]))


def recall_at(ranking: Sequence[str], judged: Judged, depth: int) -> float:
    relevant = {id_ for id_, gain in judged.items() if gain > 0}
    return len(relevant.intersection(ranking[:depth])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], judged: Judged, depth: int) -> float:
    for rank, id_ in enumerate(ranking[:depth], start=1):
        if judged.get(id_, 0) > 0:
            return 1.0 / rank
    return 0.0


def _gain(gains: Sequence[int]) -> float:
    return sum((2.0**gain - 1.0) / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def ndcg_at(ranking: Sequence[str], judged: Judged, depth: int) -> float:
    ideal = _gain(sorted(judged.values(), reverse=True)[:depth])
    return _gain([judged.get(id_, 0) for id_ in ranking[:depth]]) / ideal if ideal > 0 else 0.0


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """How often a positive stands above a negative; None without both."""
    if not positives or not negatives:
        return None
    merged = sorted((*positives, *negatives))
    ranks = {
        value: (merged.index(value) + 1 + len(merged) - merged[::-1].index(value)) / 2
        for value in set(merged)
    }
    total = sum(ranks[value] for value in positives)
    return (total - len(positives) * (len(positives) + 1) / 2) / (len(positives) * len(negatives))


def calibration_error(probabilities: Sequence[float], truths: Sequence[bool], *, bins: int = 10) -> float:
    """The mean distance between what was promised and what came true, over equal-width bins."""
    error = 0.0
    for number in range(bins):
        held = [
            (probability, truth)
            for probability, truth in zip(probabilities, truths, strict=True)
            if min(int(probability * bins), bins - 1) == number
        ]
        if held:
            promised = sum(probability for probability, _ in held)
            came_true = sum(truth for _, truth in held)
            error += abs(promised - came_true)
    return error / len(probabilities) if probabilities else 0.0


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
