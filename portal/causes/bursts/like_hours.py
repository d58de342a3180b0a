"""Which earlier hours an hour is compared with: the same of the same weekday, if that was a day like it.

A holiday on a Wednesday is like other free days, a Saturday that is made up for like days of work. Pure. The
invariant: at most ``WEEKS`` hours are compared, each as long as the one that is judged, none after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.tickets.working_calendar import DEFAULT, Calendar

#: With how many like hours one is compared at most, and how far back they may lie.
WEEKS = 12
REACH_DAYS = 7 * 14
#: With fewer of the same weekday, days of the same kind stand in.
FEW = 6
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)

Span = tuple[datetime, datetime]


def judged_hour(moment: datetime) -> Span:
    """The hour before the last full quarter."""
    end = moment.replace(minute=moment.minute - moment.minute % 15, second=0, microsecond=0)
    return end - HOUR, end


def like(span: Span, calendar: Calendar = DEFAULT) -> list[Span]:
    """The same hour on like days before, the latest first."""
    zone = calendar.place
    start, length = span[0].astimezone(zone), span[1] - span[0]
    days = list(_days(start.date(), calendar))
    same = [day for day in days if day.weekday() == start.weekday()]
    chosen = same if len(same) >= FEW else sorted({*same, *days[:WEEKS]}, reverse=True)
    return [(begin, begin + length) for day in chosen[:WEEKS] for begin in (_at(day, start, zone),)]


def _days(day: date, calendar: Calendar) -> Iterator[date]:
    """Earlier days that are as much days of work as this one, the latest first."""
    works = bool(calendar.hours(day))
    return (
        earlier
        for back in range(1, REACH_DAYS)
        for earlier in (day - timedelta(days=back),)
        if bool(calendar.hours(earlier)) == works
    )


def _at(day: date, like_it: datetime, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, like_it.hour, like_it.minute, tzinfo=zone)
