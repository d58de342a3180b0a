"""The experiment's arithmetic: against hand-reckoned and published values, and what must hold of any data."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.insight import effects
from portal.insight.effects import (
    LEAST_PEOPLE,
    ArmSums,
    Asker,
    Finding,
    effect_of,
    filed_share,
    student,
    telling_questions,
)
from portal.insight.estimates import difference, rate

#: The same examples on every machine, however busy it is.
CALM = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def asker(asked: int, filed: int, weight: float = 1.0) -> Asker:
    return Asker(asked * weight, filed * weight, asked, filed)


def arm(filed: int, of: int, weight: float = 1.0) -> ArmSums:
    """So many people who asked once."""
    return ArmSums.of([asker(1, int(place < filed), weight) for place in range(of)])


ASKERS = st.integers(1, 12).flatmap(
    lambda asked: st.integers(0, asked).map(lambda filed: asker(asked, filed))
)
ARMS = st.lists(ASKERS, min_size=2, max_size=80).map(ArmSums.of)
LARGE_ARMS = st.lists(st.sampled_from([asker(1, 0), asker(1, 1), asker(2, 1)]), min_size=40).map(ArmSums.of)


def test_students_quantile() -> None:
    """Fisher and Yates, table III: 2.571 for 5, 2.228 for 10, 2.086 for 20, 1.984 for 100."""
    table = {5: 2.5706, 10: 2.2281, 20: 2.0860, 100: 1.9840}
    assert all(student(freedom) == pytest.approx(value, abs=0.005) for freedom, value in table.items())


def test_one_question_each_is_wilson_with_one_person_less() -> None:
    """The linearised variance of a plain share is p(1−p)/(m−1)."""
    found = telling_questions(arm(30, 100))
    assert found == pytest.approx(99 * (1.959964 / student(99)) ** 2)
    plain = rate(30, 100)
    told = filed_share(arm(30, 100))
    assert plain is not None and told.low == pytest.approx(plain.low, abs=0.002)


def test_the_spread_of_a_ratio_by_hand() -> None:
    """Three people asked 2, 1 and 1, filed 2, 0 and 1: R = .75, residuals .5, −.75, .25."""
    sums = ArmSums.of([asker(2, 2), asker(1, 0), asker(1, 1)])
    variance = 3 / 2 * (0.5**2 + 0.75**2 + 0.25**2) / 16
    unpenalised = min(0.75 * 0.25 / variance, 4.0)
    freedom = 16 / 6 - 1
    assert telling_questions(sums) == pytest.approx(unpenalised * (1.959964 / student(freedom)) ** 2)


@CALM
@given(ARMS)
def test_the_share_lies_in_its_interval_and_people_count_never_more_than_questions(sums: ArmSums) -> None:
    told = filed_share(sums)
    assert 0 <= told.low <= told.value + 1e-9 and told.value <= told.high + 1e-9 and told.high <= 1
    assert 0 < telling_questions(sums) <= sums.questions
    assert sums.equal_people <= sums.people + 1e-9


@CALM
@given(st.lists(ASKERS, min_size=2, max_size=60), st.floats(0.01, 100))
def test_a_weight_that_is_the_same_for_all_changes_nothing(people: list[Asker], weight: float) -> None:
    plain = filed_share(ArmSums.of(people))
    weighed = filed_share(
        ArmSums.of(
            Asker(row.asked * weight, row.filed * weight, row.questions, row.tickets) for row in people
        )
    )
    assert (weighed.value, weighed.low, weighed.high) == pytest.approx((plain.value, plain.low, plain.high))


@CALM
@given(LARGE_ARMS, LARGE_ARMS)
def test_turning_the_arms_turns_the_sign(one: ArmSums, other: ArmSums) -> None:
    there, back = effect_of(one, other).prevented, effect_of(other, one).prevented
    assert there is not None and back is not None
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))


@CALM
@given(st.lists(ASKERS, min_size=2, max_size=40))
def test_the_same_people_twice_over_are_no_news(people: list[Asker]) -> None:
    """Everybody's questions doubled with the same answers: as many people, the same share, no narrower."""
    once = ArmSums.of(people)
    doubled = ArmSums.of(
        Asker(2 * row.asked, 2 * row.filed, 2 * row.questions, 2 * row.tickets) for row in people
    )
    narrow, wide = filed_share(doubled), filed_share(once)
    assert narrow.value == pytest.approx(wide.value)
    assert doubled.equal_people == pytest.approx(once.equal_people)
    if telling_questions(once) < once.questions * 0.99 and 0 < wide.value < 1:
        spread = effects._spread(once, wide.value)
        assert effects._spread(doubled, wide.value) == pytest.approx(spread)


def test_too_few_people_are_no_number_whatever_they_asked() -> None:
    many = arm(500, 1000)
    few = ArmSums.of([asker(50, 10)] * (LEAST_PEOPLE - 1))
    lopsided = ArmSums.of([asker(1000, 10), *[asker(1, 0)] * 200])  # one who asks all the time
    for small in (few, lopsided, ArmSums.of([asker(1, 1)])):
        found = effect_of(many, small)
        assert (found.prevented, found.filed_when_held) == (None, None)
        assert found.finding == Finding.NOT_ENOUGH and found.least < LEAST_PEOPLE
    assert effect_of(many, ArmSums.of([asker(1, 0)] * LEAST_PEOPLE)).prevented is not None
    assert effect_of(many, ArmSums()).finding == Finding.NO_EXPERIMENT
    assert effect_of(ArmSums(), ArmSums()).finding == Finding.NO_EXPERIMENT


@pytest.mark.parametrize(
    ("shown", "held", "finding"),
    [
        (300, 60, Finding.FEWER),
        (600, 30, Finding.MORE),
        (500, 52, Finding.UNCLEAR),
        (0, 0, Finding.UNCLEAR),
        (1000, 100, Finding.UNCLEAR),
    ],
)
def test_what_may_be_said(shown: int, held: int, finding: Finding) -> None:
    found = effect_of(arm(shown, 1000), arm(held, 100))
    assert found.finding == finding
    assert found.prevented is not None and found.prevented.value == pytest.approx(held / 100 - shown / 1000)
    assert found.prevented.low < found.prevented.high


def test_with_one_question_each_the_difference_is_nearly_newcombes() -> None:
    ours = effect_of(arm(480, 800), arm(560, 700)).prevented
    first, second = rate(560, 700), rate(480, 800)
    assert ours is not None and first is not None and second is not None
    plain = difference(first, second)
    assert (ours.low, ours.high) == pytest.approx((plain.low, plain.high), abs=5e-4)


def test_weights_undo_a_share_that_was_changed() -> None:
    """First one in ten held back while few filed, then half while many did: unweighed it looks like harm."""
    quiet_shown, quiet_held = (
        [asker(1, int(n < 90), 1 / 0.9) for n in range(900)],
        [asker(1, int(n < 10), 1 / 0.1) for n in range(100)],
    )
    busy_shown, busy_held = (
        [asker(1, int(n < 450), 1 / 0.5) for n in range(500)],
        [asker(1, int(n < 450), 1 / 0.5) for n in range(500)],
    )
    found = effect_of(ArmSums.of(quiet_shown + busy_shown), ArmSums.of(quiet_held + busy_held))
    assert found.prevented is not None and found.prevented.value == pytest.approx(0.0)
    assert (90 + 450) / 1400 < (10 + 450) / 600 - 0.3  # what nobody should be told


def test_an_interval_narrows_with_the_root_of_the_people() -> None:
    widths = [
        told.high - told.low
        for told in (effect_of(arm(5 * n, 10 * n), arm(6 * n, 10 * n)).prevented for n in (40, 160))
        if told is not None
    ]
    assert widths[0] / widths[1] == pytest.approx(2, abs=0.05) and sqrt(4) == 2
