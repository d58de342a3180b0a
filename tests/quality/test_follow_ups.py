"""Ringing users after the close: by whom, how often, what is written down, what follows from it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from kb.flow import Refused
from portal.people.models import AuditEntry
from portal.people.roles import Post
from portal.quality import follow_ups
from portal.quality.follow_ups import Heard
from portal.quality.models import FollowUp
from portal.quality.words import FollowUpState, NextStep
from portal.tickets import desk
from portal.tickets.flow import open_to
from portal.tickets.models import Notice, Ticket
from portal.tickets.notices import Event
from portal.tickets.trail import broken_tickets
from portal.tickets.words import Action, Category, Channel, State, Tier
from tests.quality.ways import Office


def lead(office: Office) -> object:
    return office.world.people["supervisor"]


def test_reached_and_content(office: Office) -> None:
    row, by = office.follow_up(), office.world.people["supervisor"]
    follow_ups.take(office.session, row, by=by)
    follow_ups.reached(office.session, row, Heard(True, 5, " 很快就好了 "), by=by)
    assert (row.state, row.solved, row.satisfaction, row.words) == (
        FollowUpState.REACHED,
        True,
        5,
        "很快就好了",
    )
    assert row.ticket.state == State.CLOSED
    lines = office.session.scalars(select(AuditEntry).where(AuditEntry.subject == "follow_up")).all()
    assert [(line.action, line.subject_id) for line in lines] == [("end", str(row.id))]
    with pytest.raises(Refused, match="已经结束"):
        follow_ups.reached(office.session, row, Heard(False, 1), by=by)


def test_nobody_rings_about_their_own_work(office: Office) -> None:
    row = office.follow_up()
    with pytest.raises(Refused, match="您自己答复的"):
        follow_ups.take(office.session, row, by=office.world.people["agent"])


@pytest.mark.parametrize("login", ["inspector", "expert", "manager", "admin", "wang"])
def test_the_front_rings(office: Office, login: str) -> None:
    row = office.follow_up()
    with pytest.raises(Refused, match="前台来做"):
        follow_ups.take(office.session, row, by=office.world.people[login])


def test_another_provinces_front_does_not(office: Office) -> None:
    row = office.follow_up()
    with pytest.raises(Refused, match="前台来做"):
        follow_ups.take(office.session, row, by=office.colleague("far", Post.AGENT, "hl"))


def test_two_do_not_ring_the_same_user(office: Office) -> None:
    row, other = office.follow_up(), office.colleague("agent2", Post.AGENT)
    follow_ups.take(office.session, row, by=other)
    with pytest.raises(Refused, match="agent2正在回访"):
        follow_ups.reached(office.session, row, Heard(True, 5), by=office.world.people["supervisor"])
    with pytest.raises(Refused):
        follow_ups.put_back(office.session, row, by=office.colleague("agent3", Post.AGENT))
    follow_ups.put_back(office.session, row, by=office.world.people["supervisor"])  # leads may
    follow_ups.take(office.session, row, by=office.world.people["supervisor"])


def test_not_reached_comes_back_later_and_ends_after_the_last_try(office: Office) -> None:
    row, by = office.follow_up(tries=2), office.world.people["supervisor"]
    with pytest.raises(Refused, match="下次"):
        follow_ups.not_reached(office.session, row, by=by)
    again = office.session.info["tierdesk.now"] + timedelta(hours=2)
    office.session.refresh(row)
    follow_ups.not_reached(office.session, row, by=by, words="占线", again=again)
    assert (row.state, row.next_at, row.holder_id) == (FollowUpState.OPEN, again, None)
    follow_ups.not_reached(office.session, row, by=by, words="没人接")
    assert row.state == FollowUpState.GIVEN_UP
    assert [(call.reached, call.words) for call in row.calls] == [(False, "占线"), (False, "没人接")]


@pytest.mark.parametrize("hours", [-1, 0, 24 * 31])
def test_the_next_try_lies_in_the_near_future(office: Office, hours: int) -> None:
    row, by = office.follow_up(), office.world.people["supervisor"]
    again = office.session.info["tierdesk.now"] + timedelta(hours=hours)
    with pytest.raises(Refused, match="30 天"):
        follow_ups.not_reached(office.session, row, by=by, again=again)


@pytest.mark.parametrize(
    "heard",
    [
        Heard(None, 5),
        Heard(True, None),
        Heard(True, 6),
        Heard(True, 5, then=NextStep.REOPEN, request="还是不行"),
        Heard(False, 1, then=NextStep.REOPEN, request=" "),
        Heard(False, 1, words="长" * 2001),
    ],
)
def test_what_is_missing_is_said(office: Office, heard: Heard) -> None:
    row = office.follow_up()
    with pytest.raises(Refused):
        follow_ups.reached(office.session, row, heard, by=office.world.people["supervisor"])


def test_not_solved_reopens_the_ticket_and_the_clock_goes_on(office: Office) -> None:
    row, by = office.follow_up(), office.world.people["supervisor"]
    ticket, due = row.ticket, row.ticket.close_due
    office.later(days=3)
    heard = Heard(False, 2, "又不行了", NextStep.REOPEN, "重启后又出现，请再看")
    follow_ups.reached(office.session, row, heard, by=by)
    assert (ticket.state, ticket.tier, ticket.closed_at, ticket.reopens) == (State.OPEN, Tier.FRONT, None, 1)
    assert due is not None and ticket.close_due is not None and ticket.close_due > due
    assert ticket.paused_at is None
    told = office.session.scalars(select(Notice).where(Notice.event == Event.REOPENED)).all()
    assert {notice.person_id for notice in told} >= {office.world.people["agent"].id}
    office.does(ticket, Action.TAKE, "agent")
    office.does(ticket, Action.ANSWER, "agent")
    office.does(ticket, Action.CONFIRM, "wang")
    assert ticket.closed_at is not None
    office.session.flush()
    assert broken_tickets(office.session) == []


def test_a_closed_ticket_is_reopened_by_a_follow_up_alone(office: Office) -> None:
    ticket = office.closed()
    for login in ("agent", "supervisor", "wang", "manager"):
        person = office.world.people[login]
        steps = open_to(desk.situation_of(ticket), desk.actor_of(person, ticket))
        assert Action.REOPEN not in {step.action for step in steps}
        with pytest.raises(Refused):
            desk.move(office.session, ticket, Action.REOPEN, by=person, given=desk.Given(note="再开"))


def test_reopening_what_a_colleague_has_reopened_is_refused(office: Office) -> None:
    row, by = office.follow_up(), office.world.people["supervisor"]
    desk.move(office.session, row.ticket, Action.REOPEN, by=by, given=desk.Given(note="再开", heard=True))
    assert not follow_ups.may_reopen(row)
    heard = Heard(False, 2, then=NextStep.REOPEN, request="还是不行")
    with pytest.raises(Refused):
        follow_ups.reached(office.session, row, heard, by=by)


def test_not_solved_may_become_a_new_ticket(office: Office) -> None:
    row, by = office.follow_up(), office.world.people["supervisor"]
    heard = Heard(False, 3, then=NextStep.NEW_TICKET, request="导出的表少了两列")
    follow_ups.reached(office.session, row, heard, by=by)
    new = row.new_ticket
    assert isinstance(new, Ticket) and new is not row.ticket
    assert (new.text, new.category, new.channel) == (
        "导出的表少了两列",
        Category.CONSULTATION,
        Channel.HOTLINE,
    )
    assert new.requester_id == row.ticket.requester_id
    assert row.ticket.state == State.CLOSED


def test_two_at_once_do_not_both_end_it(office: Office) -> None:
    row = office.follow_up()
    version = row.version
    follow_ups.take(office.session, row, by=office.world.people["supervisor"])
    assert row.version == version + 1
    assert office.session.get(FollowUp, row.id) is row
