"""A light turn of the questions towards how this desk speaks, learned from its own judged pairs.

Only vectors of questions are turned, so documents keep theirs and nothing is rebuilt. The turn is the
identity plus a scale for each direction and a few directions bent into others; small by penalty, learned
by a few gradient steps. Invariant: what does not find more of the held-out pairs than before is no adapter,
and an adapter serves only the encoder whose vectors it was learned on.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from indexer.embedders import Matrix, unit
from indexer.gate import LEAST_APART, apart

LEAST_PAIRS = 2_000
"""Fewer judged pairs than this bend the encoder towards chance."""
_RANK = 8
_STEPS = 120
_RATE = 0.02
_HEAT = 0.07
_PENALTY = 2e-3
_BATCH = 512
_SEED = 11
_SURE = 1.645
Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Adapter:
    encoder: str
    scale: Matrix
    """dims"""
    bent: Matrix
    """dims × rank: what is taken out of the question …"""
    into: Matrix
    """… rank × dims: and where it goes."""
    pairs: int = 0
    learned_at: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def version(self) -> str:
        digest = hashlib.sha256(self.scale.tobytes() + self.bent.tobytes() + self.into.tobytes())
        return f"turn-{self.pairs}-{digest.hexdigest()[:8]}"

    def turned(self, questions: Matrix) -> Matrix:
        turned = questions * (1.0 + self.scale) + (questions @ self.bent) @ self.into
        return unit(np.asarray(turned, dtype=np.float32))

    def as_json(self) -> str:
        numbers = {name: getattr(self, name).round(5).tolist() for name in ("scale", "bent", "into")}
        told = {name: getattr(self, name) for name in ("encoder", "pairs", "learned_at")}
        return json.dumps({**told, **numbers, "figures": dict(self.figures)}, ensure_ascii=False)


def from_json(text: str) -> Adapter:
    """Raises ValueError when it is none."""
    try:
        held = json.loads(text)
        scale, bent, into = (np.array(held[name], dtype=np.float32) for name in ("scale", "bent", "into"))
        if bent.shape != (len(scale), into.shape[0]) or into.shape[1] != len(scale):
            raise ValueError("shapes of an adapter do not fit")
        figures = {str(name): float(value) for name, value in held["figures"].items()}
        return Adapter(
            str(held["encoder"]), scale, bent, into, int(held["pairs"]), str(held["learned_at"]), figures
        )
    except (KeyError, TypeError, AttributeError, IndexError) as fault:
        raise ValueError("not an adapter") from fault


# ------------------------------------------------------------------ learning


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and the document that answered it."""

    question: Matrix
    right: int
    """Its number among the documents."""


@dataclass(frozen=True, slots=True)
class Passages:
    """The vectors of all documents, and whose each is."""

    matrix: Matrix
    owner: NDArray[np.int64]


def passages_of(documents: Sequence[Matrix]) -> Passages:
    """From each document's own vectors, in order."""
    owner = np.repeat(np.arange(len(documents)), [len(each) for each in documents])
    return Passages(np.concatenate(documents).astype(np.float32), owner)


@dataclass(frozen=True, slots=True)
class Gain:
    """Held-out questions whose right document moved up, or down, and the mean reciprocal ranks."""

    better: int
    worse: int
    before: float
    after: float

    @property
    def is_sure(self) -> bool:
        moved = self.better + self.worse
        return moved >= LEAST_APART // 2 and self.better - self.worse > _SURE * moved**0.5


def learned(
    pairs: Sequence[Pair],
    passages: Passages,
    *,
    encoder: str,
    learned_at: str = "",
    served: Adapter | None = None,
    least: int = LEAST_PAIRS,
) -> tuple[Adapter | None, Gain | None]:
    """The adapter where it surely finds more than ``served``, else None; both None for too few pairs."""
    if len(pairs) < least:
        return None, None
    taught, kept = apart(pairs)
    draft = _fitted(taught, passages, encoder=encoder)
    gain = gain_of(draft, kept, passages, served=served)
    if not gain.is_sure or gain.after <= gain.before:
        return None, gain
    figures = {"before": round(gain.before, 4), "after": round(gain.after, 4)}
    made = Adapter(encoder, draft.scale, draft.bent, draft.into, len(pairs), learned_at, figures)
    return made, gain


def gain_of(
    adapter: Adapter, pairs: Sequence[Pair], passages: Passages, *, served: Adapter | None = None
) -> Gain:
    """Against ``served``, or against the questions as they are."""
    questions, rights = _stacked(pairs), np.array([pair.right for pair in pairs])
    before = _reciprocal(served.turned(questions) if served else questions, rights, passages)
    after = _reciprocal(adapter.turned(questions), rights, passages)
    moved = after - before
    return Gain(
        int((moved > 1e-9).sum()), int((moved < -1e-9).sum()), float(before.mean()), float(after.mean())
    )


def _stacked(pairs: Sequence[Pair]) -> Matrix:
    return np.stack([pair.question for pair in pairs]).astype(np.float32)


def _reciprocal(questions: Matrix, rights: NDArray[np.int64], passages: Passages) -> NDArray[np.float64]:
    found = np.zeros(len(questions))
    for start in range(0, len(questions), _BATCH):
        part = slice(start, start + _BATCH)
        best = _by_document(questions[part] @ passages.matrix.T, passages)
        own = best[np.arange(len(best)), rights[part]]
        found[part] = 1.0 / (1 + (best > own[:, None]).sum(axis=1))
    return found


def _by_document(cosines: Matrix, passages: Passages) -> Matrix:
    best: Matrix = np.full((len(cosines), int(passages.owner.max()) + 1), -1.0, dtype=np.float32)
    for document in range(best.shape[1]):
        own = passages.owner == document
        if own.any():
            best[:, document] = cosines[:, own].max(axis=1)
    return best


def _fitted(pairs: Sequence[Pair], passages: Passages, *, encoder: str) -> Adapter:
    """Adam on the cross entropy of the right document's nearest passage among all passages."""
    questions = _stacked(pairs).astype(np.float64)
    targets = _targets(questions, pairs, passages)
    dice = np.random.default_rng(_SEED)
    dims = questions.shape[1]
    held = [np.zeros(dims), dice.normal(0.0, 0.05, (dims, _RANK)), np.zeros((_RANK, dims))]
    first, second = [np.zeros_like(one) for one in held], [np.zeros_like(one) for one in held]
    for step in range(1, _STEPS + 1):
        rows = dice.choice(len(questions), min(_BATCH, len(questions)), replace=False)
        slopes = _slopes(held, questions[rows], targets[rows], passages)
        for n, slope in enumerate(slopes):
            first[n] = 0.9 * first[n] + 0.1 * slope
            second[n] = 0.99 * second[n] + 0.01 * slope**2
            move = first[n] / (1 - 0.9**step) / (np.sqrt(second[n] / (1 - 0.99**step)) + 1e-8)
            held[n] = held[n] - _RATE * move * (1.0 - step / (_STEPS + 1))
    scale, bent, into = (one.astype(np.float32) for one in held)
    return Adapter(encoder, scale, bent, into)


def _targets(questions: Weights, pairs: Sequence[Pair], passages: Passages) -> NDArray[np.int64]:
    """For each question the passage of its document that is nearest already."""
    found = np.zeros(len(pairs), dtype=np.int64)
    for n, pair in enumerate(pairs):
        own = np.flatnonzero(passages.owner == pair.right)
        found[n] = own[int(np.argmax(passages.matrix[own] @ questions[n]))]
    return found


def _slopes(
    held: Sequence[Weights], questions: Weights, targets: NDArray[np.int64], passages: Passages
) -> list[Weights]:
    scale, bent, into = held
    taken = questions @ bent
    raw = questions * (1.0 + scale) + taken @ into
    lengths = np.linalg.norm(raw, axis=1, keepdims=True)
    turned = raw / lengths
    scores = turned @ passages.matrix.T / _HEAT
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    chances[np.arange(len(targets)), targets] -= 1.0
    pull = chances @ passages.matrix / (_HEAT * len(targets))
    pull = (pull - turned * (turned * pull).sum(axis=1, keepdims=True)) / lengths
    slopes = [(pull * questions).sum(axis=0), questions.T @ (pull @ into.T), taken.T @ pull]
    return [slope + _PENALTY * one for slope, one in zip(slopes, held, strict=True)]
