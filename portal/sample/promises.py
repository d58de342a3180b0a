"""Service levels and working calendars of the sample company: a few that differ, and one that is to come."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.columns import CLOCK
from portal.catalogue.models import System
from portal.people.models import Person, Unit
from portal.people.roles import Post
from portal.sample.cast import Cast
from portal.tickets.levels import laying_down, timetables
from portal.tickets.levels.laying_down import Scope, Times
from portal.tickets.levels.spoken_hours import OwnDay, hours_of
from portal.tickets.levels.timetables import Timetable
from portal.tickets.service_levels import VISITED
from portal.tickets.words import Category
from portal.tickets.working_calendar import Holidays

OFFICE = hours_of("8:30-12:00 14:00-17:30")
HALL = hours_of("8:00-20:00")
MORNING = hours_of("8:30-12:00")


def promise(session: Session, cast: Cast, today: datetime) -> None:
    """What was laid down long ago: the hotline's own levels, a hall that is always open, a typhoon's days."""
    manager = cast.holding(Post.MANAGER)[0]
    hotline = session.scalars(select(System).where(System.code == "cis")).one()
    quick = Times(respond=15, close=840, tiers=dict.fromkeys(VISITED, 240), warn=80)
    for priority in (1, 2):
        scope = Scope(Category.DEFECT, priority, hotline)
        laying_down.lay_down(session, scope, quick, since=None, note="95598 服务承诺", by=manager)
    typhoon = date(today.year, 9, 8)
    for unit, timetable, note in (
        ("hq-oc", Timetable(week=(HALL,) * 7, holidays=Holidays.NONE), "调度大厅天天有人"),
        ("hl-wz-mk", Timetable(week=(OFFICE,) * 5 + (MORNING, ())), "营业所周六上午营业"),
        ("hl", Timetable(days=(OwnDay(typhoon, (), "台风停工"),)), "台风“海葵”"),
    ):
        _say(session, unit, timetable, note, manager)


def _say(session: Session, code: str, timetable: Timetable, note: str, by: Person) -> None:
    unit = session.scalars(select(Unit).where(Unit.code == code)).one()
    timetables.lay_down(session, unit, timetable, since=None, note=note, by=by)


def plan(session: Session, cast: Cast, today: datetime) -> None:
    """What is to change in three weeks."""
    session.info[CLOCK] = today
    tighter = Times(respond=30, close=240, tiers=dict.fromkeys(VISITED, 120), warn=75)
    scope, since = Scope(Category.ACCOUNT, 3), (today + timedelta(days=21)).date()
    manager = cast.holding(Post.MANAGER)[0]
    laying_down.lay_down(session, scope, tighter, since=since, note="账号问题半天办完", by=manager)
