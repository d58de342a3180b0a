"""A known truth is found: in at least 93 of 100 made-up desks of each kind the interval holds it."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest

from portal.insight.made_up_worlds import WORLDS, Kind, World, coverage, run, trials

RUNS, SEED, WANTED = 1_000, 6, 0.93


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_the_truth_lies_in_the_interval(world: World) -> None:
    found = coverage(world, runs=RUNS, seed=SEED)
    assert found.runs == RUNS and found.told >= 0.9 * RUNS
    assert found.share >= WANTED, f"{world.name}: {found.share:.3f} of {found.told}"


@pytest.mark.parametrize("world", WORLDS[:4], ids=lambda world: world.name)
def test_a_few_runs_of_it(world: World) -> None:
    """What the thousand runs show is not left to the slow tests alone."""
    found = coverage(world, runs=60, seed=SEED)
    assert found.told == 60 and found.covered >= 52


def test_a_seed_gives_the_same_desk() -> None:
    first, second = ([one.effect for one in trials(WORLDS[0], runs=3, seed=1)] for _ in range(2))
    assert first == second and len(set(first)) == 3


def test_a_desk_that_is_too_small_says_so() -> None:
    tiny = World("tiny", people=60, rounds=2, held=0.05)
    found = coverage(tiny, runs=50, seed=SEED)
    assert (found.runs, found.told) == (50, 0)


def test_counting_every_question_would_mislead_where_answers_invite_more() -> None:
    world = next(row for row in WORLDS if row.invites > 1)
    found = list(trials(world, runs=40, seed=SEED))
    ours = fmean(one.effect.prevented.value for one in found if one.effect.prevented)
    assert ours == pytest.approx(world.truth, abs=0.01)
    assert fmean(one.naive for one in found) > world.truth + 0.02


def test_the_truth_by_hand() -> None:
    """Two kinds who both surely ask: half file .6, half .2, and answers prevent half of it."""
    world = World("sure", kinds=(Kind(0.5, 50.0, 0.6), Kind(0.5, 50.0, 0.2)), prevents=0.5, alike=0.0)
    assert world.truth == pytest.approx(0.2)
    effect = run(world, np.random.default_rng(1)).effect
    assert effect.prevented is not None and effect.prevented.value == pytest.approx(0.2, abs=0.05)
