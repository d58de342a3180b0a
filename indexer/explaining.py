"""Why did my article lose? What every stage of one search said, and what each feature weighed.

Nothing here ranks or decides: it only tells what `searching.py` has already done. Invariant: what is
told of a document is told with the asker's own mask, so that it names nothing that the asker's
search could not have found, but for the documents that were asked about by name.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from indexer import fusion
from indexer.columns import Mask
from indexer.confidence import Calibration
from indexer.document import Absence, Key, Stage, StageName, Trace
from indexer.evidence import Evidence
from indexer.fusion import Fused
from indexer.generation import View
from indexer.scoring import Scores

_DEEP = 100
_BIAS = "bias"

Rows = Mapping[Key, Mapping[str, float]]


@dataclass(slots=True)
class Clock:
    """How long each stage took."""

    took_ms: dict[StageName, float] = field(default_factory=dict)

    @contextmanager
    def of(self, stage: StageName) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.took_ms[stage] = (time.perf_counter() - started) * 1000.0


@dataclass(frozen=True, slots=True)
class Done:
    """A finished search, as it was before its hits were cut to the wanted number."""

    evidence: Evidence
    mask: Mask
    fused: Fused
    """Before the late re-ranking."""
    final: Fused
    meaning_weight: float
    took_ms: Mapping[StageName, float]


def trace(
    view: View, done: Done, features: Rows, *, calibration: Calibration, about: frozenset[Key]
) -> Trace:
    asked = done.evidence.asked
    known = {key: place for key in about if (place := view.columns.places.get(key)) is not None}
    return Trace(
        tuple(f"{wanted.text}:{wanted.weight:.2f}" for wanted in asked.terms),
        tuple(sorted(asked.codes)),
        tuple(_stages(view, done, known)),
        features,
        contributions={key: contributions(row, calibration) for key, row in features.items()},
        trusted_from=calibration.trusted_from,
        calibration=calibration.made_from,
        cold_start=calibration.cold_start,
        meaning_weight=done.meaning_weight,
        candidates=int(done.mask.sum()),
        absent=_absent(done.mask, known, about),
    )


def contributions(features: Mapping[str, float], calibration: Calibration) -> dict[str, float]:
    """What each feature adds to the log-odds of being the answer; together they are the probability."""
    added = {name: weight * features.get(name, 0.0) for name, weight in calibration.weights.items()}
    return {_BIAS: calibration.bias, **{name: value for name, value in added.items() if value}}


def _absent(mask: Mask, known: Mapping[Key, int], about: frozenset[Key]) -> dict[Key, Absence]:
    unknown = {key: Absence.NOT_INDEXED for key in about if key not in known}
    return unknown | {key: Absence.MASKED for key, place in known.items() if not mask[place]}


def _stages(view: View, done: Done, known: Mapping[Key, int]) -> Iterator[Stage]:
    """In the order in which they happen."""
    evidence = done.evidence
    by_place = {StageName.CODES: evidence.pinned}
    if evidence.words is not None:
        by_place[StageName.WORDS] = evidence.words.bm25
    if evidence.meaning is not None:
        by_place[StageName.MEANING] = np.maximum(evidence.meaning.cosines, 0.0)
    by_place[StageName.FUSED] = _spread(done.fused, len(view.columns))
    if evidence.late is not None:
        by_place[StageName.LATE] = evidence.late
    by_place[StageName.FINAL] = _spread(done.final, len(view.columns))
    for name, scores in by_place.items():
        yield _stage(view, name, scores, done, known)


def _stage(view: View, name: StageName, scores: Scores, done: Done, known: Mapping[Key, int]) -> Stage:
    keys = view.columns.keys
    ranking = tuple((keys[place], float(scores[place])) for place in fusion.top(scores, _DEEP))
    standing = {key: _standing(scores, place) for key, place in known.items() if done.mask[place]}
    return Stage(name, done.took_ms.get(name, 0.0), ranking, standing)


def _standing(scores: Scores, place: int) -> tuple[int, float]:
    """Its rank however deep, and its score; rank 0 where the stage did not propose it."""
    score = float(scores[place])
    return (1 + int((scores > score).sum()), score) if score > 0 else (0, 0.0)


def _spread(ranked: Fused, size: int) -> Scores:
    by_place = np.zeros(size, dtype=np.float32)
    by_place[ranked.places] = ranked.scores
    return by_place
