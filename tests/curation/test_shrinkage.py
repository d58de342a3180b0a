"""Before and after: the interval holds what is true, and too little says nothing."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.curation.gaps.shrinkage import Stretch, Verdict, compared

COUNTS = st.integers(0, 200)
DAYS = st.floats(1.0, 200.0)


@settings(deadline=None, derandomize=True)
@given(COUNTS, DAYS, COUNTS, DAYS)
def test_the_estimate_lies_within_its_interval(before: int, days: float, after: int, more: float) -> None:
    found = compared(Stretch(before, days), Stretch(after, more))
    assert 0.0 <= found.low <= found.high
    if found.ratio is not None:
        assert found.low <= found.ratio * (1 + 1e-9)
        assert found.ratio <= found.high * (1 + 1e-9) + 1e-12


@settings(deadline=None, derandomize=True)
@given(COUNTS, COUNTS, DAYS)
def test_fewer_afterwards_never_makes_the_interval_rise(before: int, after: int, days: float) -> None:
    less = compared(Stretch(before, days), Stretch(after, days))
    more = compared(Stretch(before, days), Stretch(after + 1, days))
    assert less.high <= more.high * (1 + 1e-9)
    assert less.low <= more.low * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (Stretch(40, 56), Stretch(5, 42), Verdict.SHRANK),
        (Stretch(40, 56), Stretch(30, 42), Verdict.LEVEL),
        (Stretch(10, 56), Stretch(40, 42), Verdict.GREW),
        (Stretch(40, 56), Stretch(0, 13), Verdict.TOO_EARLY),
        (Stretch(3, 56), Stretch(0, 42), Verdict.TOO_EARLY),
        (Stretch(0, 0), Stretch(3, 20), Verdict.TOO_EARLY),
    ],
)
def test_what_is_said_of_it(before: Stretch, after: Stretch, verdict: Verdict) -> None:
    assert compared(before, after).verdict == verdict


def test_the_interval_is_that_of_the_exact_conditional_test() -> None:
    """Clopper–Pearson for 3 of 15 is 0.0433 … 0.4809, as the tables have it."""
    found = compared(Stretch(12, 50), Stretch(3, 50))
    assert found.low == pytest.approx(0.0433 / (1 - 0.0433), rel=0.01)
    assert found.high == pytest.approx(0.4809 / (1 - 0.4809), rel=0.01)


def _poisson(dice: random.Random, mean: float) -> int:
    count, product, floor = 0, dice.random(), math.exp(-mean)
    while product > floor:
        count, product = count + 1, product * dice.random()
    return count


@pytest.mark.parametrize("truth", [0.25, 0.6, 1.0])
def test_the_true_effect_is_recovered(truth: float) -> None:
    dice, held = random.Random(7), 0
    for _ in range(600):
        before, after = _poisson(dice, 24.0), _poisson(dice, 24.0 * 42 / 56 * truth)
        found = compared(Stretch(before, 56), Stretch(after, 42))
        held += found.low <= truth <= found.high
    assert held >= 0.93 * 600
