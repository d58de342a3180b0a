"""A calendar's year to look at: months of weeks of days, each with its kind and hours. Pure."""

from __future__ import annotations

from calendar import Calendar as Weeks
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from indexer.words import N_
from portal.tickets.levels.spoken_hours import written
from portal.tickets.working_calendar import Calendar, DayKind

KIND_LABELS = {
    DayKind.WORK: N_("上班"),
    DayKind.REST: N_("周末休息"),
    DayKind.HOLIDAY: N_("法定节假日"),
    DayKind.MAKE_UP: N_("调休上班"),
    DayKind.OWN_WORK: N_("本单位上班"),
    DayKind.OWN_REST: N_("本单位休息"),
}


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    kind: DayKind
    hours: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    number: int
    weeks: tuple[tuple[Day | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Year:
    number: int
    months: tuple[Month, ...]
    known: bool
    worked: int
    """How many days are worked."""


def year_of(calendar: Calendar, number: int, names: Mapping[date, str]) -> Year:
    """The year as this calendar has it; ``names`` says what exceptions are for."""
    months = tuple(_month(calendar, number, month, names) for month in range(1, 13))
    days = (day for month in months for week in month.weeks for day in week if day)
    return Year(number, months, calendar.is_known(number), sum(bool(calendar.hours(one.day)) for one in days))


def _month(calendar: Calendar, year: int, month: int, names: Mapping[date, str]) -> Month:
    weeks = Weeks().monthdatescalendar(year, month)
    return Month(
        month,
        tuple(
            tuple(_day(calendar, day, names) if day.month == month else None for day in week)
            for week in weeks
        ),
    )


def _day(calendar: Calendar, day: date, names: Mapping[date, str]) -> Day:
    return Day(day, calendar.kind(day), written(calendar.hours(day)), names.get(day, ""))
