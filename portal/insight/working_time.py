"""Working minutes between many pairs of moments, quickly: one running total per day. Pure.

Counts exactly what ``service_levels.minutes_between`` counts; a test holds both against each other. That one
walks over the days of one ticket, this one serves thousands of tickets on one page.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.tickets.service_levels import DAY_MINUTES
from portal.tickets.working_calendar import OFFICE, is_workday


class WorkingTime:
    """Minutes of work passed since the first day, for any moment between the two days."""

    def __init__(self, first: date, last: date, zone: ZoneInfo) -> None:
        self.zone = zone
        self.before: dict[date, int] = {}
        total, day = 0, first
        while day <= last:
            self.before[day] = total
            total += DAY_MINUTES if is_workday(day) else 0
            day += timedelta(days=1)

    def between(self, start: datetime, end: datetime) -> float:
        """Working minutes from ``start`` to ``end``."""
        return self._at(end) - self._at(start)

    def _at(self, moment: datetime) -> float:
        local = moment.astimezone(self.zone)
        day = local.date()
        passed = self.before[day]
        return passed + _within(local.time()) if is_workday(day) else passed


def _within(clock: time) -> float:
    return sum(max(0.0, min(_minutes(clock), end) - start) for start, end in OFFICE)


def _minutes(clock: time) -> float:
    return clock.hour * 60 + clock.minute + clock.second / 60
