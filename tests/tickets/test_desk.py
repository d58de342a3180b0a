"""The verbs of the desk: what a move changes, what it demands, what it pauses, who hears of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from kb.flow import Refused
from portal.people.models import PersonPost
from portal.people.roles import Post
from portal.tickets import desk, linking, queries
from portal.tickets.models import Notice, Ticket
from portal.tickets.words import Action, Category, State, Tier
from tests.tickets.people import Desk
from tests.world import MOMENT, person


def test_filing_needs_words_and_a_known_module(at_desk: Desk) -> None:
    with pytest.raises(Refused, match="请写一两句话"):
        at_desk.file(text=" \x00 ")
    with pytest.raises(Refused, match="太长"):
        at_desk.file(text="长" * (desk.TEXT_LIMIT + 1))
    with pytest.raises(Refused, match="没有这样的模块"):
        at_desk.file(module="nothing")
    with pytest.raises(Refused, match="细类和类别对不上"):
        at_desk.file(Category.FAULT, sub="modify")
    with pytest.raises(Refused, match="影响范围"):
        at_desk.file(impact=9)
    ticket = at_desk.file(text="  第一句。第二句 \x00", module="bill", sub="function")
    assert (ticket.title, ticket.module) == ("第一句", "bill")
    assert "\x00" not in ticket.text


def test_only_the_front_files_for_others(at_desk: Desk) -> None:
    people = at_desk.world.people
    request = desk.Request(
        text="替他报", category=Category.DEFECT, system=at_desk.world.systems["mkt"], requester=people["wang"]
    )
    with pytest.raises(Refused, match="不能替别人提交"):
        desk.file(at_desk.session, request, by=people["zhao"])
    assert desk.file(at_desk.session, request, by=people["agent"]).filed_by == people["agent"]


def test_numbers_run_through_the_day_and_past_9999(at_desk: Desk) -> None:
    first = at_desk.file()
    assert first.number == "GD202603020001"
    first.number = "GD202603029999"
    at_desk.session.flush()
    assert at_desk.file().number == "GD2026030210000"
    assert at_desk.file().number == "GD2026030210001"
    at_desk.later(days=1)
    assert at_desk.file().number == "GD202603030001"


def test_a_number_taken_in_the_same_moment_is_not_given_twice(
    at_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.tickets import filing

    taken, real = at_desk.file(), filing.next_number
    answers = iter([taken.number])
    monkeypatch.setattr(filing, "next_number", lambda session: next(answers, None) or real(session))
    assert at_desk.file().number == "GD202603020002"


def test_each_step_demands_what_the_table_says(at_desk: Desk) -> None:
    ticket = at_desk.file()
    at_desk.does(ticket, Action.TAKE, "agent", note="")
    with pytest.raises(Refused, match="请写明内容"):
        at_desk.does(ticket, Action.ESCALATE, "agent", note="  ")
    at_desk.does(ticket, Action.ESCALATE, "agent")
    with pytest.raises(Refused, match="请选择请求类别"):
        at_desk.does(ticket, Action.RULE, "expert")
    with pytest.raises(Refused, match="1 到 4 级"):
        at_desk.does(ticket, Action.RULE, "expert", category=Category.DEFECT, priority=7)
    with pytest.raises(Refused, match="细类和类别对不上"):
        at_desk.does(ticket, Action.RULE, "expert", category=Category.DEFECT, sub="modify")
    assert ticket.ruled_category is None


def test_the_ruling_stands_beside_the_first_judgement(at_desk: Desk) -> None:
    ticket = at_desk.file(Category.CONSULTATION)
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.CLASSIFY, "agent", category=Category.ACCOUNT, sub="unlock", priority=1)
    assert (ticket.first_category, ticket.category, ticket.ruled_category) == (
        Category.ACCOUNT,
        Category.ACCOUNT,
        None,
    )
    assert ticket.priority == 4  # the middle alone raises it
    at_desk.does(ticket, Action.ESCALATE, "agent")
    at_desk.does(ticket, Action.RULE, "expert", category=Category.DATA, sub="modify", priority=1)
    assert (ticket.first_category, ticket.category, ticket.sub) == (Category.ACCOUNT, Category.DATA, "modify")
    assert ticket.priority == 1
    at_desk.does(ticket, Action.TO_FRONT, "expert")
    with pytest.raises(Refused, match="中台已经研判定类"):
        at_desk.does(ticket, Action.CLASSIFY, "agent", category=Category.CONSULTATION)


def test_a_post_counts_only_for_the_tickets_it_serves(at_desk: Desk) -> None:
    """An agent of one unit who is expert for one system is no expert for the unit's other systems."""
    both = person("both", at_desk.world.units["hq"])
    both.posts = [
        PersonPost(post=Post.AGENT, unit=at_desk.world.units["ld"]),
        PersonPost(post=Post.EXPERT, systems=["mkt"]),
    ]
    at_desk.session.add(both)
    at_desk.session.flush()
    at_desk.world.people["both"] = both
    for system, may in (("oa", False), ("mkt", True)):
        ticket = at_desk.file(system=system)
        at_desk.does(ticket, Action.TAKE, "both")
        at_desk.does(ticket, Action.ESCALATE, "both")
        if may:
            at_desk.does(ticket, Action.RULE, "both", category=Category.DEFECT)
        else:
            with pytest.raises(Refused, match="要由中台专家来做"):
                at_desk.does(ticket, Action.RULE, "both", category=Category.DEFECT)


def test_a_ticket_is_handed_only_to_those_who_can_work_it(at_desk: Desk) -> None:
    people = at_desk.world.people
    ticket = at_desk.file()
    at_desk.does(ticket, Action.TAKE, "agent")
    with pytest.raises(Refused, match="不负责这张工单"):
        at_desk.does(ticket, Action.REASSIGN, "supervisor", person=people["inspector"])
    with pytest.raises(Refused, match="要由班长来做"):
        at_desk.does(ticket, Action.REASSIGN, "agent", person=people["supervisor"])
    assert [who.login for who in queries.successors(at_desk.session, ticket)] == ["supervisor"]
    at_desk.does(ticket, Action.REASSIGN, "supervisor", person=people["supervisor"])
    assert ticket.holder == people["supervisor"]
    at_desk.does(ticket, Action.ESCALATE, "supervisor")
    with pytest.raises(Refused, match="由服务经理来做"):
        at_desk.does(ticket, Action.REASSIGN, "supervisor", person=people["expert"])
    at_desk.does(ticket, Action.REASSIGN, "manager", person=people["expert"])
    assert ticket.holder == people["expert"]


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────


def test_waiting_for_the_user_moves_every_deadline(at_desk: Desk) -> None:
    ticket = at_desk.file()
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.ASK, "agent")
    before = (ticket.close_due, ticket.tier_due)
    at_desk.later(hours=1)
    clock = desk.clock_of(at_desk.session, ticket)
    assert clock is not None
    assert clock.paused
    left = clock.left
    at_desk.later(hours=1)  # 10:00 to 12:00 of a working morning
    at_desk.does(ticket, Action.SUPPLY, "wang")
    clock = desk.clock_of(at_desk.session, ticket)
    assert clock is not None
    assert (clock.paused, clock.left, ticket.paused_minutes) == (False, left, 120)
    assert (ticket.close_due, ticket.tier_due) != before
    assert ticket.paused_at is None


def test_a_pause_over_the_weekend_costs_nothing_but_working_time(at_desk: Desk) -> None:
    at_desk.at(datetime(2026, 3, 6, 9, 0, tzinfo=UTC))  # Friday 17:00
    ticket = at_desk.file()
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.ASK, "agent")
    at_desk.at(datetime(2026, 3, 9, 1, 0, tzinfo=UTC))  # Monday 9:00
    at_desk.does(ticket, Action.SUPPLY, "wang")
    assert ticket.paused_minutes == 60


def test_a_later_ruling_does_not_rewrite_the_response(at_desk: Desk) -> None:
    ticket = at_desk.file(Category.CONSULTATION)
    at_desk.later(minutes=50)
    at_desk.does(ticket, Action.TAKE, "agent")
    promised = ticket.respond_due
    at_desk.does(ticket, Action.ESCALATE, "agent")
    at_desk.does(ticket, Action.RULE, "expert", category=Category.FAULT, priority=1)
    assert ticket.respond_due == promised
    assert ticket.level["close"] == 240
    assert ticket.close_due == ticket.filed_at + timedelta(minutes=240)


def test_ruling_twice_gives_no_second_time(at_desk: Desk) -> None:
    ticket = at_desk.at_middle()
    first = ticket.tier_due
    at_desk.later(hours=2)
    at_desk.does(ticket, Action.RULE, "expert", category=Category.DEFECT)
    assert ticket.tier_due == first


def test_each_visit_to_a_tier_has_its_own_time(at_desk: Desk) -> None:
    ticket = at_desk.at_middle()
    middle = ticket.tier_due
    at_desk.later(hours=1)
    at_desk.does(ticket, Action.TO_BACK, "expert")
    assert middle is not None
    assert ticket.tier_due is not None
    assert ticket.tier_due > middle


# ── what the system does ─────────────────────────────────────────────────────────────────────────


def test_silence_confirms_after_three_working_days(at_desk: Desk) -> None:
    at_desk.at(datetime(2026, 3, 5, 2, 0, tzinfo=UTC))  # Thursday 10:00
    ticket = at_desk.file(Category.CONSULTATION)
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.ANSWER, "agent")
    sunday = at_desk.later(days=3)
    assert desk.confirm_silent(at_desk.session, sunday, days=3) == []
    tuesday = at_desk.later(days=2, minutes=1)
    assert desk.confirm_silent(at_desk.session, tuesday, days=3) == [ticket]
    assert (ticket.state, ticket.rating, ticket.rating_words) == (State.CLOSED, None, "")
    assert ticket.trail[-1].by is None
    assert desk.confirm_silent(at_desk.session, tuesday, days=3) == []


def test_a_user_who_answers_is_not_confirmed_by_silence(at_desk: Desk) -> None:
    ticket = at_desk.file(Category.CONSULTATION)
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.ANSWER, "agent")
    at_desk.does(ticket, Action.REOPEN, "wang")
    assert desk.confirm_silent(at_desk.session, at_desk.later(days=30), days=3) == []


# ── beside the moves ─────────────────────────────────────────────────────────────────────────────


def test_internal_remarks_are_for_those_who_serve_the_ticket(at_desk: Desk) -> None:
    people, ticket = at_desk.world.people, at_desk.file()
    with pytest.raises(Refused, match="内部备注"):
        desk.comment(at_desk.session, ticket, "悄悄话", by=people["wang"], internal=True)
    with pytest.raises(Refused, match="不在您的权限范围"):
        desk.comment(at_desk.session, ticket, "路过", by=people["zhao"])
    with pytest.raises(Refused, match="空的"):
        desk.comment(at_desk.session, ticket, " ", by=people["wang"])
    desk.comment(at_desk.session, ticket, "悄悄话", by=people["agent"], internal=True)
    desk.comment(at_desk.session, ticket, "还在等", by=people["wang"])
    assert [(row.text, row.internal) for row in ticket.comments] == [("悄悄话", True), ("还在等", False)]


def heard(at_desk: Desk, login: str) -> list[str]:
    rows = at_desk.session.scalars(select(Notice).where(Notice.person_id == at_desk.world.people[login].id))
    return [row.event for row in rows]


def test_who_told_the_user_hears_of_the_reopening(at_desk: Desk) -> None:
    ticket = at_desk.file(Category.CONSULTATION)
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.ANSWER, "agent")
    at_desk.does(ticket, Action.REOPEN, "wang")
    assert heard(at_desk, "agent") == ["reopened"]
    assert heard(at_desk, "wang") == ["taken", "told"]


def test_internal_remarks_reach_the_holder_and_nobody_else(at_desk: Desk) -> None:
    ticket = at_desk.file()
    at_desk.does(ticket, Action.TAKE, "agent")
    desk.watch(at_desk.session, ticket, by=at_desk.world.people["wang"])
    desk.comment(at_desk.session, ticket, "内部", by=at_desk.world.people["supervisor"], internal=True)
    assert heard(at_desk, "agent") == ["noted"]
    assert heard(at_desk, "wang") == ["taken"]


def test_urging_is_counted_and_stays_a_signal(at_desk: Desk) -> None:
    people, ticket = at_desk.world.people, at_desk.file()
    desk.urge(at_desk.session, ticket, by=people["wang"])
    with pytest.raises(Refused, match="刚刚已经催过"):
        desk.urge(at_desk.session, ticket, by=people["wang"])
    with pytest.raises(Refused, match="只有提单人"):
        desk.urge(at_desk.session, ticket, by=people["zhao"])
    at_desk.later(hours=3)
    desk.urge(at_desk.session, ticket, by=people["wang"])
    assert ticket.urges == 2


def test_only_posts_that_serve_a_ticket_link_it(at_desk: Desk) -> None:
    from defects.library import open_record
    from defects.texts import DefectText

    record = open_record(at_desk.session, DefectText(title="转圈", system="oa"), by=1)
    other, own = at_desk.file(system="oa"), at_desk.file()
    with pytest.raises(Refused, match="不能为这张工单关联缺陷"):
        linking.link(at_desk.session, other, record, by=at_desk.world.people["expert"])
    linking.link(at_desk.session, own, record, by=at_desk.world.people["expert"])
    assert own.defect == record


def test_state_and_tier_start_where_filing_puts_them(at_desk: Desk) -> None:
    ticket = at_desk.file()
    assert (ticket.state, ticket.tier, ticket.filed_at) == (State.NEW, Tier.FRONT, MOMENT)
    assert at_desk.session.scalar(select(Ticket.number)) == ticket.number
