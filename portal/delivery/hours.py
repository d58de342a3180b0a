"""When mail may be sent to a person: quiet hours and the moment of the next digest. Pure.

Hours are those of the desk's own zone; a digest is written on working days only.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.tickets.telling.wishes import Hours
from portal.tickets.working_calendar import is_workday


def after_quiet(moment: datetime, hours: Hours, zone: ZoneInfo) -> datetime:
    """``moment`` itself, or the end of the quiet hours it lies in; they may go over midnight."""
    if hours.quiet is None:
        return moment
    begin, end = hours.quiet
    local = moment.astimezone(zone)
    if not _within(local.hour, begin, end):
        return moment
    day = local.date() + timedelta(days=1 if local.hour >= end else 0)
    return _at(day, end, zone).astimezone(moment.tzinfo)


def _within(hour: int, begin: int, end: int) -> bool:
    return begin <= hour < end if begin < end else hour >= begin or hour < end


def next_digest(moment: datetime, hours: Hours, zone: ZoneInfo) -> datetime:
    """The next digest hour on a working day that lies after ``moment``."""
    day = moment.astimezone(zone).date()
    while not is_workday(day) or _at(day, hours.digest, zone) <= moment:
        day += timedelta(days=1)
    return _at(day, hours.digest, zone).astimezone(moment.tzinfo)


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone)
