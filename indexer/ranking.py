"""The learned order of the first candidates: what weight each signal has, fitted on judged questions.

The weights belong to an encoder, whose cosines they weigh, and lie beside it; an encoder without any is
blended by `fusion.py` alone. Invariant: only the order among the candidates is decided here, never
who is one.
"""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.signals import NAMES, Signals

_LOG = logging.getLogger(__name__)
FILE = "ranking.json"
_STEPS = 400
_RATE = 0.15


@dataclass(frozen=True, slots=True)
class Ranking:
    weights: Mapping[str, float]
    made_from: str

    def scores(self, signals: Signals) -> NDArray[np.float64]:
        """Log-odds against the other candidates, but for a constant."""
        return np.asarray(signals @ np.array([self.weights.get(name, 0.0) for name in NAMES]))

    def as_json(self) -> str:
        held = {"weights": dict(self.weights), "made_from": self.made_from}
        return json.dumps(held, ensure_ascii=False, indent=1)


@cache
def beside(folder: Path) -> Ranking | None:
    """The one that lies with this encoder; one that can't be read is as good as none, and said so."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        weights = {str(name): float(weight) for name, weight in held["weights"].items()}
        return Ranking(weights, str(held["made_from"]))
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        _LOG.error("the learned order beside the encoder cannot be read, the plain blend serves: %s", fault)
        return None


def of_encoder(embedder: object) -> Ranking | None:
    """Most encoders bring none, which is why a folder is no part of what every encoder must have."""
    folder = getattr(embedder, "folder", None)
    return beside(folder) if isinstance(folder, Path) else None


@dataclass(frozen=True, slots=True)
class Lesson:
    """One judged question: the signals of its candidates and which of them are right."""

    signals: Signals
    right: NDArray[np.bool_]
    weight: float = 1.0


def fit(
    lessons: Sequence[Lesson], *, made_from: str, but: Collection[str] = (), ridge: float = 1e-2
) -> Ranking:
    """Conditional logit over each question's candidates (McFadden 1974), Adam, signals scaled alike.

    The signals named in `but` get no weight. Raises ValueError when no question has both a right and a
    wrong candidate.
    """
    told = [one for one in lessons if one.right.any() and not one.right.all()]
    if not told:
        raise ValueError("no judged question has a right and a wrong candidate")
    spread = np.concatenate([one.signals for one in told]).std(axis=0) + 1e-6
    spread[[NAMES.index(name) for name in but]] = np.inf
    scaled = _Flat.of(told, spread)
    found = _descended(scaled, ridge=ridge) / spread
    weights = {name: round(float(weight), 4) for name, weight in zip(NAMES, found, strict=True)}
    return Ranking(weights, made_from)


@dataclass(frozen=True, slots=True)
class _Flat:
    """All candidates of all questions end to end."""

    signals: Signals
    right: NDArray[np.float64]
    starts: NDArray[np.int64]
    question: NDArray[np.int64]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, lessons: Sequence[Lesson], spread: NDArray[np.float64]) -> "_Flat":
        sizes = np.array([len(one.right) for one in lessons])
        weights = np.array([one.weight for one in lessons])
        return cls(
            np.concatenate([one.signals for one in lessons]) / spread,
            np.concatenate([one.right for one in lessons]).astype(np.float64),
            np.concatenate([[0], np.cumsum(sizes)[:-1]]),
            np.repeat(np.arange(len(lessons)), sizes),
            np.asarray(weights / weights.sum()),
        )

    def slope(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        total = self.signals @ weights
        total -= np.maximum.reduceat(total, self.starts)[self.question]
        chances = np.exp(total)
        chances /= np.add.reduceat(chances, self.starts)[self.question]
        wanted = chances * self.right
        wanted /= np.maximum(np.add.reduceat(wanted, self.starts), 1e-12)[self.question]
        return np.asarray(((chances - wanted) * self.weights[self.question]) @ self.signals)


def _descended(flat: _Flat, *, ridge: float) -> NDArray[np.float64]:
    weights = np.zeros(flat.signals.shape[1])
    pace, swing = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        slope = flat.slope(weights) + ridge * weights
        pace, swing = 0.9 * pace + 0.1 * slope, 0.99 * swing + 0.01 * slope * slope
        moved = (pace / (1 - 0.9**step)) / (np.sqrt(swing / (1 - 0.99**step)) + 1e-8)
        weights -= _RATE * (1 - step / _STEPS) * moved
    return weights
