"""The form of one promise: times with their unit of time, read into minutes and written back. No session.

The invariant: what ``typed_of`` writes, ``times_of`` reads back as the same level.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import abort

from indexer.words import N_
from kb.flow import Refused
from portal.tickets.levels.laying_down import Times
from portal.tickets.service_levels import DAY_MINUTES, VISITED, Level, tier_minutes
from portal.tickets.words import TIER_LABELS, Category

LONGEST_NUMBER = 6
#: Field → its name; the order in which a ticket meets them.
FIELDS = {
    "respond": N_("响应"),
    **{tier.value: TIER_LABELS[tier] for tier in VISITED},
    "close": N_("办结总时长"),
}
#: Unit of time → minutes in it; a fault's day has 24 hours.
MINUTES = {"minute": 1, "hour": 60, "day": DAY_MINUTES}
ROUND_MINUTES = {**MINUTES, "day": 1440}


def minutes_of(level: Level, field: str) -> int:
    """What a level allows for one field of the form."""
    if field in ("respond", "close"):
        return int(getattr(level, field))
    return next(tier_minutes(level, tier) for tier in VISITED if tier.value == field)


def typed_of(level: Level) -> dict[str, str]:
    """A level as the form has it: each time in the largest unit that needs no fraction."""
    typed = {"warn": str(level.warn), "since": "", "note": ""}
    units = ROUND_MINUTES if level.round_the_clock else MINUTES
    for field in FIELDS:
        minutes = minutes_of(level, field)
        unit = next(unit for unit in ("day", "hour", "minute") if minutes % units[unit] == 0)
        typed |= {field: str(minutes // units[unit]), f"{field}_unit": unit}
    return typed


def names() -> list[str]:
    return [*FIELDS, *(f"{field}_unit" for field in FIELDS), "warn"]


def times_of(category: Category, typed: Mapping[str, str]) -> Times:
    units = ROUND_MINUTES if category == Category.FAULT else MINUTES
    found = {
        field: _number(typed[field], name) * _unit(units, typed, field) for field, name in FIELDS.items()
    }
    tiers = {tier: found[tier.value] for tier in VISITED}
    return Times(found["respond"], found["close"], tiers, _number(typed["warn"], N_("提醒")))


def _number(text: str, name: str) -> int:
    if not text.isdecimal() or not 0 < len(text) <= LONGEST_NUMBER:
        raise Refused(N_("“%(name)s”要填一个整数。"), name=name)
    return int(text)


def _unit(units: Mapping[str, int], typed: Mapping[str, str], field: str) -> int:
    if typed[f"{field}_unit"] not in units:
        abort(400)
    return units[typed[f"{field}_unit"]]


def day_of(text: str) -> date | None:
    """The day of effect as the form sends it; none is today."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused(N_("看不懂生效日期“%(typed)s”，请写成 2026-12-01。"), typed=text) from None
