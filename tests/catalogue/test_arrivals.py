"""When the repair of a defect reaches a unit: runs already, planned for a day, not planned, not made yet."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from defects.library import open_record
from defects.models import Defect
from defects.texts import DefectText
from kb.columns import CLOCK
from portal.catalogue.models import Deployment
from portal.catalogue.rollout import Arrival, Coming, arrival_of, arrivals, squares
from tests.world import MOMENT, World

TODAY = date(2026, 3, 2)
SOON, LATER = TODAY + timedelta(days=9), TODAY + timedelta(days=20)


@pytest.fixture
def defect(session: Session, desk_world: World) -> Defect:
    session.info[CLOCK] = MOMENT
    text = DefectText("算费时报错", "mkt", affected=("6.1.8",), fixed_in="6.10.0")
    return open_record(session, text, by=desk_world.people["expert"].id)


def deployed(session: Session, world: World, unit: str, version: str, **plan: object) -> None:
    session.add(Deployment(system=world.systems["mkt"], unit=world.units[unit], version=version, **plan))
    session.flush()


def test_each_way_in_which_a_repair_can_stand(session: Session, desk_world: World, defect: Defect) -> None:
    world, units = desk_world, desk_world.units
    deployed(session, world, "ld", "6.10.0")
    hl = session.query(Deployment).filter_by(unit_id=units["hl"].id).one()
    hl.next_version, hl.next_on = "6.10.1", SOON
    session.flush()
    assert arrival_of(session, defect, units["ld"]) == Arrival(Coming.HERE, "6.10.0")
    assert arrival_of(session, defect, units["ld-cy"]) == Arrival(Coming.HERE, "6.10.0")
    assert arrival_of(session, defect, units["hl"]) == Arrival(Coming.PLANNED, "6.10.1", SOON)
    assert arrival_of(session, defect, units["hq"]) == Arrival(Coming.UNPLANNED, "6.10.0")
    of_all = arrivals(session, defect, units.values())
    assert of_all == {unit.id: arrival_of(session, defect, unit) for unit in units.values()}
    assert {square.unit.id: square.arrival for square in squares(session, defect)} == of_all
    defect.fixed_in = None
    assert arrival_of(session, defect, units["ld"]).standing is Coming.NO_FIX
    defect.system = "gone"
    assert arrival_of(session, defect, units["ld"]).standing is Coming.NO_FIX


def test_a_plan_of_a_version_without_the_repair_is_no_plan_of_it(
    session: Session, desk_world: World, defect: Defect
) -> None:
    deployed(session, desk_world, "ld-cy", "6.2.1", next_version="6.9.9", next_on=SOON)
    found = arrival_of(session, defect, desk_world.units["ld-cy"])
    assert found == Arrival(Coming.UNPLANNED, "6.10.0")


def test_what_is_planned_above_counts_until_the_unit_has_a_word_of_its_own(
    session: Session, desk_world: World, defect: Defect
) -> None:
    deployed(session, desk_world, "ld", "6.2.1", next_version="6.10.0", next_on=SOON)
    bureau = desk_world.units["ld-cy"]
    assert arrival_of(session, defect, bureau) == Arrival(Coming.PLANNED, "6.10.0", SOON)
    deployed(session, desk_world, "ld-cy", "6.10.2", since=LATER)
    assert arrival_of(session, defect, bureau) == Arrival(Coming.PLANNED, "6.10.0", SOON)
    deployed(session, desk_world, "hq", "6.10.0")
    row = session.query(Deployment).filter_by(unit_id=bureau.id).one()
    row.version, row.since = "6.2.1", None
    session.flush()
    assert arrival_of(session, defect, bureau) == Arrival(Coming.UNPLANNED, "6.10.0")
