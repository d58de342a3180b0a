"""One report, its candidates, and what may be done: a frozen model and the decision it makes.

How it is fitted stands in `learning.py`. A probability is the share that came true among judged reports
of about the same score, not the score itself. Invariant: a cold-started model never links.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np

from indexer.linking.choosing import shares
from indexer.linking.signs import ASSURING, CHOOSING, believed, standard
from indexer.linking.sounds import sounds

MOST = 5
"""Candidates that are compared; what search puts behind them keeps its place."""
NEVER = 2.0
"""A threshold that no probability reaches."""
_SLOPE = 0.01
"""Keeps the order within a level."""
_COLD_NONE = 0.25


class Decision(StrEnum):
    LINK = "link"
    SUGGEST = "suggest"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that search found, with the signs that speak for it (`signs.SIGNS`)."""

    id: str
    signs: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Report:
    text: str
    candidates: tuple[Candidate, ...]
    """In the order of the search."""


@dataclass(frozen=True, slots=True)
class Level:
    """From this score on, this share of the judged reports was right."""

    start: float
    share: float
    seen: int


@dataclass(frozen=True, slots=True)
class Proposal:
    decision: Decision
    ranked: tuple[tuple[str, float], ...]
    """Record and probability, best first; empty when search found nothing."""


@dataclass(frozen=True, slots=True)
class LinkModel:
    choice: Mapping[str, float]
    assurance: Mapping[str, float]
    bias: float
    levels: tuple[Level, ...]
    link_from: float
    """Scores, not probabilities: levels may change without changing what is linked."""
    none_below: float
    cold_start: bool
    made_from: str
    pairs: int = 0
    learned_at: str = ""
    promised: float = 0.95
    """The precision for which `link_from` was chosen."""

    @property
    def version(self) -> str:
        digest = hashlib.sha256(self.as_json().encode()).hexdigest()[:8]
        return f"links-{'cold' if self.cold_start else self.pairs}-{digest}"

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)

    def chosen(self, report: Report) -> tuple[tuple[str, ...], Mapping[str, float], tuple[float, ...]]:
        """The order of the records, the signs of the first, and the candidates' shares in that order."""
        near = report.candidates[:MOST]
        weights = np.array([self.choice.get(sign.name, 0.0) for sign in CHOOSING])
        held = shares([one.signs for one in near], weights)
        order = sorted(range(len(near)), key=lambda n: (-held[n], n))
        ranked = tuple(near[n].id for n in order) + tuple(one.id for one in report.candidates[MOST:])
        best = {**near[order[0]].signs, "choice": float(held[order[0]]), **sounds(report.text)}
        return ranked, best, tuple(float(held[n]) for n in order)

    def score(self, signs: Mapping[str, float]) -> float:
        weights = np.array([self.assurance.get(sign.name, 0.0) for sign in ASSURING])
        total = float(standard([signs], ASSURING)[0] @ weights) + self.bias
        return float(1.0 / (1.0 + np.exp(-np.clip(total, -30.0, 30.0))))

    def probability(self, score: float) -> float:
        held = [level for level in self.levels if level.start <= score]
        if not held:
            return score if not self.levels else min(score, self.levels[0].share)
        return min(1.0, held[-1].share + _SLOPE * (score - held[-1].start))

    def proposal(self, report: Report) -> Proposal:
        if not report.candidates:
            return Proposal(Decision.NONE, ())
        order, best, held = self.chosen(report)
        score = self.score(best)
        first = self.probability(score)
        chances = [first * share / held[0] for share in held]
        chances += [chances[-1] * 0.5 / (1 + n) for n in range(len(order) - len(chances))]
        return Proposal(self._decision(score), tuple(zip(order, chances, strict=True)))

    def _decision(self, score: float) -> Decision:
        if not self.cold_start and score >= self.link_from:
            return Decision.LINK
        return Decision.SUGGEST if score >= self.none_below else Decision.NONE


def cold_start() -> LinkModel:
    """What is believed before any report was judged."""
    choice, assurance = believed(CHOOSING, choosing=True), believed(ASSURING, choosing=False)
    return LinkModel(
        {sign.name: float(weight) for sign, weight in zip(CHOOSING, choice, strict=True)},
        {sign.name: float(weight) for sign, weight in zip(ASSURING, assurance, strict=True)},
        bias=0.0,
        levels=(),
        link_from=NEVER,
        none_below=_COLD_NONE,
        cold_start=True,
        made_from="what is believed of the signs",
    )


def _numbers(held: object) -> dict[str, float]:
    if not isinstance(held, dict):
        raise TypeError("no table of weights")
    return {str(name): float(value) for name, value in held.items()}


def _levels(held: Sequence[Mapping[str, float]]) -> tuple[Level, ...]:
    return tuple(Level(float(row["start"]), float(row["share"]), int(row["seen"])) for row in held)


def from_json(text: str) -> LinkModel:
    """Raises ValueError when it is none."""
    try:
        held = json.loads(text)
        return LinkModel(
            _numbers(held["choice"]),
            _numbers(held["assurance"]),
            float(held["bias"]),
            _levels(held["levels"]),
            float(held["link_from"]),
            float(held["none_below"]),
            bool(held["cold_start"]),
            str(held["made_from"]),
            int(held["pairs"]),
            str(held["learned_at"]),
            float(held.get("promised", 0.95)),
        )
    except (KeyError, TypeError, AttributeError) as fault:
        raise ValueError("not a model of links") from fault
