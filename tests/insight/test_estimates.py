"""Estimates against published and hand-reckoned values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.insight.estimates import Course, count, course, difference, mean, median, rate
from portal.insight.working_time import WorkingTime
from portal.tickets.service_levels import WORKING_TIME, minutes_between

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_newcombe_printed_it(hits: int, n: int, low: float, high: float) -> None:
    """Newcombe 1998, table I, method 3."""
    found = rate(hits, n)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_nothing_of_nothing_is_no_rate() -> None:
    assert rate(0, 0) is None and mean(0, 0, 0) is None and median([]) is None


def test_a_difference_of_rates_as_newcombe_printed_it() -> None:
    """Newcombe 1998 (differences), table II, method 10: 56/70 − 48/80."""
    now, before = rate(56, 70), rate(48, 80)
    assert now is not None and before is not None
    gap = difference(now, before)
    assert (round(gap.value, 4), round(gap.low, 4), round(gap.high, 4)) == (0.2, 0.0524, 0.3339)
    assert course(now, before) == Course.UP and course(before, now) == Course.DOWN


def test_counts_are_near_the_exact_poisson_interval() -> None:
    """Exact for 10: 4.795 to 18.391; for 0: 0 to 3.689."""
    assert count(10).low == pytest.approx(4.795, abs=0.02) and count(10).high == pytest.approx(
        18.391, abs=0.03
    )
    assert count(0).low == 0 and count(0).high == pytest.approx(3.689, abs=0.1)


def test_a_small_change_is_no_change() -> None:
    assert course(count(12), count(9)) == Course.LEVEL
    assert course(count(60), count(20)) == Course.UP
    assert course(None, count(3)) == Course.UNKNOWN


def test_mean_and_median_by_hand() -> None:
    scores = [5, 5, 4, 3, 5]
    found = mean(5, sum(scores), sum(score * score for score in scores))
    assert found is not None and found.value == 4.4
    assert found.high - found.value == pytest.approx(1.959964 * (0.8 / 5) ** 0.5)
    middle = median([9, 1, 5, 7])
    assert middle is not None and (middle.value, middle.low, middle.high) == (6, 1, 9)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_a_median_lies_in_its_interval(values: list[float]) -> None:
    found = median(values)
    assert found is not None and found.low <= found.value <= found.high


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(moments, st.integers(0, 60 * 24 * 40))
def test_the_quick_clock_counts_as_the_desks_clock(start: datetime, minutes: int) -> None:
    start = start.replace(second=0, microsecond=0)
    end = start + timedelta(minutes=minutes)
    clock = WorkingTime(date(2025, 12, 30), date(2026, 12, 31), ZONE)
    assert clock.between(start, end) == minutes_between(start, end, level=WORKING_TIME)
