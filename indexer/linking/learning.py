"""Fits the model of links on judged reports, and measures it only on those it did not learn from.

Chooser, logistic, levels and thresholds are learned from the same reports, so every score that a level
or a threshold is made of comes out of cross-validation. Invariant: the order of the judged reports does
not decide which fold they fall into more than once: the same rows give the same model.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from indexer.confidence import LEAST_LABELS, solved, wilson_lower
from indexer.linking.choosing import learned as learned_choice
from indexer.linking.model import MOST, NEVER, Level, LinkModel, Report, cold_start
from indexer.linking.signs import ASSURING, CHOOSING, believed, standard

_RIDGE = 32.0
_FREE = 1e-6
_FOLDS = 20
_PER_LEVEL = 40
"""Judged reports for each level there may be; more levels would promise shares that were never counted …"""
_LEAST = 20
"""… and fewer than these behind one would as well."""
_WORTH_A_CUT = 1.5
"""Of likelihood: what chance alone would gain by a cut."""
_MOST_LEVELS = 10
_PULL = 4.0
"""Reports' worth of trust in the score itself."""
_MANY = 500
"""From here on precision is promised with 95 % surety, before hardly beyond what was counted."""
_SURE, _LIKELY = 1.645, 0.15
_DOUBTFUL = 0.84
"""Of the score: a promise is kept on the whole, and below this a link would only live off the surer ones."""
_WITHOUT = 0.1
"""Of a report whose record was taken away: it sounds like a defect all the same."""
_NONE = 0.1
"""Below the score where at most this share was right, nothing is proposed."""


@dataclass(frozen=True, slots=True)
class Judged:
    report: Report
    right: str | None
    """The record behind it; None: no record is."""


def fit(
    judged: Sequence[Judged],
    *,
    made_from: str,
    learned_at: str = "",
    wanted_precision: float = 0.95,
    least: int = LEAST_LABELS,
) -> LinkModel:
    """Raises ValueError when there are too few judged reports or all say the same."""
    asked = [one for one in judged if one.report.candidates]
    if len(judged) < least or len({one.right is None for one in judged}) < 2:
        raise ValueError(f"{len(judged)} judged reports are too few to learn from")
    if not asked:
        raise ValueError("search found no candidate for any of them")
    scores, truths = held_out(asked)
    order = np.argsort(-scores, kind="stable")
    scores, truths = scores[order], truths[order]
    return replace(
        _fitted(asked),
        levels=_levels(scores, truths),
        link_from=link_from(scores, truths, wanted=wanted_precision),
        none_below=_none_below(scores, truths),
        made_from=made_from,
        pairs=len(judged),
        learned_at=learned_at,
        promised=wanted_precision,
    )


def held_out(judged: Sequence[Judged]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each report's score by a model that has not seen it, and whether its choice was right."""
    scores, truths = np.zeros(len(judged)), np.zeros(len(judged))
    folds = min(_FOLDS, len(judged))
    for fold in range(folds):
        model = _fitted([one for n, one in enumerate(judged) if n % folds != fold])
        for n in range(fold, len(judged), folds):
            scores[n], truths[n] = _scored(model, judged[n])
    return scores, truths


def _scored(model: LinkModel, judged: Judged) -> tuple[float, float]:
    """How sure it is of its choice, and whether that is right."""
    order, signs, _ = model.chosen(judged.report)
    return model.score(signs), float(order[0] == judged.right)


def _fitted(judged: Sequence[Judged]) -> LinkModel:
    """Chooser and logistic; levels and thresholds are still those of nobody."""
    choice = learned_choice([choice for one in judged if (choice := _choice(one)) is not None])
    names = [sign.name for sign in CHOOSING]
    draft = replace(cold_start(), choice=_named(names, choice), cold_start=False, link_from=NEVER)
    lessons = [lesson for one in judged for lesson in _lessons(draft, one)]
    inputs = np.hstack([standard([one.signs for one in lessons], ASSURING), np.ones((len(lessons), 1))])
    found = solved(
        inputs,
        np.array([float(one.right) for one in lessons]),
        np.array([one.weight for one in lessons]),
        prior=np.append(believed(ASSURING, choosing=False), 0.0),
        penalty=np.append(np.full(len(ASSURING), _RIDGE), _FREE),
    )
    weights = _named([sign.name for sign in ASSURING], found[:-1])
    return replace(draft, assurance=weights, bias=round(float(found[-1]), 4))


@dataclass(frozen=True, slots=True)
class _Lesson:
    signs: Mapping[str, float]
    right: bool
    weight: float = 1.0


def _lessons(draft: LinkModel, judged: Judged) -> Iterator[_Lesson]:
    """The choice as it was judged; and, where a record is known, the choice if that record did not exist."""
    order, signs, _ = draft.chosen(judged.report)
    yield _Lesson(signs, order[0] == judged.right)
    others = [one for one in judged.report.candidates if one.id != judged.right]
    if judged.right is not None and others:
        without = [replace(one, signs={**one.signs, "first": float(n == 0)}) for n, one in enumerate(others)]
        yield _Lesson(draft.chosen(replace(judged.report, candidates=tuple(without)))[1], False, _WITHOUT)


def _named(names: Sequence[str], weights: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}


def _choice(judged: Judged) -> tuple[list[dict[str, float]], int] | None:
    near = judged.report.candidates[:MOST]
    ids = [one.id for one in near]
    return ([dict(one.signs) for one in near], ids.index(judged.right)) if judged.right in ids else None


def link_from(scores: NDArray[np.float64], truths: NDArray[np.float64], *, wanted: float) -> float:
    """The lowest score, none of the doubtful, from which on the wanted precision is reached; scores fall."""
    surety = _SURE if len(scores) >= _MANY else _LIKELY
    return _lowest(
        scores[scores >= _DOUBTFUL],
        truths,
        lambda right, shown: wilson_lower(right, shown, surety=surety) >= wanted,
    )


def stricter(model: LinkModel, judged: Sequence[Judged], *, wanted: float) -> LinkModel:
    """Linking only from where these reports, which it has not learned from, keep the promise; maybe never."""
    asked = [one for one in judged if one.report.candidates]
    found = sorted((_scored(model, one) for one in asked), reverse=True)
    scores, truths = np.array([score for score, _ in found]), np.array([truth for _, truth in found])
    sure = scores[scores >= model.link_from]
    return replace(model, link_from=_lowest(sure, truths, lambda right, shown: right >= wanted * shown))


def _lowest(
    scores: NDArray[np.float64], truths: NDArray[np.float64], keeps: Callable[[int, int], bool]
) -> float:
    """The lowest of these falling scores from which on so many right of so many are enough."""
    right = np.cumsum(truths)
    best = NEVER
    for n, score in enumerate(scores):
        among_equals = n + 1 < len(scores) and scores[n + 1] == score
        if not among_equals and keeps(int(right[n]), n + 1):
            best = float(score)
    return round(best, 6)


def _none_below(scores: NDArray[np.float64], truths: NDArray[np.float64]) -> float:
    """The highest score below which hardly any choice was right."""
    rising, right = scores[::-1], np.cumsum(truths[::-1])
    shares = right / np.arange(1, len(rising) + 1)
    poor = np.flatnonzero(shares <= _NONE)
    return round(float(rising[poor[-1]]), 6) if len(poor) else 0.0


def _levels(scores: NDArray[np.float64], truths: NDArray[np.float64]) -> tuple[Level, ...]:
    """Cut where it tells most; a level that was right less often than the one below joins it."""
    rising, right = scores[::-1], truths[::-1]
    edges = [0, *_cuts(right, most=min(_MOST_LEVELS, len(rising) // _PER_LEVEL) - 1), len(rising)]
    found: list[tuple[float, float, int]] = []
    for start, end in pairwise(edges):
        found.append((float(rising[start]), _pulled(rising[start:end], right[start:end]), end - start))
        while len(found) > 1 and found[-1][1] < found[-2][1]:
            first, share, seen = found.pop(-2)
            mixed = (share * seen + found[-1][1] * found[-1][2]) / (seen + found[-1][2])
            found[-1] = first, mixed, seen + found[-1][2]
    lowest = [(0.0, *found[0][1:]), *found[1:]]
    return tuple(Level(round(start, 6), round(share, 4), seen) for start, share, seen in lowest)


def _cuts(right: NDArray[np.float64], *, most: int) -> list[int]:
    """Where the rising row of outcomes is best cut, the most telling cut first, none leaving too few."""
    edges = [0, len(right)]
    for _ in range(most):
        options = [
            (_gain(right[start:end], cut - start), cut)
            for start, end in pairwise(sorted(edges))
            for cut in range(start + _LEAST, end - _LEAST + 1)
        ]
        gain, cut = max(options, default=(0.0, 0))
        if gain < _WORTH_A_CUT:
            break
        edges.append(cut)
    return sorted(edges)[1:-1]


def _gain(right: NDArray[np.float64], cut: int) -> float:
    return _likely(right[:cut]) + _likely(right[cut:]) - _likely(right)


def _likely(right: NDArray[np.float64]) -> float:
    share = (right.sum() + 0.5) / (len(right) + 1.0)
    return float(right.sum() * np.log(share) + (len(right) - right.sum()) * np.log(1.0 - share))


def _pulled(scores: NDArray[np.float64], truths: NDArray[np.float64]) -> float:
    return float((truths.sum() + _PULL * scores.mean()) / (len(truths) + _PULL))
