"""Laying down what a unit says about its working time, from a moment on, and taking it back.

A unit says only what differs: zone, week, holiday rule may be left to the unit above; its own days stand
before those from above. What a ticket is counted by was frozen when it was filed; ``book`` puts it together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.audit import record
from portal.people.models import Person, Unit
from portal.tickets.levels.book import book_of, forget, in_force
from portal.tickets.levels.frozen import hours_as_json, hours_from
from portal.tickets.levels.laying_down import before_last, check_may, moment_of, noted, told
from portal.tickets.levels.models import CalendarVersion
from portal.tickets.levels.spoken_hours import OwnDay, written
from portal.tickets.working_calendar import Holidays, Hours

CALENDAR = "calendar"
SHORTEST_WEEK = 600


@dataclass(frozen=True, slots=True)
class Timetable:
    """What one unit says; empty is as above."""

    zone: str = ""
    week: tuple[Hours, ...] = ()
    holidays: Holidays | None = None
    days: tuple[OwnDay, ...] = ()

    def content(self) -> dict[str, object]:
        return {
            "zone": self.zone,
            "week": [hours_as_json(hours) for hours in self.week],
            "holidays": self.holidays.value if self.holidays else "",
            "exceptions": [
                {"day": own.day.isoformat(), "hours": hours_as_json(own.hours), "name": own.name}
                for own in self.days
            ],
        }


NOTHING = Timetable()


def timetable_of(version: CalendarVersion | None) -> Timetable:
    """What a version says."""
    if version is None:
        return NOTHING
    return Timetable(
        zone=version.zone,
        week=tuple(hours_from(hours) for hours in version.week),
        holidays=Holidays(version.holidays) if version.holidays else None,
        days=tuple(
            OwnDay(date.fromisoformat(str(row["day"])), hours_from(row["hours"]), str(row.get("name", "")))
            for row in version.exceptions
        ),
    )


def lay_down(
    session: Session, unit: Unit, timetable: Timetable, *, since: date | None, note: str, by: Person
) -> CalendarVersion:
    """From that day on the unit works so; without a day, and for today, from now on."""
    check_may(by)
    check(timetable)
    moment = moment_of(session, since)
    if timetable == timetable_of(said_by(session, unit, moment)):
        raise Refused(N_("和那时生效的日历完全一样，没有可保存的改动。"))
    return _write(session, unit, timetable, since=moment, note=note, by=by)


def undo(session: Session, version: CalendarVersion, *, by: Person) -> CalendarVersion:
    """Take back the last thing this unit said; from now on, or before it ever counted."""
    check_may(by)
    versions = book_of(session).calendars.get(version.unit.code, [])
    former = timetable_of(before_last(versions, version))
    since = max(version.since, now(session))
    return _write(session, version.unit, former, since=since, note="", by=by, undoes=version)


def said_by(session: Session, unit: Unit, at: datetime) -> CalendarVersion | None:
    """The unit's own version at a moment."""
    return in_force(book_of(session).calendars.get(unit.code, ()), at)


def _write(
    session: Session,
    unit: Unit,
    timetable: Timetable,
    *,
    since: datetime,
    note: str,
    by: Person,
    undoes: CalendarVersion | None = None,
) -> CalendarVersion:
    version = CalendarVersion(
        unit=unit,
        since=since.astimezone(UTC),
        note=noted(note),
        undoes_id=undoes.id if undoes else None,
        made_at=now(session),
        by=by,
        **timetable.content(),
    )
    session.add(version)
    session.flush()
    forget(session)
    deed = "undo" if undoes else "lay_down"
    record(session, deed, CALENDAR, subject_id=unit.code, by=by, **told(version, _spoken(timetable)))
    return version


def _spoken(timetable: Timetable) -> dict[str, object]:
    """A timetable in words, as a line of the audit shows it."""
    return {
        "zone": timetable.zone,
        "week": [written(hours) for hours in timetable.week],
        "holidays": timetable.holidays.value if timetable.holidays else "",
        "days": [f"{own.day.isoformat()} {written(own.hours)}" for own in timetable.days],
    }


def check(timetable: Timetable) -> None:
    """Refuse what no clock could run by."""
    if timetable.zone and timetable.zone not in available_timezones():
        raise Refused(
            N_("没有名为“%(zone)s”的时区，例如 Asia/Shanghai、Europe/Berlin。"), zone=timetable.zone
        )
    worked = sum(closing - opening for hours in timetable.week for opening, closing in hours)
    if timetable.week and worked < SHORTEST_WEEK:
        raise Refused(N_("一周的工作时间合计至少 10 小时，否则时限永远不会到。"))


def versions_of(session: Session, unit: Unit) -> list[CalendarVersion]:
    """Everything this unit ever said, the last first."""
    wanted = select(CalendarVersion).where(CalendarVersion.unit_id == unit.id)
    return list(session.scalars(wanted.order_by(CalendarVersion.id.desc())))
