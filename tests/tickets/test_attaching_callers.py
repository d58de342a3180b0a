"""A caller is attached to a known record: as far as the table lets the agent go, and told in plain words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from defects import library, moves
from defects.flow import DefectAction, DefectDuty
from defects.models import Defect
from defects.texts import DefectText
from kb.columns import CLOCK
from portal.catalogue.models import Deployment
from portal.people.models import PersonPost
from portal.people.roles import Post
from portal.tickets import calls, desk
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category, State, Tier
from tests.world import MOMENT, World

Attaching = Callable[..., Ticket]


def record(session: Session, world: World, *, fixed_in: str = "", **more: object) -> Defect:
    values: dict[str, object] = {"system": "mkt", "module": "bill", "workaround": "先用旧版页面打印。"} | more
    made = library.open_record(
        session,
        DefectText(title="核算页面一直转圈", **values),  # type: ignore[arg-type]
        by=world.people["expert"].id,
    )
    duties = {DefectDuty.CURATE, DefectDuty.REPAIR}
    steps = [DefectAction.CONFIRM, *([DefectAction.START, DefectAction.FIX] if fixed_in else [])]
    for action in steps:
        moves.move(
            session, made, action, by=None, duties=duties, note="是", cause="索引坏了", fixed_in=fixed_in
        )
    return made


@pytest.fixture
def attach(session: Session, desk_world: World) -> Attaching:
    session.info[CLOCK] = MOMENT

    def make(defect: Defect, *, by: str = "agent", category: Category = Category.CONSULTATION) -> Ticket:
        request = desk.Request(
            text="打开核算页面一直转圈",
            category=category,
            system=desk_world.systems["oa"],
            requester=desk_world.people["wang"],
        )
        return calls.attach_to_defect(session, request, defect, by=desk_world.people[by])

    return make


def test_the_agent_files_links_tells_and_hands_to_the_middle(
    session: Session, desk_world: World, attach: Attaching
) -> None:
    defect = record(session, desk_world)
    ticket = attach(defect)
    assert (ticket.state, ticket.tier, ticket.system.code) == (State.OPEN, Tier.MIDDLE, "mkt")
    assert (ticket.category, ticket.module) == (Category.DEFECT, "bill")
    assert ticket.defect is defect
    assert ticket.defect_links[-1].by_id == desk_world.people["agent"].id
    said = ticket.comments[-1].text
    assert "先用旧版页面打印" in said
    assert "修复更新到您单位后会通知您" in said


def test_whoever_is_an_expert_as_well_parks_it_at_once(
    session: Session, desk_world: World, attach: Attaching
) -> None:
    agent = desk_world.people["agent"]
    agent.posts.append(PersonPost(post=Post.EXPERT, systems=["mkt"]))
    session.flush()
    ticket = attach(record(session, desk_world))
    assert (ticket.state, ticket.ruled_category) == (State.PARKED, Category.DEFECT)
    assert [row.action for row in ticket.trail][-3:] == [Action.TAKE, Action.RULE, Action.PARK]


def test_the_caller_hears_when_the_repair_arrives(
    session: Session, desk_world: World, attach: Attaching
) -> None:
    repaired = record(session, desk_world, fixed_in="6.3.0")
    assert "已经修复，更新到您单位后会通知您" in attach(repaired).comments[-1].text
    planned = Deployment(
        system=desk_world.systems["mkt"],
        unit=desk_world.units["ld-cy"],
        version="6.2.1",
        next_version="6.3.0",
        next_on=date(2026, 3, 20),
    )
    session.add(planned)
    session.flush()
    assert "计划3月20日更新到您单位" in attach(repaired).comments[-1].text
    planned.version, planned.next_on = "6.3.0", None
    session.flush()
    agent = desk_world.people["agent"]
    agent.posts.append(PersonPost(post=Post.EXPERT, systems=["mkt"]))
    session.flush()
    there = attach(repaired)
    assert "您单位已经更新过" in there.comments[-1].text
    assert there.state == State.OPEN  # the repair does not explain it: somebody looks into it first


def test_what_is_not_for_users_is_not_named_to_them(
    session: Session, desk_world: World, attach: Attaching
) -> None:
    hidden = record(session, desk_world, shown_to_users=False)
    said = attach(hidden).comments[-1].text
    assert hidden.number not in said
    assert "旧版页面" not in said
    assert "已经知道" in said
