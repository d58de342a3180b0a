"""The calendars that tickets carry: whole values, stored once under a name made of their content.

A ticket is counted by the calendar it was filed under for as long as it lives, whatever is laid down later.
The invariant: what stands under a name never changes, so that every process may remember it for ever.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kb.columns import now
from portal.tickets.levels.models import FrozenCalendar
from portal.tickets.models import Ticket
from portal.tickets.working_calendar import DEFAULT, Calendar, Holidays, Hours

#: Under which name a ticket's level names its calendar; without it the desk's own counts.
KEY = "calendar"
_KNOWN: dict[str, Calendar] = {}


def calendar_of(session: Session, ticket: Ticket) -> Calendar:
    """The calendar this ticket carries."""
    digest = str(ticket.level.get(KEY, "")) if ticket.level else ""
    if not digest:
        return DEFAULT
    if digest not in _KNOWN:
        _remember_all(session)
    return _KNOWN[digest]


def _remember_all(session: Session) -> None:
    """All at once: a list of tickets must not ask for each calendar by itself."""
    with session.no_autoflush:
        for digest, content in session.execute(select(FrozenCalendar.digest, FrozenCalendar.content)):
            _KNOWN.setdefault(digest, calendar_from(content))


def frozen(session: Session, calendar: Calendar) -> str:
    """The name of this calendar, stored if it wasn't; empty for the desk's own."""
    if calendar == DEFAULT:
        return ""
    content = content_of(calendar)
    digest = sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    if session.get(FrozenCalendar, digest) is None:
        _store(session, digest, content)
    return digest


def _store(session: Session, digest: str, content: dict[str, Any]) -> None:
    try:
        with session.begin_nested():
            session.add(FrozenCalendar(digest=digest, content=content, made_at=now(session)))
            session.flush()
    except IntegrityError:  # somebody filed the first ticket under it in the same moment
        pass


def content_of(calendar: Calendar) -> dict[str, Any]:
    return {
        "zone": calendar.zone,
        "week": [hours_as_json(hours) for hours in calendar.week],
        "holidays": calendar.holidays.value,
        "exceptions": {day.isoformat(): hours_as_json(hours) for day, hours in calendar.exceptions},
    }


def calendar_from(content: Mapping[str, Any]) -> Calendar:
    days = {date.fromisoformat(day): hours_from(hours) for day, hours in content["exceptions"].items()}
    return Calendar(
        zone=str(content["zone"]),
        week=tuple(hours_from(hours) for hours in content["week"]),
        holidays=Holidays(content["holidays"]),
        exceptions=tuple(sorted(days.items())),
    )


def hours_as_json(hours: Hours) -> list[list[int]]:
    return [[opening, closing] for opening, closing in hours]


def hours_from(stored: Any) -> Hours:
    return tuple((int(opening), int(closing)) for opening, closing in stored)
