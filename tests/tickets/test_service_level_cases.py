"""Deadlines worked out by hand, in ``service_level_cases.tsv``: one case a line, with its reason.

A second table is of tickets whose level is ruled anew while they are under way.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.tickets.words import Action, Category
from portal.tickets.working_calendar import ALL_DAY, ALWAYS, DEFAULT, FREE, OFFICE, Calendar, Holidays, Hours
from tests.tickets.people import Desk

NINE_TO_FIVE: Hours = ((9 * 60, 17 * 60),)
NIGHT: Hours = ((0, 6 * 60), (22 * 60, 24 * 60))
EIGHT_TO_EIGHT: Hours = ((8 * 60, 20 * 60),)
MORNING: Hours = ((8 * 60 + 30, 12 * 60),)
WEEKDAYS = (NINE_TO_FIVE,) * 5 + (FREE,) * 2
CHRISTMAS = ((date(2026, 12, 25), FREE),)
TYPHOON = (
    (date(2026, 7, 15), FREE),
    (date(2026, 7, 18), MORNING),
    (date(2026, 10, 1), MORNING),
    (date(2026, 10, 10), FREE),
)
# fmt: off
#: name → (calendar, the zone in which the case is written)
CALENDARS = {
    "desk":         (DEFAULT, "Asia/Shanghai"),
    "clock":        (ALWAYS, "Asia/Shanghai"),
    "berlin clock": (ALWAYS, "Europe/Berlin"),
    "berlin":       (Calendar("Europe/Berlin", WEEKDAYS, Holidays.NONE, CHRISTMAS), "Europe/Berlin"),
    "night":        (Calendar("Europe/Berlin", (NIGHT,) * 7, Holidays.NONE), "Europe/Berlin"),
    "new york":     (Calendar("America/New_York", WEEKDAYS, Holidays.NONE), "America/New_York"),
    "typhoon":      (replace(DEFAULT, exceptions=TYPHOON), "Asia/Shanghai"),
    "hall":         (Calendar(week=(EIGHT_TO_EIGHT,) * 7, holidays=Holidays.NONE), "Asia/Shanghai"),
    "six days":     (Calendar(week=(OFFICE,) * 5 + (MORNING, FREE)), "Asia/Shanghai"),
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Case:
    calendar: Calendar
    start: datetime
    pauses: tuple[tuple[datetime, datetime], ...]
    minutes: int
    due: datetime


def moment(text: str, zone: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def cases() -> list[tuple[str, Case]]:
    file = Path(__file__).with_name("service_level_cases.tsv")
    with file.open(encoding="utf-8", newline="") as text:
        return [
            (f"{row['calendar']}: {row['why']}", read(row)) for row in csv.DictReader(text, delimiter="\t")
        ]


def read(row: dict[str, str]) -> Case:
    calendar, zone = CALENDARS[row["calendar"]]
    spans = [span.split("/") for span in row["pauses"].split(";") if span]
    return Case(
        calendar,
        moment(row["start"], zone),
        tuple((moment(start, zone), moment(end, zone)) for start, end in spans),
        int(row["minutes"]),
        moment(row["due"], zone),
    )


CASES = cases()


def paused(case: Case) -> datetime:
    """The due moment, pushed out by each pause as it ends."""
    due = case.calendar.after(case.start, case.minutes)
    for start, end in case.pauses:
        away = case.calendar.between(start, end)
        due = case.calendar.after(due, away) if away else due
    return due


def test_there_are_enough_cases_and_no_two_are_one() -> None:
    assert len(CASES) >= 60
    assert max(Counter(name for name, _ in CASES).values()) == 1


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_by_hand(case: Case) -> None:
    due = paused(case)
    assert due.timestamp() == case.due.timestamp(), due


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_and_counted_back(case: Case) -> None:
    away = sum(case.calendar.between(*span) for span in case.pauses)
    assert case.calendar.between(case.start, case.due) == case.minutes + away
    assert case.calendar.between(case.due, case.start) == -(case.minutes + away)


# ── a level that changes on the way ──────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Ruled:
    """Filed, asked and answered, then ruled; everything local time of Shanghai."""

    filed: str
    asked: str
    answered: str
    first: tuple[Category, int]  # as filed, with the impact that gives priority 3 or 4
    ruled: tuple[Category, int]
    due: str


C = Category
# fmt: off
RULED = {
    "longer: a consultation of one day becomes a defect of seven":
        Ruled("2026-03-04 09:00", "2026-03-04 10:00", "2026-03-04 11:00",
              (C.CONSULTATION, 3), (C.DEFECT, 3), "2026-03-13 10:00"),
    "shorter: a change of twenty days becomes a consultation of one":
        Ruled("2026-03-04 09:00", "2026-03-04 10:00", "2026-03-04 11:00",
              (C.CHANGE, 3), (C.CONSULTATION, 3), "2026-03-05 10:00"),
    "raised from 3 to 1: the pause is kept":
        Ruled("2026-03-04 09:00", "2026-03-04 14:00", "2026-03-04 15:00",
              (C.DEFECT, 3), (C.DEFECT, 1), "2026-03-05 10:00"),
    "into a fault: the weekend's pause now counts every hour, 65 of them":
        Ruled("2026-03-06 16:00", "2026-03-06 16:30", "2026-03-09 09:30",
              (C.CONSULTATION, 3), (C.FAULT, 3), "2026-03-09 21:00"),
    "out of a fault: the weekend's pause now counts the working hours, two of them":
        Ruled("2026-03-06 16:00", "2026-03-06 16:30", "2026-03-09 09:30",
              (C.FAULT, 3), (C.CONSULTATION, 3), "2026-03-10 09:00"),
    "over National Day: ninety minutes of pause, three days of data work":
        Ruled("2026-09-30 16:00", "2026-09-30 17:00", "2026-10-08 09:30",
              (C.CONSULTATION, 3), (C.DATA, 3), "2026-10-10 17:30"),
}
# fmt: on


@pytest.mark.parametrize("case", RULED.values(), ids=RULED.keys())
def test_a_pause_survives_a_change_of_level(at_desk: Desk, case: Ruled) -> None:
    zone = "Asia/Shanghai"
    at_desk.at(moment(case.filed, zone))
    ticket = at_desk.file(case.first[0], impact=2)
    assert ticket.priority == case.first[1]
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.at(moment(case.asked, zone))
    at_desk.does(ticket, Action.ASK, "agent")
    at_desk.at(moment(case.answered, zone))
    at_desk.does(ticket, Action.SUPPLY, "wang")
    at_desk.does(ticket, Action.ESCALATE, "agent")
    at_desk.does(ticket, Action.RULE, "expert", category=case.ruled[0], priority=case.ruled[1])
    assert ticket.close_due is not None
    assert ticket.close_due.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") == case.due


def test_a_pause_within_a_visit_survives_the_ruling_of_that_visit(at_desk: Desk) -> None:
    at_desk.at(moment("2026-03-04 09:00", "Asia/Shanghai"))
    ticket = at_desk.file(Category.DEFECT, impact=2)
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.ESCALATE, "agent")
    at_desk.does(ticket, Action.RULE, "expert", category=Category.DEFECT)
    at_desk.does(ticket, Action.ASK, "expert")
    at_desk.later(hours=1)
    at_desk.does(ticket, Action.SUPPLY, "wang")
    waited = ticket.tier_due
    at_desk.does(ticket, Action.RULE, "expert", category=Category.DEFECT)
    assert ticket.tier_due == waited  # two working days and the hour


# ── whatever the calendar ────────────────────────────────────────────────────────────────────────


#: The same examples every time, however busy the machine is.
steady = settings(derandomize=True, deadline=None)
calendars = st.sampled_from([calendar for calendar, _ in CALENDARS.values()])
moments = st.datetimes(
    datetime(2023, 1, 1), datetime(2027, 12, 1), timezones=st.sampled_from([ZoneInfo("UTC"), DEFAULT.place])
)
amounts = st.integers(1, 6000)


@steady
@given(calendars, moments, amounts, amounts)
def test_adding_is_additive(calendar: Calendar, start: datetime, one: int, other: int) -> None:
    both = calendar.after(start, one + other)
    assert calendar.after(calendar.after(start, one), other) == both


@steady
@given(calendars, moments, amounts)
def test_what_is_added_is_what_lies_between(calendar: Calendar, start: datetime, minutes: int) -> None:
    due = calendar.after(start, minutes)
    assert calendar.between(start, due) == minutes
    assert calendar.between(due, start) == -minutes


@steady
@given(calendars, moments, moments, amounts)
def test_who_files_later_is_never_due_earlier(
    calendar: Calendar, one: datetime, other: datetime, minutes: int
) -> None:
    early, late = sorted((one, other))
    assert calendar.after(early, minutes) <= calendar.after(late, minutes)
    assert calendar.after(early, minutes) <= calendar.after(early, minutes + 1)


@steady
@given(calendars, moments, moments)
def test_counted_time_is_never_longer_than_time(calendar: Calendar, one: datetime, other: datetime) -> None:
    early, late = sorted((one, other))
    assert 0 <= calendar.between(early, late) <= (late - early).total_seconds() / 60


@steady
@given(calendars, moments, amounts, st.lists(st.tuples(amounts, amounts), max_size=4))
def test_pauses_move_a_deadline_by_what_they_were_worth(
    calendar: Calendar, start: datetime, allowed: int, waits: list[tuple[int, int]]
) -> None:
    """Running time between filing and due, all pauses taken out, is exactly what was allowed."""
    due, at, away = calendar.after(start, allowed), start, 0
    for running, waiting in waits:
        begin = at + timedelta(minutes=running)
        at = begin + timedelta(minutes=waiting)
        worth = calendar.between(begin, at)
        due, away = (calendar.after(due, worth) if worth else due), away + worth
    assert calendar.between(start, due) == allowed + away
    assert due == calendar.after(start, allowed + away)


@steady
@given(calendars, moments, amounts, st.integers(50, 99))
def test_the_warning_comes_when_so_much_is_left_and_before_the_deadline(
    calendar: Calendar, start: datetime, allowed: int, percent: int
) -> None:
    due, left = calendar.after(start, allowed), round(allowed * (100 - percent) / 100)
    warned = calendar.before(due, left)
    assert warned <= due
    assert calendar.between(warned, due) == left
    assert left == 0 or calendar.between(warned - timedelta(minutes=1), due) >= left


def test_all_day_is_every_minute_of_it() -> None:
    calendar = Calendar("Europe/Berlin", (ALL_DAY,) * 7, Holidays.NONE)
    start, end = moment("2026-01-01 00:00", "Europe/Berlin"), moment("2027-01-01 00:00", "Europe/Berlin")
    assert calendar.between(start, end) == ALWAYS.between(start, end) == 365 * 1440
