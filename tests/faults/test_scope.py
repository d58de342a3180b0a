"""Who sees an outage and who may move it: one rule in two shapes, and the refusals that follow from it."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from kb.columns import now
from kb.flow import Refused
from portal.faults import board
from portal.faults.flow import FaultAction, FaultState
from portal.faults.models import FaultEvent
from portal.faults.scope import is_visible, visible_faults
from portal.people.models import Person
from tests.world import World


def event(session: Session, world: World, number: int, systems: list[str], units: list[str]) -> FaultEvent:
    fault = FaultEvent(
        number=f"GZ{number:06d}",
        title="打不开",
        systems=systems,
        units=units,
        opened_by=world.people["expert"].id,
        opened_at=now(session),
    )
    session.add(fault)
    session.flush()
    return fault


@pytest.fixture
def events(session: Session, desk_world: World) -> list[FaultEvent]:
    places = [
        (["mkt"], ["ld"]),
        (["oa"], ["hl"]),
        (["oa", "mkt"], []),
        (["oa"], ["ld-cy"]),
        (["mk_"], ["hq"]),
    ]
    return [event(session, desk_world, n, *place) for n, place in enumerate(places, start=1)]


def test_both_shapes_agree_for_everybody(
    session: Session, desk_world: World, events: list[FaultEvent]
) -> None:
    seen = {}
    for login, person in desk_world.people.items():
        listed = set(session.scalars(visible_faults(person)))
        assert listed == {fault for fault in events if is_visible(session, person, fault)}, login
        seen[login] = {fault.number[-1] for fault in listed}
    assert seen["expert"] == {"1", "3"}  # the systems of the post
    assert seen["agent"] == {"1", "3", "4", "5"}  # the unit of the post, above and below
    assert seen["dispatcher"] == {"1", "2", "3", "4", "5"}
    assert seen["wang"] == seen["admin"] == set()


def test_nobody_without_a_living_account_sees_any(
    session: Session, desk_world: World, events: list[FaultEvent]
) -> None:
    dispatcher = desk_world.people["dispatcher"]
    assert is_visible(session, dispatcher, events[0])
    dispatcher.active = False
    assert not is_visible(session, dispatcher, events[0])
    assert list(session.scalars(visible_faults(dispatcher))) == []


def test_an_expert_moves_only_the_outages_of_their_systems(
    session: Session, desk_world: World, events: list[FaultEvent]
) -> None:
    expert = desk_world.people["expert"]
    own, foreign = events[0], events[1]
    with pytest.raises(Refused, match="不能提交运调判定"):
        board.move(session, foreign, FaultAction.SUBMIT, by=expert, note="请判定")
    board.move(session, own, FaultAction.SUBMIT, by=expert, note="请判定")
    assert (foreign.state, own.state) == (FaultState.GATHERING, FaultState.SUBMITTED)


@pytest.mark.parametrize("login", ["manager", "analyst", "engineer", "agent", "wang", "admin", "supervisor"])
def test_only_the_dispatch_centre_rules(
    session: Session, desk_world: World, events: list[FaultEvent], login: str
) -> None:
    people: dict[str, Person] = desk_world.people
    board.move(session, events[0], FaultAction.SUBMIT, by=people["expert"], note="请判定")
    with pytest.raises(Refused):
        board.move(session, events[0], FaultAction.DECLARE, by=people[login], note="是故障")
    board.move(session, events[0], FaultAction.DECLARE, by=people["dispatcher"], note="是故障")
    assert events[0].declared_at is not None


def test_a_ruling_needs_its_reason(session: Session, desk_world: World, events: list[FaultEvent]) -> None:
    with pytest.raises(Refused, match="写明情况"):
        board.move(session, events[0], FaultAction.SUBMIT, by=desk_world.people["expert"], note="  ")
