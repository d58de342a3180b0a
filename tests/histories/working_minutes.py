"""Working minutes counted the slow way, day by day: a second opinion on the desk's calendar.

China's working days from 8:30 to 12:00 and from 14:00 to 17:30, holidays and make-up days as published.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar

ZONE = ZoneInfo("Asia/Shanghai")
SPANS = ((time(8, 30), time(12)), (time(14), time(17, 30)))
#: The published years end somewhere; beyond, the desk counts Monday to Friday.
UNKNOWN = NotImplementedError


@cache
def is_workday(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except UNKNOWN:
        return day.weekday() < 5


def working_minutes(start: datetime, end: datetime) -> float:
    """Minutes from ``start`` to a later ``end``."""
    first, last = start.astimezone(ZONE), end.astimezone(ZONE)
    total, day = timedelta(), first.date()
    while day <= last.date():
        if is_workday(day):
            for opening, closing in SPANS:
                begin = max(datetime.combine(day, opening, ZONE), first)
                until = min(datetime.combine(day, closing, ZONE), last)
                total += max(timedelta(), until - begin)
        day += timedelta(days=1)
    return total.total_seconds() / 60
