"""The stretch of time a figure speaks of, the one before it, and what narrows it. Pure.

The invariant: a period and the one before it are equally long and share a border.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, object_session

from kb.columns import now
from portal.people.models import Person
from portal.tickets.selection import Filter, places
from portal.tickets.visibility import served_by

LENGTHS = (7, 30, 90)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Period:
    """From ``since`` to before ``until``."""

    since: datetime
    until: datetime

    @property
    def before(self) -> Period:
        return Period(self.since - (self.until - self.since), self.since)

    def weeks(self) -> list[Period]:
        """Whole weeks back from the end, oldest first."""
        count = max(1, (self.until - self.since) // WEEK)
        return [
            Period(self.until - WEEK * (number + 1), self.until - WEEK * number)
            for number in reversed(range(count))
        ]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose figures, about what: the viewer's bounds and the filter of the page."""

    person: Person
    system: str = ""
    unit: str = ""

    def bounds(self) -> list[ColumnElement[bool]]:
        """What every ticket of these figures fulfils; the way in is the period, or what is open."""
        wanted = Filter(system=self.system, unit=self.unit)
        narrowed = places(object_session(self.person), wanted)
        return [served_by(self.person), *narrowed]


def last_days(session: Session, days: int) -> Period:
    """The ``days`` up to this minute."""
    until = now(session).replace(second=0, microsecond=0) + timedelta(minutes=1)
    return Period(until - timedelta(days=days), until)
