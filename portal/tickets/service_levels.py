"""Service levels: how long a ticket may take, counted in working time.

Pure: a calendar and moments in, moments and minutes out. Public holidays and make-up working days of
China come from ``chinesecalendar``; years it doesn't know yet count Monday to Friday, and say so.
The level in force is copied onto the ticket, so that a later change of this table rewrites no past.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

from portal.tickets.words import Category, Tier

MORNING = (time(8, 30), time(12, 0))
AFTERNOON = (time(14, 0), time(17, 30))
DAY_MINUTES = 420
WARN_AT = 0.8
LONGEST_SEARCH = timedelta(days=1100)


@dataclass(frozen=True, slots=True)
class Level:
    """Minutes allowed: to the first response, for each visit to a tier, to the close."""

    respond: int
    tier: int
    close: int
    round_the_clock: bool = False

    def as_json(self) -> dict[str, object]:
        return dict(asdict(self))


#: Counts what passes of anything in working time, whatever it is allowed.
WORKING_TIME = Level(respond=0, tier=0, close=0)

H, D = 60, DAY_MINUTES
# fmt: off
#: Category → levels of priority 1 to 4. Faults count round the clock, everything else working time.
LEVELS: dict[Category, tuple[Level, Level, Level, Level]] = {
    Category.CONSULTATION: (Level(15, 1*H, 4*H), Level(30, 2*H, 1*D),   Level(1*H, 4*H, 1*D),   Level(2*H, 1*D, 2*D)),
    Category.DEFECT:       (Level(15, 4*H, 1*D), Level(30, 1*D, 3*D),   Level(1*H, 2*D, 7*D),   Level(2*H, 4*D, 15*D)),
    Category.FAULT:        (Level(5, 30, 4*H, True), Level(10, 1*H, 8*H, True), Level(15, 2*H, 12*H, True), Level(30, 4*H, 24*H, True)),
    Category.ACCOUNT:      (Level(15, 1*H, 2*H), Level(30, 2*H, 4*H),   Level(1*H, 4*H, 1*D),   Level(2*H, 1*D, 2*D)),
    Category.DATA:         (Level(15, 2*H, 1*D), Level(30, 1*D, 2*D),   Level(1*H, 1*D, 3*D),   Level(2*H, 2*D, 5*D)),
    Category.CHANGE:       (Level(1*H, 2*D, 10*D), Level(2*H, 3*D, 15*D), Level(4*H, 5*D, 20*D), Level(1*D, 10*D, 40*D)),
    Category.COMPLAINT:    (Level(15, 4*H, 1*D), Level(30, 4*H, 2*D),   Level(1*H, 1*D, 3*D),   Level(2*H, 2*D, 5*D)),
    Category.RESOURCE:     (Level(30, 4*H, 2*D), Level(1*H, 1*D, 3*D),  Level(2*H, 2*D, 5*D),   Level(4*H, 4*D, 10*D)),
}
# fmt: on


def level_for(category: Category, priority: int) -> Level:
    return LEVELS[category][priority - 1]


def level_from(stored: dict[str, object]) -> Level:
    """The level a ticket carries."""
    return Level(
        respond=int(str(stored["respond"])),
        tier=int(str(stored["tier"])),
        close=int(str(stored["close"])),
        round_the_clock=bool(stored["round_the_clock"]),
    )


@lru_cache(maxsize=8192)
def is_workday(day: date) -> bool:
    """Is this a working day in China, make-up days included?"""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # the year's holidays are not published yet
        return day.weekday() < 5


def _spans(start: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Working spans from ``start`` on, in local time, the first one cut at ``start``."""
    local = start.astimezone(zone)
    day = local.date()
    while day - local.date() < LONGEST_SEARCH:
        if is_workday(day):
            for opening, closing in (MORNING, AFTERNOON):
                begin = datetime.combine(day, opening, zone)
                end = datetime.combine(day, closing, zone)
                if end > local:
                    yield max(begin, local), end
        day += timedelta(days=1)


def add_minutes(start: datetime, minutes: int, *, level: Level, zone: ZoneInfo) -> datetime:
    """The moment when ``minutes`` of counted time have passed since ``start``."""
    if level.round_the_clock:
        return start + timedelta(minutes=minutes)
    left = timedelta(minutes=minutes)
    for begin, end in _spans(start, zone):
        if left <= end - begin:
            return (begin + left).astimezone(start.tzinfo)
        left -= end - begin
    raise ValueError("a service level longer than three years")


def minutes_between(start: datetime, end: datetime, *, level: Level, zone: ZoneInfo) -> int:
    """Counted minutes from ``start`` to ``end``; negative when ``end`` lies before ``start``."""
    if end < start:
        return -minutes_between(end, start, level=level, zone=zone)
    if level.round_the_clock:
        return int((end - start).total_seconds() // 60)
    local = end.astimezone(zone)
    total = timedelta()
    for begin, close in _spans(start, zone):
        if begin >= local:
            break
        total += min(close, local) - begin
    return int(total.total_seconds() // 60)


@dataclass(frozen=True, slots=True)
class Clock:
    """What the clock chip shows. ``left`` is in counted minutes, negative when overdue."""

    due: datetime
    left: int
    total: int
    paused: bool
    round_the_clock: bool

    @property
    def overdue(self) -> bool:
        return self.left < 0

    @property
    def soon(self) -> bool:
        return not self.overdue and self.left <= warns_at(self.total)


def warns_at(total: int) -> int:
    """How many counted minutes are left of ``total`` when the clock begins to warn."""
    return round(total * (1 - WARN_AT))


def tier_minutes(level: Level, tier: Tier) -> int:
    """Minutes for one visit to a tier; the front is always asked to move within the response time × 4."""
    return min(level.tier, level.respond * 4) if tier in (Tier.FRONT, Tier.LOCAL) else level.tier
