"""Working calendars: which hours of which day are worked, in which zone, and counting in them. Pure.

A calendar is a value: a zone, the hours of the seven weekdays, the rule for public holidays and days of its
own. Holidays and make-up days of China come from ``chinesecalendar``; years it doesn't know count by weekday,
and ``is_known`` says so. The invariant: time is counted as it passes, not as clocks show it, so that a night
in which a zone changes its clocks is an hour longer or shorter. Where calendars are kept: ``levels``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

import chinese_calendar
from chinese_calendar.constants import holidays as _holidays

#: Spans of one day in minutes after midnight; 1440 is the midnight at its end.
Hours = tuple[tuple[int, int], ...]

OFFICE: Hours = ((8 * 60 + 30, 12 * 60), (14 * 60, 17 * 60 + 30))
ALL_DAY: Hours = ((0, 1440),)
FREE: Hours = ()
WEEK: tuple[Hours, ...] = (OFFICE,) * 5 + (FREE,) * 2
LONGEST_YEARS = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_MINUTE = 60_000_000
#: The first and the last year whose holidays the library knows.
KNOWN_YEARS = (min(_holidays).year, max(_holidays).year)


class Holidays(StrEnum):
    CHINA = "china"
    NONE = "none"


class DayKind(StrEnum):
    WORK = "work"
    REST = "rest"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    OWN_WORK = "own_work"
    OWN_REST = "own_rest"


@lru_cache(maxsize=8192)
def is_workday(day: date) -> bool:
    """Is this a working day in China, make-up days included?"""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # the year's holidays are not published yet
        return day.weekday() < 5


@dataclass(frozen=True, slots=True)
class _Year:
    """The worked spans of one year in microseconds since 1970: begin, end, worked until the end of each."""

    begins: list[int]
    ends: list[int]
    until: list[int]

    @property
    def total(self) -> int:
        return self.until[-1] if self.until else 0

    def passed(self, tick: int) -> int:
        """Worked from the year's beginning to this moment."""
        number = bisect_right(self.begins, tick) - 1
        if number < 0:
            return 0
        return self.until[number] - max(0, self.ends[number] - tick)

    def first(self, tick: int) -> int:
        """The number of the first span that ends after this moment."""
        return bisect_right(self.ends, tick)

    def moment(self, worked: int, *, not_before: int = 0) -> int:
        """The first moment at which so much of the year is worked, in the span of that number or later."""
        number = max(bisect_left(self.until, worked), not_before)
        return self.ends[number] - (self.until[number] - worked)


@dataclass(frozen=True)
class Calendar:
    """Without arguments the desk's own: China's working days, 8:30 to 12:00 and 14:00 to 17:30."""

    zone: str = "Asia/Shanghai"
    week: tuple[Hours, ...] = WEEK
    holidays: Holidays = Holidays.CHINA
    exceptions: tuple[tuple[date, Hours], ...] = ()
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False, hash=False)

    @cached_property
    def place(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def own(self) -> Mapping[date, Hours]:
        return dict(self.exceptions)

    @cached_property
    def usual(self) -> Hours:
        """The hours of an ordinary working day, also those of a make-up day."""
        return next((hours for hours in self.week if hours), FREE)

    def is_known(self, year: int) -> bool:
        """Are the year's public holidays known, or is it counted by weekday?"""
        return self.holidays == Holidays.NONE or KNOWN_YEARS[0] <= year <= KNOWN_YEARS[1]

    def kind(self, day: date) -> DayKind:
        if day in self.own:
            return DayKind.OWN_WORK if self.own[day] else DayKind.OWN_REST
        if self.holidays == Holidays.CHINA and day in _holidays:
            return DayKind.HOLIDAY
        if self.holidays == Holidays.CHINA and day.weekday() >= 5 and is_workday(day):
            return DayKind.MAKE_UP
        return DayKind.WORK if self.week[day.weekday()] else DayKind.REST

    def hours(self, day: date) -> Hours:
        """What is worked on this day."""
        match self.kind(day):
            case DayKind.OWN_WORK | DayKind.OWN_REST:
                return self.own[day]
            case DayKind.HOLIDAY:
                return FREE
            case DayKind.MAKE_UP:
                return self.usual
            case _:
                return self.week[day.weekday()]

    def is_open(self, moment: datetime) -> bool:
        """Is it worked at this moment?"""
        tick = _tick(moment)
        year = self._year(self._year_of(moment))
        number = bisect_right(year.begins, tick) - 1
        return number >= 0 and tick < year.ends[number]

    def after(self, start: datetime, minutes: int) -> datetime:
        """The moment when ``minutes`` have been worked since ``start``, in the zone of ``start``."""
        tick, number = _tick(start), self._year_of(start)
        year = self._year(number)
        wanted, span = year.passed(tick) + minutes * _MINUTE, year.first(tick)
        for _ in range(LONGEST_YEARS):
            if wanted <= year.total and span < len(year.begins):
                return _moment(year.moment(wanted, not_before=span), start)
            wanted, span, number = wanted - year.total, 0, number + 1
            year = self._year(number)
        raise ValueError("more working time than a calendar has in twelve years")

    def before(self, end: datetime, minutes: int) -> datetime:
        """The first moment from which no more than ``minutes`` are worked until ``end``."""
        number = self._year_of(end)
        year = self._year(number)
        wanted = year.passed(_tick(end)) - minutes * _MINUTE
        for _ in range(LONGEST_YEARS):
            if wanted > 0:
                return _moment(year.moment(wanted), end)
            number -= 1
            year = self._year(number)
            wanted += year.total
        raise ValueError("more working time than a calendar has in twelve years")

    def between(self, start: datetime, end: datetime) -> int:
        """Whole minutes worked from ``start`` to ``end``; negative when ``end`` lies before ``start``."""
        if end < start:
            return -self.between(end, start)
        first, last = self._year_of(start), self._year_of(end)
        worked = self._year(last).passed(_tick(end)) - self._year(first).passed(_tick(start))
        return (worked + sum(self._year(number).total for number in range(first, last))) // _MINUTE

    def days_between(self, start: datetime, end: datetime) -> float:
        """Working days from ``start`` to ``end``, by the length of an ordinary one."""
        day = sum(closing - opening for opening, closing in self.usual)
        return self.between(start, end) / day

    def _year_of(self, moment: datetime) -> int:
        return moment.astimezone(self.place).year

    def _year(self, number: int) -> _Year:
        if number not in self._years:
            self._years[number] = self._compiled(number)
        return self._years[number]

    def _compiled(self, number: int) -> _Year:
        begins: list[int] = []
        ends: list[int] = []
        day = date(number, 1, 1)
        while day.year == number:
            for opening, closing in self.hours(day):
                # Where the clocks go forward, a span may begin before the one before it has ended.
                begin = max(self._at(day, opening), ends[-1] if ends else 0)
                end = self._at(day, closing)
                if end > begin:
                    begins.append(begin)
                    ends.append(end)
            day += timedelta(days=1)
        worked = (end - begin for begin, end in zip(begins, ends, strict=True))
        return _Year(begins, ends, list(accumulate(worked)))

    def _at(self, day: date, minutes: int) -> int:
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.place)
        return _tick(midnight + timedelta(minutes=minutes))  # the local clock's time, then as it passes


def _tick(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK


def _moment(tick: int, like: datetime) -> datetime:
    return (_EPOCH + timedelta(microseconds=tick)).astimezone(like.tzinfo)


#: What counts where nobody has laid down anything else.
DEFAULT = Calendar()
#: For faults: every hour of every day.
ALWAYS = Calendar(zone="UTC", week=(ALL_DAY,) * 7, holidays=Holidays.NONE)
