"""What is laid down and when it counts: the level of a category, the calendar of a unit, at any moment.

Read once per transaction, so that filing a thousand tickets asks no more than filing one. Versions are
ordered by the moment from which they count; of two with the same moment the later one stands. Writing is in
``laying_down``. The invariant: what counted at a moment is never different when asked again later, because
nothing is laid down for the past.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, SessionTransaction

from portal.people.models import Unit
from portal.tickets.levels.frozen import hours_from
from portal.tickets.levels.models import CalendarVersion, LevelVersion
from portal.tickets.service_levels import Level, level_for, level_from
from portal.tickets.words import Category
from portal.tickets.working_calendar import DEFAULT, Calendar, Holidays, Hours

_PLACE = "tierdesk.levels"
Kind = tuple[Category, int, int | None]


class Version(Protocol):
    @property
    def id(self) -> int: ...

    @property
    def since(self) -> datetime: ...


V = TypeVar("V", bound=Version)


@dataclass(frozen=True, slots=True)
class Book:
    """Every version of levels (by category, priority, system) and of calendars (by the unit's code)."""

    levels: dict[Kind, list[LevelVersion]]
    calendars: dict[str, list[CalendarVersion]]

    def level(self, category: Category, priority: int, *, system_id: int | None, at: datetime) -> Level:
        """What counts: the system's own, else what is laid down for every system, else the house's."""
        version = self.level_version(category, priority, system_id=system_id, at=at)
        return level_from(version.level) if version else level_for(category, priority)

    def level_version(
        self, category: Category, priority: int, *, system_id: int | None, at: datetime
    ) -> LevelVersion | None:
        """The version that says so; None where the house's own table counts."""
        for scope in (system_id, None) if system_id is not None else (None,):
            version = in_force(self.levels.get((category, priority, scope), ()), at)
            if version is not None and version.level:
                return version
        return None

    def calendar(self, ancestry: Sequence[str], at: datetime) -> Calendar:
        """The calendar of the unit with these codes from the top down: each says what it changes."""
        calendar = DEFAULT
        for code in ancestry:
            version = in_force(self.calendars.get(code, ()), at)
            if version is not None:
                calendar = changed(calendar, version)
        return calendar


def in_force(versions: Sequence[V], at: datetime) -> V | None:
    """The version that counts at a moment; versions are in the order of their effect."""
    return next((version for version in reversed(versions) if version.since <= at), None)


def changed(calendar: Calendar, version: CalendarVersion) -> Calendar:
    """A calendar with what one unit says about it."""
    own = {**calendar.own, **exceptions_of(version)}
    return replace(
        calendar,
        zone=version.zone or calendar.zone,
        week=tuple(hours_from(hours) for hours in version.week) if version.week else calendar.week,
        holidays=Holidays(version.holidays) if version.holidays else calendar.holidays,
        exceptions=tuple(sorted(own.items())),
    )


def exceptions_of(version: CalendarVersion) -> dict[date, Hours]:
    return {date.fromisoformat(str(row["day"])): hours_from(row["hours"]) for row in version.exceptions}


def book_of(session: Session) -> Book:
    """The book as this transaction sees it."""
    kept: tuple[SessionTransaction | None, Book] | None = session.info.get(_PLACE)
    if kept is not None and kept[0] is not None and kept[0] is session.get_transaction():
        return kept[1]
    book = _read(session)
    session.info[_PLACE] = (session.get_transaction(), book)
    return book


def forget(session: Session) -> None:
    """Something was laid down in this transaction: read again."""
    session.info.pop(_PLACE, None)


def _read(session: Session) -> Book:
    levels: dict[Kind, list[LevelVersion]] = defaultdict(list)
    calendars: dict[str, list[CalendarVersion]] = defaultdict(list)
    with session.no_autoflush:  # a move is written in one piece, its version goes up by one
        for row in session.scalars(select(LevelVersion).order_by(LevelVersion.since, LevelVersion.id)):
            levels[row.category, row.priority, row.system_id].append(row)
        wanted = select(CalendarVersion, Unit.code).join(Unit, CalendarVersion.unit_id == Unit.id)
        for version, code in session.execute(
            wanted.order_by(CalendarVersion.since, CalendarVersion.id)
        ).all():
            calendars[code].append(version)
    return Book(dict(levels), dict(calendars))
