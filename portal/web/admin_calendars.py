"""Administration of working calendars: the units, one unit's calendar with its year, its versions and undo.

Service levels are in ``admin_levels``; both share one blueprint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import available_timezones

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Unit
from portal.people.queries import unit_by_code, units_in_order
from portal.people.roles import Permission
from portal.tickets.levels import timetables
from portal.tickets.levels.book import book_of, changed, in_force
from portal.tickets.levels.models import CalendarVersion
from portal.tickets.levels.spoken_hours import days_written, hours_of, own_days_of, written
from portal.tickets.levels.timetables import Timetable, timetable_of
from portal.tickets.levels.year_view import KIND_LABELS, year_of
from portal.tickets.working_calendar import KNOWN_YEARS, Calendar, Holidays, Hours
from portal.web.access import needs
from portal.web.admin_levels import blueprint
from portal.web.level_forms import day_of
from portal.web.refusals import sentence_of
from portal.web.request import db, me

__all__ = ["blueprint"]

WEEKDAYS = (
    N_("星期一"),
    N_("星期二"),
    N_("星期三"),
    N_("星期四"),
    N_("星期五"),
    N_("星期六"),
    N_("星期日"),
)
HOLIDAY_LABELS = {Holidays.CHINA: N_("中国法定节假日和调休"), Holidays.NONE: N_("不按法定节假日")}
#: Offered first; any other zone may be typed.
ZONES = ("Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Singapore", "Europe/Berlin", "Europe/London")
FIRST_YEAR, LAST_YEAR = 2020, 2040
TEXT_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class From:
    """A part of the calendar and the unit that says it; none is the house's own."""

    calendar: Calendar
    zone: Unit | None
    week: Unit | None
    holidays: Unit | None
    names: Mapping[date, str]


@blueprint.get("/admin/calendars")
@needs(Permission.MANAGE_LEVELS)
def calendars() -> str:
    """Every unit; one of them with its calendar, the topmost to begin with."""
    every = units_in_order(db())
    code = request.args.get("unit", "")
    chosen = next((unit for unit in every if unit.code == code), None)
    if chosen is None and code:
        abort(404)
    return _page(chosen or (every[0] if every else me().unit))


def _page(
    unit: Unit, *, typed: Mapping[str, str] | None = None, draft: Timetable | None = None, problem: str = ""
) -> str:
    session, moment = db(), now(db())
    own = timetables.said_by(session, unit, moment)
    source = _put_together(unit, moment, draft)
    year = _year(source.calendar, moment)
    return render_template(
        "admin/calendars.html",
        unit=unit,
        units=[row for row in units_in_order(session) if row.active or row.id == unit.id],
        with_own={code for code, rows in book_of(session).calendars.items() if _says(rows, moment)},
        source=source,
        year=year_of(source.calendar, year, source.names),
        years=(max(year - 1, FIRST_YEAR), min(year + 1, LAST_YEAR)),
        known=KNOWN_YEARS,
        kinds=KIND_LABELS,
        month_names=[format_date(date(2026, month, 1), "LLLL") for month in range(1, 13)],
        weekdays=WEEKDAYS,
        spoken_week=[written(hours) for hours in source.calendar.week],
        holiday_names=HOLIDAY_LABELS,
        zones=ZONES,
        typed=typed or _typed_of(timetable_of(own), source.calendar),
        problem=problem,
        previewed=draft is not None,
        versions=timetables.versions_of(session, unit),
        spoken=_spoken,
        now=moment,
        today=moment.astimezone(source.calendar.place).date(),
    )


def _says(rows: list[CalendarVersion], moment: datetime) -> bool:
    return timetable_of(in_force(rows, moment)) != timetables.NOTHING


def _year(calendar: Calendar, moment: datetime) -> int:
    asked = request.values.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else moment.astimezone(calendar.place).year
    return min(max(year, FIRST_YEAR), LAST_YEAR)


def _put_together(unit: Unit, moment: datetime, draft: Timetable | None) -> From:
    """The unit's calendar and who says which part of it; a draft stands for what the unit says now."""
    units = {row.code: row for row in db().scalars(select(Unit).where(Unit.code.in_(unit.ancestry)))}
    book = book_of(db())
    calendar, said = book.calendar((), moment), From(book.calendar((), moment), None, None, None, {})
    for code in unit.ancestry:
        version = in_force(book.calendars.get(code, ()), moment)
        says = draft if draft is not None and code == unit.code else timetable_of(version)
        calendar = changed(calendar, CalendarVersion(**says.content()))
        said = From(
            calendar,
            units[code] if says.zone else said.zone,
            units[code] if says.week else said.week,
            units[code] if says.holidays else said.holidays,
            {**said.names, **{own.day: own.name for own in says.days}},
        )
    return said


def _typed_of(own: Timetable, calendar: Calendar) -> dict[str, str]:
    week = own.week or calendar.week
    return {
        "zone": own.zone,
        "own_week": "1" if own.week else "",
        **{f"day{number}": written(hours) for number, hours in enumerate(week)},
        "holidays": own.holidays.value if own.holidays else "",
        "days": days_written(own.days),
        "since": "",
        "note": "",
    }


def _spoken(version: CalendarVersion) -> list[str]:
    """What a version says, one line each."""
    says = timetable_of(version)
    lines = [says.zone] if says.zone else []
    lines += [f"{_(WEEKDAYS[number])} {written(hours)}" for number, hours in enumerate(says.week)]
    lines += [_(HOLIDAY_LABELS[says.holidays])] if says.holidays else []
    return lines + days_written(says.days).splitlines()


@blueprint.post("/admin/calendars/<code>")
@needs(Permission.MANAGE_LEVELS)
def change_calendar(code: str) -> Response | str | tuple[str, int]:
    """Preview or lay down what this unit says; the button says which."""
    unit = unit_by_code(db(), code)
    if unit is None:
        abort(404)
    names = (
        "zone",
        "own_week",
        *(f"day{number}" for number in range(7)),
        "holidays",
        "days",
        "since",
        "note",
    )
    typed = {name: request.form.get(name, "")[:TEXT_LIMIT].replace("\x00", "") for name in names}
    try:
        return _deed(unit, typed)
    except Refused as refusal:
        db().rollback()
        unit = unit_by_code(db(), code)
        return _page(unit or me().unit, typed=typed, problem=sentence_of(refusal)), 422


def _deed(unit: Unit, typed: Mapping[str, str]) -> Response | str:
    timetable = _timetable(typed)
    if request.form.get("deed") == "preview":
        timetables.check(timetable)
        return _page(unit, typed=typed, draft=timetable)
    since = day_of(typed["since"].strip())
    timetables.lay_down(db(), unit, timetable, since=since, note=typed["note"], by=me())
    return _to_unit(unit, _("已保存。从生效时起新提交的工单按新的日历，之前提交的不受影响。"))


def _timetable(typed: Mapping[str, str]) -> Timetable:
    if typed["holidays"] not in ("", *Holidays):
        abort(400)
    week: tuple[Hours, ...] = ()
    if typed["own_week"]:
        week = tuple(hours_of(typed[f"day{number}"]) for number in range(7))
    return Timetable(
        zone=_zone(typed["zone"].strip()),
        week=week,
        holidays=Holidays(typed["holidays"]) if typed["holidays"] else None,
        days=own_days_of(typed["days"]),
    )


def _zone(text: str) -> str:
    """As the library writes it, however it was typed."""
    return next((zone for zone in available_timezones() if zone.lower() == text.lower()), text[:64])


@blueprint.post("/admin/calendars/versions/<int:number>/undo")
@needs(Permission.MANAGE_LEVELS)
def undo_calendar(number: int) -> Response:
    """Take back the last thing a unit said."""
    version = db().get(CalendarVersion, number)
    if version is None:
        abort(404)
    timetables.undo(db(), version, by=me())
    return _to_unit(version.unit, _("已撤销，回到之前的日历。再撤销一次可以恢复。"))


def _to_unit(unit: Unit, sentence: str) -> Response:
    flash(sentence, "success")
    return redirect(url_for(".calendars", unit=unit.code))
