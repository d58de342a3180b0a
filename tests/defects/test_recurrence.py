"""A defect comes back: only where the fix runs, only when it was said to be gone; its owners hear of it."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library, moves
from defects.flow import DefectAction, DefectDuty, DefectState
from defects.models import Defect
from defects.texts import DefectText
from portal.tickets import desk, linking
from portal.tickets.models import Notice, Ticket
from portal.tickets.notices import TABLE, Event
from portal.tickets.words import Category
from tests.world import World

FIXING = (DefectAction.CONFIRM, DefectAction.START, DefectAction.FIX)
GONE = (*FIXING, DefectAction.VERIFY)


def recorded(session: Session, world: World, *actions: DefectAction, fixed_in: str = "6.2.0") -> Defect:
    expert, engineer = world.people["expert"], world.people["engineer"]
    text = DefectText(
        title="阶梯重复累计",
        system="mkt",
        cause="缓存",
        fixed_in=fixed_in,
        owner_middle_id=expert.id,
        owner_back_id=engineer.id,
    )
    defect = library.open_record(session, text, by=expert.id)
    for action in actions:
        moves.move(session, defect, action, by=expert.id, duties=set(DefectDuty))
    return defect


def filed(session: Session, world: World, by: str) -> Ticket:
    who = world.people[by]
    wanted = desk.Request(
        text="又多算了", category=Category.DEFECT, system=world.systems["mkt"], requester=who
    )
    return desk.file(session, wanted, by=who)


def test_a_ticket_from_where_the_fix_runs_opens_the_record_again(session: Session, desk_world: World) -> None:
    defect = recorded(session, desk_world, *GONE)
    ticket = filed(session, desk_world, "wang")
    assert ticket.running_version == "6.2.1"
    linking.link(session, ticket, defect, by=desk_world.people["expert"])
    assert (defect.state, defect.recurrences) == (DefectState.CONFIRMED, 1)
    assert ticket.number in defect.moves[-1].note
    assert defect.moves[-1].by_id is None
    told = session.scalars(select(Notice).where(Notice.event == Event.RECURRED)).all()
    assert {notice.person_id for notice in told} == {defect.owner_middle_id, defect.owner_back_id}
    assert defect.number in TABLE[Event.RECURRED].sentence % told[0].values
    linking.link(session, ticket, defect, by=desk_world.people["expert"])
    assert defect.recurrences == 1, "linking what is linked says nothing new"


@pytest.mark.parametrize(
    ("actions", "by"),
    [
        (GONE, "zhao"),  # 海陵 runs 6.1.8, before the fix
        (FIXING, "wang"),  # fixed, but nobody has verified it yet
        (FIXING[:1], "wang"),
    ],
)
def test_any_other_ticket_is_what_the_fix_is_waited_for(
    session: Session, desk_world: World, actions: tuple[DefectAction, ...], by: str
) -> None:
    defect = recorded(session, desk_world, *actions)
    before = defect.state
    linking.link(session, filed(session, desk_world, by), defect, by=None)
    assert (defect.state, defect.recurrences) == (before, 0)
    assert not session.scalars(select(Notice).where(Notice.event == Event.RECURRED)).all()


def test_a_report_from_before_the_fix_proves_nothing(session: Session, desk_world: World) -> None:
    ticket = filed(session, desk_world, "wang")
    defect = recorded(session, desk_world, *GONE)
    linking.link(session, ticket, defect, by=None)
    assert (defect.state, defect.recurrences) == (DefectState.VERIFIED, 0)


def test_a_closed_record_recurs_too(session: Session, desk_world: World) -> None:
    defect = recorded(session, desk_world, *GONE, DefectAction.CLOSE)
    linking.link(session, filed(session, desk_world, "wang"), defect, by=desk_world.people["expert"])
    assert defect.state == DefectState.CONFIRMED
