"""Working time, worked out by hand around the public holidays and make-up days of China.

A working day is 8:30 to 12:00 and 14:00 to 17:30, seven hours.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.tickets.service_levels import (
    LEVELS,
    WORKING_TIME,
    Clock,
    Level,
    add_minutes,
    level_from,
    minutes_between,
    tier_minutes,
)
from portal.tickets.words import Category, Tier
from portal.tickets.working_calendar import is_workday

ZONE = ZoneInfo("Asia/Shanghai")
ROUND = Level(5, 30, 240, round_the_clock=True)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def after(start: str, minutes: int, level: Level = WORKING_TIME) -> datetime:
    return add_minutes(local(start), minutes, level=level)


# fmt: off
BY_HAND = [
    # start               minutes  end                    why
    ("2025-06-11 09:00",    30, "2025-06-11 09:30"),  # a Wednesday morning
    ("2025-06-11 11:45",    30, "2025-06-11 14:15"),  # over noon
    ("2025-06-11 12:30",    15, "2025-06-11 14:15"),  # filed at noon
    ("2025-06-11 17:00",    60, "2025-06-12 09:00"),  # over night
    ("2025-06-11 20:00",   420, "2025-06-12 17:30"),  # filed in the evening, one working day
    ("2025-06-13 17:00",    60, "2025-06-16 09:00"),  # over a weekend
    ("2025-01-27 17:00",   420, "2025-02-05 17:00"),  # 春节 2025: 28 January to 4 February off
    ("2025-01-25 10:00",    60, "2025-01-26 09:30"),  # a free Saturday; Sunday the 26th is worked
    ("2025-02-08 09:00",    60, "2025-02-08 10:00"),  # Saturday the 8th is worked for it, too
    ("2024-02-08 17:00",    60, "2024-02-09 09:00"),  # 2024: 除夕 is a working day in the calendar, then …
    ("2024-02-09 17:00",    60, "2024-02-18 09:00"),  # … free to the 17th; Sunday the 18th is worked
    ("2025-09-30 17:00",    60, "2025-10-09 09:00"),  # 国庆 and 中秋 2025: eight days
    ("2025-09-28 09:00",   390, "2025-09-28 17:30"),  # Sunday the 28th is worked for 国庆
    ("2025-10-09 16:30",   420, "2025-10-10 16:30"),
    ("2025-10-10 16:30",   120, "2025-10-11 09:30"),  # Saturday the 11th is worked for 国庆
    ("2024-09-30 17:15",    30, "2024-10-08 08:45"),  # 国庆 2024
    ("2024-10-12 17:15",    30, "2024-10-14 08:45"),  # a worked Saturday, then a free Sunday
    ("2025-04-30 17:30",    60, "2025-05-06 09:30"),  # 劳动节 2025: 1 to 5 May
]
# fmt: on


@pytest.mark.parametrize(("start", "minutes", "end"), BY_HAND)
def test_deadlines_worked_by_hand(start: str, minutes: int, end: str) -> None:
    assert after(start, minutes) == local(end)


@pytest.mark.parametrize(("start", "minutes", "end"), BY_HAND)
def test_and_counted_back(start: str, minutes: int, end: str) -> None:
    assert minutes_between(local(start), local(end), level=WORKING_TIME) == minutes
    assert minutes_between(local(end), local(start), level=WORKING_TIME) == -minutes


def test_faults_count_round_the_clock_through_the_holiday() -> None:
    assert after("2025-10-01 23:30", 240, ROUND) == local("2025-10-02 03:30")
    assert minutes_between(local("2025-10-01 23:30"), local("2025-10-02 03:30"), level=ROUND) == 240


def test_a_year_whose_holidays_are_unknown_counts_monday_to_friday() -> None:
    assert is_workday(date(2035, 10, 1))  # a Monday
    assert not is_workday(date(2035, 10, 6))


#: The same examples every time, however busy the machine is.
steady = settings(derandomize=True, deadline=None)
moments = st.datetimes(
    datetime(2022, 1, 1),
    datetime(2026, 6, 1),
    timezones=st.just(ZONE),
)


@steady
@given(moments, st.integers(1, 9000))
def test_what_is_added_is_what_lies_between(start: datetime, minutes: int) -> None:
    due = add_minutes(start, minutes, level=WORKING_TIME)
    assert minutes_between(start, due, level=WORKING_TIME) == minutes
    assert is_workday(due.astimezone(ZONE).date())


@steady
@given(moments, st.integers(1, 4000), st.integers(1, 4000))
def test_a_pause_moves_a_deadline_by_its_length(start: datetime, allowed: int, pause: int) -> None:
    due = add_minutes(start, allowed, level=WORKING_TIME)
    once = add_minutes(start, allowed + pause, level=WORKING_TIME)
    assert add_minutes(due, pause, level=WORKING_TIME) == once


@steady
@given(moments, moments)
def test_counted_time_is_never_longer_than_time(one: datetime, other: datetime) -> None:
    early, late = sorted((one, other))
    counted = minutes_between(early, late, level=WORKING_TIME)
    assert 0 <= counted <= (late - early).total_seconds() // 60


def test_every_category_has_four_levels_that_get_longer() -> None:
    for category in Category:
        levels = LEVELS[category]
        assert len(levels) == 4
        assert [level.close for level in levels] == sorted(level.close for level in levels)
        assert all(0 < level.respond <= level.tier <= level.close for level in levels)


def test_a_level_survives_the_ticket_that_carries_it() -> None:
    for levels in LEVELS.values():
        for level in levels:
            assert level_from(level.as_json()) == level


def test_the_front_is_asked_to_move_before_the_others() -> None:
    level = LEVELS[Category.DEFECT][2]
    assert tier_minutes(level, Tier.FRONT) == 240
    assert tier_minutes(level, Tier.BACK) == level.tier


def test_the_chip_warns_in_the_last_fifth() -> None:
    def chip(left: int) -> Clock:
        return Clock(due=local("2025-06-11 09:00"), left=left, total=100, paused=False, round_the_clock=False)

    assert not chip(21).soon
    assert chip(20).soon
    assert not chip(-1).soon
    assert chip(-1).overdue


def test_the_zone_of_the_start_is_the_zone_of_the_end() -> None:
    start = local("2025-06-11 09:00").astimezone(ZoneInfo("UTC"))
    due = add_minutes(start, 30, level=WORKING_TIME)
    assert due - start == timedelta(minutes=30)
    assert due.tzinfo == start.tzinfo
