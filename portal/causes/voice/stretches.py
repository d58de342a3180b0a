"""Weeks and months as a report speaks of them: whole days of the desk's own zone. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from indexer.words import N_

WEEK = timedelta(days=7)


class Rhythm(StrEnum):
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Choice(StrEnum):
    """How often somebody wants to be told."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    OFF = "off"


RHYTHM_LABELS = {Rhythm.WEEKLY: N_("周报"), Rhythm.MONTHLY: N_("月报")}
CHOICE_LABELS = {
    Choice.WEEKLY: N_("每周一次"),
    Choice.MONTHLY: N_("每月一次"),
    Choice.OFF: N_("不要通知"),
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """From the day ``first`` to before the day ``after``."""

    rhythm: Rhythm
    first: date
    after: date

    @property
    def last(self) -> date:
        return self.after - timedelta(days=1)

    @property
    def before(self) -> Stretch:
        """The one that ends where this one begins."""
        return stretch_of(self.rhythm, self.first - timedelta(days=1))

    def since(self, zone: ZoneInfo) -> datetime:
        return _midnight(self.first, zone)

    def until(self, zone: ZoneInfo) -> datetime:
        return _midnight(self.after, zone)

    def spoken(self) -> str:
        """Both its days, in no language."""
        return f"{self.first:%Y-%m-%d} – {self.last:%Y-%m-%d}"


def stretch_of(rhythm: Rhythm, day: date) -> Stretch:
    """The week from Monday on, or the month, in which a day lies."""
    if rhythm == Rhythm.WEEKLY:
        first = day - timedelta(days=day.weekday())
        return Stretch(rhythm, first, first + WEEK)
    first = day.replace(day=1)
    after = first.replace(year=first.year + 1, month=1) if first.month == 12 else _month_after(first)
    return Stretch(rhythm, first, after)


def _month_after(first: date) -> date:
    return first.replace(month=first.month + 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
