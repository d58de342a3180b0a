"""Tickets tied to each other: both trails tell of it, the parent ends last, a merge strands nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from defects import library, moves
from defects.flow import DefectAction, DefectDuty, DefectState
from defects.models import Defect
from defects.texts import DefectText
from kb.flow import Refused
from portal.catalogue import systems
from portal.catalogue.models import Deployment
from portal.catalogue.queries import planned_in, today, version_in
from portal.causes import life
from portal.causes.life import Given
from portal.tickets import desk, linking, trail
from portal.tickets.models import Notice, Ticket, Watcher
from portal.tickets.relations.panel import relations_of
from portal.tickets.relations.watchers import watch_entries
from portal.tickets.returns import returns_of, ways_of
from portal.tickets.unattended import confirms_on
from portal.tickets.words import Action, Category, State, Tier
from tests.tickets.people import Desk
from tests.world import person


def merge(at_desk: Desk, ticket: Ticket, into: Ticket, by: str = "agent") -> None:
    at_desk.does(ticket, Action.MERGE, by, other=into)


def heard(at_desk: Desk, login: str) -> list[tuple[str, str]]:
    who = at_desk.world.people[login]
    rows = at_desk.session.scalars(select(Notice).where(Notice.person_id == who.id).order_by(Notice.id))
    return [(row.event, row.values["number"]) for row in rows]


def holds_together(*tickets: Ticket) -> None:
    for ticket in tickets:
        assert trail.first_break(ticket.trail) is None
        assert ticket.version == len(ticket.trail), ticket.number
        assert (ticket.closed_at is None) == ticket.is_open
        assert ticket.survivor is None or ticket.survivor.state != State.MERGED
        assert (ticket.survivor is None) == (ticket.state != State.MERGED)


def test_a_chain_collapses_and_leaves_together(at_desk: Desk) -> None:
    first, second, third = at_desk.file(), at_desk.file(), at_desk.file()
    merge(at_desk, third, second)
    merge(at_desk, second, first)
    at_desk.session.expire_all()
    assert [row.survivor for row in (second, third)] == [first, first]
    holds_together(first, second, third)
    assert [row.action for row in first.trail] == [Action.FILE, Action.ABSORB]
    at_desk.does(second, Action.UNMERGE, "agent")
    at_desk.session.expire_all()
    assert (second.state, third.survivor) == (State.OPEN, second)
    assert first.trail[-1].action == Action.LET_GO
    holds_together(first, second, third)


def test_into_a_merged_one_means_into_what_goes_on(at_desk: Desk) -> None:
    first, second, third = at_desk.file(), at_desk.file(), at_desk.file()
    merge(at_desk, second, first)
    merge(at_desk, third, second)
    assert third.survivor is first
    with pytest.raises(Refused, match="并入它自己"):
        merge(at_desk, first, third)


def test_both_tickets_must_be_served(at_desk: Desk) -> None:
    mine, foreign = at_desk.file(), at_desk.file(by="zhao")  # of a province that the agent does not serve
    with pytest.raises(Refused, match="没有这个编号的工单"):
        merge(at_desk, mine, foreign)
    with pytest.raises(Refused, match="要由前台来做"):
        merge(at_desk, foreign, mine)
    assert (mine.state, foreign.state) == (State.NEW, State.NEW)


def test_the_users_of_what_was_merged_hear_and_have_their_own_last_word(at_desk: Desk) -> None:
    colleague = person("li", at_desk.world.units["ld-cy"], name="李同事")
    at_desk.session.add(colleague)
    at_desk.session.flush()
    at_desk.world.people["li"] = colleague
    kept, twin = at_desk.file(Category.CONSULTATION), at_desk.file(Category.CONSULTATION, by="li")
    merge(at_desk, twin, kept)
    desk.urge(at_desk.session, twin, by=colleague)
    assert (kept.urges, twin.urges) == (1, 0)
    with pytest.raises(Refused, match="还没有结果"):
        at_desk.does(twin, Action.CONFIRM, "li")
    at_desk.does(kept, Action.TAKE, "agent")
    at_desk.does(kept, Action.ANSWER, "agent")
    assert heard(at_desk, "li") == [
        ("merged", twin.number),
        ("taken", twin.number),
        ("told", twin.number),
    ]
    at_desk.does(twin, Action.CONFIRM, "li", rating=4)
    assert (twin.state, twin.rating, kept.state) == (State.MERGED, 4, State.CONFIRMING)
    with pytest.raises(Refused, match="已经确认过"):
        at_desk.does(twin, Action.CONFIRM, "li")
    at_desk.does(twin, Action.REOPEN, "li")
    at_desk.session.expire_all()
    assert (twin.state, twin.tier, twin.survivor) == (State.OPEN, Tier.FRONT, None)
    holds_together(kept, twin)


def test_nobody_is_stranded_when_the_survivor_is_withdrawn(at_desk: Desk) -> None:
    kept, twin, third = at_desk.file(), at_desk.file(), at_desk.file()
    merge(at_desk, third, twin)
    merge(at_desk, twin, kept)
    at_desk.does(kept, Action.CANCEL, "wang")
    at_desk.session.expire_all()
    assert (twin.state, third.survivor) == (State.OPEN, twin)
    holds_together(kept, twin, third)


def test_a_merge_is_undone_only_while_the_other_goes_on(at_desk: Desk) -> None:
    kept, twin = at_desk.file(Category.CONSULTATION), at_desk.file(Category.CONSULTATION)
    merge(at_desk, twin, kept)
    at_desk.does(kept, Action.TAKE, "agent")
    at_desk.does(kept, Action.ANSWER, "agent")
    at_desk.does(kept, Action.CONFIRM, "wang")
    with pytest.raises(Refused, match="已经结束"):
        at_desk.does(twin, Action.UNMERGE, "agent")


def test_the_time_of_a_merge_that_was_undone_is_given_back(at_desk: Desk) -> None:
    kept, twin = at_desk.file(), at_desk.file()
    due = twin.close_due
    merge(at_desk, twin, kept)
    at_desk.later(hours=2)
    at_desk.does(twin, Action.UNMERGE, "agent")
    assert due is not None
    assert twin.close_due == due + timedelta(hours=2)
    assert twin.paused_at is None


def help_from(at_desk: Desk, parent: Ticket, by: str = "expert") -> Ticket:
    wanted = desk.Help(system=at_desk.world.systems["oa"], text="请查公文推送接口")
    return desk.ask(at_desk.session, parent, wanted, by=at_desk.world.people[by])


def test_the_parent_ends_after_its_child(at_desk: Desk) -> None:
    parent = at_desk.at_middle()
    at_desk.world.people["expert"].posts[0].systems = ["mkt", "oa"]
    child = help_from(at_desk, parent)
    assert (child.tier, child.unit, child.requester.login) == (Tier.MIDDLE, parent.unit, "expert")
    at_desk.does(parent, Action.TO_BACK, "expert")
    with pytest.raises(Refused, match=f"协同工单 {child.number} 还没有结束"):
        at_desk.does(parent, Action.FINISH, "engineer")
    at_desk.does(child, Action.RULE, "expert", category=Category.CONSULTATION)
    at_desk.does(child, Action.REPLY, "expert")
    assert child.state == State.CONFIRMING  # colleagues tell each other without the front
    with pytest.raises(Refused, match="还没有结束"):
        at_desk.does(parent, Action.FINISH, "engineer")
    at_desk.does(child, Action.CONFIRM, "expert")
    at_desk.does(parent, Action.FINISH, "engineer")
    holds_together(parent, child)
    assert [row.action for row in child.trail][:3] == [Action.FILE, Action.ATTACH, Action.ESCALATE]


def test_whoever_has_the_parent_in_hand_speaks_for_who_asked(at_desk: Desk) -> None:
    parent = at_desk.at_middle()
    child = help_from(at_desk, parent)
    at_desk.does(parent, Action.TO_BACK, "expert")
    at_desk.does(parent, Action.TAKE, "engineer")
    at_desk.session.expire_all()
    watcher = at_desk.session.get(Watcher, (child.id, at_desk.world.people["engineer"].id))
    assert watcher is not None
    steps = desk.situation_of(child)
    assert steps.stand_in_id == at_desk.world.people["engineer"].id


def test_no_circle_and_no_second_parent(at_desk: Desk) -> None:
    first, second, third = at_desk.file(), at_desk.file(), at_desk.file()
    for ticket in (first, second, third):
        at_desk.does(ticket, Action.TAKE, "agent")
    agent = at_desk.world.people["agent"]
    desk.attach(at_desk.session, first, second, by=agent)
    desk.attach(at_desk.session, second, third, by=agent)
    for parent, child, why in (
        (third, first, "绕成一圈"),
        (first, third, "已经在为另一张"),
        (first, first, "绕成一圈"),
    ):
        with pytest.raises(Refused, match=why):
            desk.attach(at_desk.session, parent, child, by=agent)
    with pytest.raises(Refused, match="协同工单"):
        merge(at_desk, first, at_desk.file())
    with pytest.raises(Refused, match="上下级工单之间不能并单"):
        merge(at_desk, third, first)
    desk.detach(at_desk.session, first, second, by=agent, note="查过了，无关")
    at_desk.session.expire_all()
    assert second.parent is None
    holds_together(first, second, third)


def test_silence_does_not_close_a_parent_before_its_child(at_desk: Desk) -> None:
    parent, child = at_desk.file(Category.CONSULTATION), at_desk.file(Category.CONSULTATION)
    at_desk.does(parent, Action.TAKE, "agent")
    desk.attach(at_desk.session, parent, child, by=at_desk.world.people["agent"])
    twin = at_desk.file(Category.CONSULTATION)
    at_desk.does(child, Action.TAKE, "agent")
    merge(at_desk, child, twin)
    with pytest.raises(Refused, match="还没有结束"):  # merged, but where it is worked on it goes on
        at_desk.does(parent, Action.ANSWER, "agent")
    at_desk.does(child, Action.UNMERGE, "agent")
    at_desk.does(child, Action.ANSWER, "agent")
    at_desk.does(child, Action.CONFIRM, "wang")
    at_desk.does(parent, Action.ANSWER, "agent")
    told = parent.told_at
    when = confirms_on(at_desk.session, parent, days=3)
    assert told is not None
    assert when == told + timedelta(days=3)
    assert desk.confirm_silent(at_desk.session, when - timedelta(minutes=1), days=3) == []
    assert desk.confirm_silent(at_desk.session, when, days=3) == [parent]


def test_see_also_and_watchers(at_desk: Desk) -> None:
    first, second = at_desk.file(), at_desk.file()
    people = at_desk.world.people
    desk.relate(at_desk.session, second, first, by=people["agent"])
    shown = relations_of(at_desk.session, people["agent"], first)
    assert [row.ticket for row in shown.related] == [second]
    with pytest.raises(Refused, match="没有这个编号"):
        desk.relate(at_desk.session, first, second, by=people["wang"])
    desk.unrelate(at_desk.session, first, second, by=people["agent"])
    assert relations_of(at_desk.session, people["agent"], first).is_bare
    desk.invite(at_desk.session, first, people["zhao"], by=people["wang"])
    with pytest.raises(Refused, match="只有提单人"):
        desk.invite(at_desk.session, first, people["engineer"], by=people["zhao"])
    desk.uninvite(at_desk.session, first, people["zhao"], by=people["zhao"])
    entries = watch_entries(at_desk.session, first)
    assert [(row.person.login, row.by.login if row.by else "", row.on) for row in entries] == [
        ("zhao", "wang", True),
        ("zhao", "zhao", False),
    ]
    assert heard(at_desk, "zhao") == [("invited", first.number)]


def test_an_urge_reaches_who_leads(at_desk: Desk) -> None:
    ticket = at_desk.file()
    at_desk.does(ticket, Action.TAKE, "agent")
    desk.urge(at_desk.session, ticket, by=at_desk.world.people["wang"])
    assert [heard(at_desk, login)[-1][0] for login in ("agent", "supervisor")] == ["urged", "urged"]


def test_returns_are_counted_by_way(at_desk: Desk) -> None:
    ticket = at_desk.at_middle()
    at_desk.does(ticket, Action.TO_BACK, "expert")
    at_desk.does(ticket, Action.TO_MIDDLE, "engineer", note="信息不全")
    at_desk.does(ticket, Action.TO_FRONT, "expert", note="请补截图")
    found = returns_of(ticket)
    assert [(row.start, row.end, row.reason) for row in found] == [
        (Tier.BACK, Tier.MIDDLE, "信息不全"),
        (Tier.MIDDLE, Tier.FRONT, "请补截图"),
    ]
    assert ways_of(found) == {(Tier.BACK, Tier.MIDDLE): 1, (Tier.MIDDLE, Tier.FRONT): 1}
    assert ticket.returns == 2


ROAD = (DefectAction.CONFIRM, DefectAction.START, DefectAction.FIX)


def fixed(at_desk: Desk, title: str = "转圈", *, road: tuple[DefectAction, ...] = ROAD) -> Defect:
    text = DefectText(title=title, system="mkt", symptoms=[title], fixed_in="6.2.2", cause="缺索引")
    record = library.open_record(at_desk.session, text, by=1)
    duties = {DefectDuty.CURATE, DefectDuty.REPAIR}
    for action in road:
        moves.move(at_desk.session, record, action, by=1, duties=duties, note="核对过")
    return record


def parked(at_desk: Desk, defect: Defect) -> Ticket:
    ticket = at_desk.at_middle()
    linking.link(at_desk.session, ticket, defect, by=at_desk.world.people["expert"])
    at_desk.does(ticket, Action.PARK, "expert")
    return ticket


def test_parked_through_a_merged_record_and_a_planned_roll_out_of_the_unit_above(at_desk: Desk) -> None:
    session, world = at_desk.session, at_desk.world
    twin, kept = fixed(at_desk, road=ROAD[:1]), fixed(at_desk, "一直转圈")
    ticket = parked(at_desk, twin)
    duties = {DefectDuty.CURATE, DefectDuty.REPAIR}
    life.move(session, twin, DefectAction.MERGE, by=world.people["expert"], given=Given(into=kept))
    session.expire_all()
    assert ticket.defect is kept
    moves.move(session, kept, DefectAction.VERIFY, by=1, duties=duties, note="验过")
    planned = today(session) + timedelta(days=5)
    province = world.units["ld"]
    session.add(Deployment(system=world.systems["mkt"], unit=province, version="6.2.1"))
    session.flush()
    systems.deploy(
        session, world.systems["mkt"], province, version="6.2.2", since=planned, by=world.people["admin"]
    )
    assert version_in(session, ticket.system, ticket.unit) == "6.2.1"
    assert planned_in(session, ticket.system, ticket.unit) == ("6.2.2", planned)
    assert desk.release_ready(session) == []
    at_desk.later(days=5)
    assert desk.release_ready(session) == [ticket]
    assert ticket.state == State.FEEDBACK


def test_what_waits_for_no_defect_goes_back_to_ruling(at_desk: Desk) -> None:
    defect = fixed(at_desk)
    ticket = parked(at_desk, defect)
    assert desk.release_ready(at_desk.session) == []
    defect.state = DefectState.NOT_A_DEFECT
    at_desk.session.flush()
    assert desk.release_ready(at_desk.session) == [ticket]
    assert (ticket.state, ticket.tier) == (State.OPEN, Tier.MIDDLE)
