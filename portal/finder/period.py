"""From when to when something was published, changed or filed: exact days, and months for the index.

The index knows the month of a thing, the database its moment. The invariant: the months of a period hold
every moment of it, so that the index leaves nothing out that the database would let through. Months are
those of UTC, days those of the desk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MONTH = "month"
FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` on and before ``end``; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def __bool__(self) -> bool:
        return self.start is not None or self.end is not None

    def holds(self, moment: datetime) -> bool:
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)

    def months(self, today: date) -> frozenset[str]:
        first = self.start.astimezone(UTC).date() if self.start else FIRST_DAY
        soon = today + timedelta(days=31)
        last = self.end.astimezone(UTC).date() if self.end else soon
        return frozenset(_months(max(first, FIRST_DAY), min(last, soon)))


ANY_TIME = Period()


def of_days(first: date | None, last: date | None, zone: ZoneInfo) -> Period:
    """Whole days of the desk, both included; a day before or after all the desk's days is none."""
    return Period(
        _midnight(first, zone) if first and first > FIRST_DAY else None,
        _midnight(last + timedelta(days=1), zone) if last and last < LAST_DAY else None,
    )


def month_of(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m}"


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def _months(first: date, last: date) -> Iterator[str]:
    month = first.replace(day=1)
    while month <= last:
        yield f"{month:%Y-%m}"
        month = (month + timedelta(days=32)).replace(day=1)
