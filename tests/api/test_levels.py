"""Service levels and calendars over the API: what counts now, for whoever has an account."""

from __future__ import annotations

from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.tickets.levels import laying_down, timetables
from portal.tickets.levels.laying_down import Scope, Times
from portal.tickets.levels.timetables import Timetable
from portal.tickets.service_levels import VISITED
from portal.tickets.words import Category
from portal.tickets.working_calendar import Holidays
from tests.api.conftest import Programs
from tests.world import World

SHORT = Times(respond=10, close=120, tiers=dict.fromkeys(VISITED, 60), warn=50)


def test_the_levels_of_all_systems_and_of_one(program: Programs, maker: sessionmaker[Session]) -> None:
    with transaction(maker) as session:
        world = World.of(session)
        own = Scope(Category.DEFECT, 1, world.systems["mkt"])
        laying_down.lay_down(session, own, SHORT, since=None, note="", by=world.people["manager"])
    general = program("wang").get("/catalogue/levels").get_json()
    assert len(general) == 32
    of_mkt = program("wang").get("/catalogue/levels", system="mkt").get_json()
    changed = [row for row, other in zip(of_mkt, general, strict=True) if row != other]
    assert len(changed) == 1
    assert (changed[0]["close"], changed[0]["system"], changed[0]["tiers"]["back"]) == (120, "mkt", 60)
    assert general[0]["since"] is None
    assert program("wang").get("/catalogue/levels", system="nothing").status_code == 404


def test_the_calendar_of_a_unit(program: Programs, maker: sessionmaker[Session]) -> None:
    with transaction(maker) as session:
        world = World.of(session)
        week = (((540, 1020),),) * 5 + ((), ())
        says = Timetable("Europe/Berlin", week, Holidays.NONE)
        timetables.lay_down(session, world.units["ld"], says, since=None, note="", by=world.people["manager"])
    below = program("wang").get("/catalogue/units/ld-cy/calendar").get_json()
    assert (below["zone"], below["holidays"], below["week"][0]) == (
        "Europe/Berlin",
        "none",
        [["09:00", "17:00"]],
    )
    beside = program("wang").get("/catalogue/units/hl/calendar").get_json()
    assert (beside["zone"], beside["week"][5]) == ("Asia/Shanghai", [])
    assert program("wang").get("/catalogue/units/nowhere/calendar").status_code == 404


def test_nobody_without_an_account(program: Programs) -> None:
    assert program("").get("/catalogue/levels").status_code == 401
