"""What an address asks of a list of tickets, as a filter: one parser for page, saved views and API.

A table: an argument's name, the filter's field, how its text is read. The invariant: an argument that is
unknown or makes no sense narrows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from portal.tickets.selection import Filter, Order, Tab
from portal.tickets.words import PRIORITY_LABELS, Category, Channel, State, Tier

LONGEST = 100
YES = frozenset({"1", "true", "t", "yes", "y", "on"})
NO = frozenset({"0", "false", "f", "no", "n", "off"})
DAYS_AGO = re.compile(r"(\d{1,3})d")


@dataclass(frozen=True, slots=True)
class Today:
    """The day on which somebody asks, where they are: "7d" is seven days before it."""

    day: date
    zone: tzinfo


Reading = Callable[[str, Today], object]


@dataclass(frozen=True, slots=True)
class Argument:
    name: str
    field: str
    read: Reading
    """The value that a text means; None when it means nothing."""


def _word(text: str, _today: Today) -> object:
    return text or None


def _member(kind: type[StrEnum]) -> Reading:
    return lambda text, _today: kind(text) if text in set(kind) else None


def _priority(text: str, _today: Today) -> object:
    return int(text) if text in {str(level) for level in PRIORITY_LABELS} else None


def _flag(text: str, _today: Today) -> object:
    return True if text.lower() in YES else None


def _either(text: str, _today: Today) -> object:
    return text.lower() in YES if text.lower() in YES | NO else None


def _from(text: str, today: Today) -> object:
    return _moment(text, today, after=False)


def _to(text: str, today: Today) -> object:
    return _moment(text, today, after=True)


def _moment(text: str, today: Today, *, after: bool) -> datetime | None:
    """A day (its start, or with ``after`` its end), so many days ago, or a full moment."""
    try:
        day = _day(text, today)
        if day is not None:
            return datetime.combine(day + timedelta(days=1 if after else 0), time(), today.zone)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=today.zone)


def _day(text: str, today: Today) -> date | None:
    if ago := DAYS_AGO.fullmatch(text):
        return today.day - timedelta(days=int(ago[1]))
    return date.fromisoformat(text) if len(text) == len("2026-01-01") else None


# fmt: off
ARGUMENTS = (
    Argument("tab",           "tab",           _member(Tab)),
    Argument("tier",          "tier",          _member(Tier)),
    Argument("state",         "state",         _member(State)),
    Argument("category",      "category",      _member(Category)),
    Argument("channel",       "channel",       _member(Channel)),
    Argument("priority",      "priority",      _priority),
    Argument("system",        "system",        _word),
    Argument("module",        "module",        _word),
    Argument("unit",          "unit",          _word),
    Argument("holder",        "holder",        _word),
    Argument("requester",     "requester",     _word),
    Argument("defect",        "defect",        _word),
    Argument("q",             "text",          _word),
    Argument("open",          "open",          _either),
    Argument("everything",    "everything",    _flag),
    Argument("overdue",       "overdue",       _flag),
    Argument("soon",          "soon",          _flag),
    Argument("urged",         "urged",         _flag),
    Argument("reopened",      "reopened",      _flag),
    Argument("returned",      "returned",      _flag),
    Argument("first_contact", "first_contact", _flag),
    Argument("linked",        "linked",        _either),
    Argument("from",          "since",         _from),
    Argument("to",            "until",         _to),
    Argument("closed_from",   "closed_since",  _from),
    Argument("closed_to",     "closed_until",  _to),
    Argument("order",         "order",         _member(Order)),
    Argument("turned",        "turned",        _flag),
)
# fmt: on
NAMES = frozenset(argument.name for argument in ARGUMENTS)


def asked(values: Mapping[str, Any], today: Today) -> Filter:
    """The filter that these arguments ask for."""
    read = {argument.field: argument.read(_text(values, argument), today) for argument in ARGUMENTS}
    return Filter(**{name: value for name, value in read.items() if value is not None})  # type: ignore[arg-type]


def kept(values: Mapping[str, Any], today: Today) -> dict[str, str]:
    """The arguments that mean something, as they were written: what a saved view remembers."""
    texts = {argument.name: (_text(values, argument), argument) for argument in ARGUMENTS}
    return {name: text for name, (text, one) in texts.items() if one.read(text, today) is not None}


def _text(values: Mapping[str, Any], argument: Argument) -> str:
    return str(values.get(argument.name) or "").strip()[:LONGEST].replace("\x00", "")
