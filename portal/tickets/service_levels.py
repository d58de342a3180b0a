"""Service levels: how long a ticket may take, counted in working time. Pure.

A calendar and moments in, moments and minutes out; what a working day is stands in ``working_calendar``.
``LEVELS`` counts where the desk has laid down nothing else (``levels.book``). The level in force is copied
onto the ticket, so that a later change rewrites no past.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from portal.tickets.words import Category, Tier
from portal.tickets.working_calendar import ALWAYS, DEFAULT, Calendar

DAY_MINUTES = 420
#: Per cent of the allowed time after which the clock begins to warn.
WARN_AT = 80
#: The tiers that get a time of their own for each visit.
VISITED = (Tier.FRONT, Tier.LOCAL, Tier.MIDDLE, Tier.DISPATCH, Tier.BACK)


@dataclass(frozen=True, slots=True)
class Level:
    """Minutes allowed: to the first response, for each visit to a tier, to the close.

    ``own`` names the tiers whose time differs from ``tier``.
    """

    respond: int
    tier: int
    close: int
    round_the_clock: bool = False
    own: tuple[tuple[Tier, int], ...] = ()
    warn: int = WARN_AT

    def as_json(self) -> dict[str, object]:
        """As a ticket and a stored version carry it; what is as usual is left out."""
        plain: dict[str, object] = {
            "respond": self.respond,
            "tier": self.tier,
            "close": self.close,
            "round_the_clock": self.round_the_clock,
        }
        if self.own:
            plain["tiers"] = {tier.value: minutes for tier, minutes in self.own}
        return plain if self.warn == WARN_AT else {**plain, "warn": self.warn}


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
    """What the house comes with."""
    return LEVELS[category][priority - 1]


def level_from(stored: Mapping[str, object]) -> Level:
    """The level that a ticket or a stored version carries."""
    own = cast("Mapping[str, int]", stored.get("tiers") or {})
    return Level(
        respond=int(str(stored["respond"])),
        tier=int(str(stored["tier"])),
        close=int(str(stored["close"])),
        round_the_clock=bool(stored["round_the_clock"]),
        own=tuple((tier, int(own[tier])) for tier in VISITED if tier in own),
        warn=int(str(stored.get("warn", WARN_AT))),
    )


def counted_by(level: Level, calendar: Calendar) -> Calendar:
    """In which time this level counts: faults round the clock, everything else as the calendar says."""
    return ALWAYS if level.round_the_clock else calendar


def add_minutes(start: datetime, minutes: int, *, level: Level, calendar: Calendar = DEFAULT) -> datetime:
    """The moment when ``minutes`` of counted time have passed since ``start``."""
    return counted_by(level, calendar).after(start, minutes)


def minutes_between(start: datetime, end: datetime, *, level: Level, calendar: Calendar = DEFAULT) -> int:
    """Counted minutes from ``start`` to ``end``; negative when ``end`` lies before ``start``."""
    return counted_by(level, calendar).between(start, end)


def warning_of(due: datetime, allowed: int, *, level: Level, calendar: Calendar = DEFAULT) -> datetime:
    """From when a deadline that was given ``allowed`` minutes is told of."""
    return counted_by(level, calendar).before(due, warns_at(allowed, level.warn))


@dataclass(frozen=True, slots=True)
class Clock:
    """What the clock chip shows. ``left`` is in counted minutes, negative when overdue."""

    due: datetime
    left: int
    total: int
    paused: bool
    round_the_clock: bool
    warn: int = WARN_AT

    @property
    def overdue(self) -> bool:
        return self.left < 0

    @property
    def soon(self) -> bool:
        return not self.overdue and self.left <= warns_at(self.total, self.warn)


def warns_at(total: int, percent: int = WARN_AT) -> int:
    """How many counted minutes are left of ``total`` when the clock begins to warn."""
    return round(total * (100 - percent) / 100)


def tier_minutes(level: Level, tier: Tier) -> int:
    """Minutes for one visit to a tier; the front is asked to move within the response time × 4."""
    own = dict(level.own)
    if tier in own:
        return own[tier]
    return min(level.tier, level.respond * 4) if tier in (Tier.FRONT, Tier.LOCAL) else level.tier
