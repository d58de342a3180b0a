"""Who works on what: away, take next, fair share, hand-over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from kb.flow import Refused
from portal import db
from portal.people.models import Person, PersonPost
from portal.people.roles import Post
from portal.tickets import desk, queries, trail
from portal.tickets.assignment import handing_over, next_up, presence, sharing
from portal.tickets.assignment.handing_over import Handing
from portal.tickets.assignment.models import Reason, Sharing
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category, State, Tier
from tests.tickets.people import Desk
from tests.world import MOMENT, build, person


def colleague(at_desk: Desk, login: str = "agent2", *, post: Post = Post.AGENT, unit: str = "ld") -> Person:
    """One more person on the desk, with the same post as another."""
    made = person(login, at_desk.world.units["ld-cy"], name=login)
    made.posts.append(PersonPost(post=post, unit=at_desk.world.units[unit], systems=[]))
    at_desk.session.add(made)
    at_desk.session.flush()
    at_desk.world.people[login] = made
    return made


def held(at_desk: Desk, login: str) -> list[Ticket]:
    return handing_over.held_by(at_desk.session, at_desk.world.people[login])


# ── away ─────────────────────────────────────────────────────────────────────────────────────────


def test_whoever_is_away_is_given_nothing(at_desk: Desk) -> None:
    people = at_desk.world.people
    second, ticket = colleague(at_desk), at_desk.file()
    presence.go_away(at_desk.session, second, Reason.BREAK, by=second)
    with pytest.raises(Refused, match="不在岗"):
        next_up.take_next(at_desk.session, second)
    at_desk.does(ticket, Action.TAKE, "agent")
    with pytest.raises(Refused, match="agent2现在不在岗"):
        at_desk.does(ticket, Action.REASSIGN, "supervisor", person=second)
    assert second not in queries.successors(at_desk.session, ticket)
    shares = sharing.propose(at_desk.session, people["supervisor"], Tier.FRONT)
    assert second.id not in {pair.person.id for pair in shares.pairs}
    presence.come_back(at_desk.session, second, by=second)
    assert second in queries.successors(at_desk.session, ticket)


def test_an_absence_ends_when_it_was_said_to(at_desk: Desk) -> None:
    second = colleague(at_desk)
    absent = presence.go_away(
        at_desk.session, second, Reason.BREAK, by=second, until=MOMENT + timedelta(minutes=20)
    )
    assert presence.absence_of(at_desk.session, second) == absent
    at_desk.later(minutes=21)
    assert presence.absence_of(at_desk.session, second) is None
    with pytest.raises(Refused, match="要晚于现在"):
        presence.go_away(at_desk.session, second, Reason.BREAK, by=second, until=MOMENT)


def test_leads_mark_their_own_people_away(at_desk: Desk) -> None:
    people, second = at_desk.world.people, colleague(at_desk)
    presence.go_away(at_desk.session, second, Reason.OFF_SHIFT, by=people["supervisor"])
    presence.go_away(at_desk.session, people["expert"], Reason.LEAVE, by=people["manager"])
    assert set(presence.absences_of(at_desk.session, list(people.values()))) == {
        second.id,
        people["expert"].id,
    }
    for lead, other in (
        ("supervisor", "expert"),
        ("agent", "agent2"),
        ("expert", "agent"),
        ("manager", "wang"),
    ):
        with pytest.raises(Refused, match="只有本人和班长"):
            presence.go_away(at_desk.session, people[other], Reason.LEAVE, by=people[lead])


# ── take next ────────────────────────────────────────────────────────────────────────────────────


def test_what_presses_goes_first_then_what_matters(at_desk: Desk) -> None:
    slow = at_desk.file(Category.CONSULTATION)
    late = at_desk.file(Category.CONSULTATION)
    high = at_desk.file(Category.ACCOUNT, impact=1, urgency=1)
    late.close_due = MOMENT - timedelta(hours=1)
    at_desk.session.flush()
    agent = at_desk.world.people["agent"]
    taken = [next_up.take_next(at_desk.session, agent) for _ in range(4)]
    assert taken == [late, high, slow, None]
    assert all(ticket is None or ticket.holder_id == agent.id for ticket in taken)


def test_what_one_has_put_back_comes_last(at_desk: Desk) -> None:
    first, second = at_desk.file(impact=1, urgency=1), at_desk.file()
    agent = at_desk.world.people["agent"]
    assert next_up.take_next(at_desk.session, agent) == first
    at_desk.does(first, Action.RELEASE, "agent")
    assert next_up.take_next(at_desk.session, agent) == second
    assert next_up.take_next(at_desk.session, agent) == first


def test_nothing_comes_that_is_not_theirs(at_desk: Desk) -> None:
    people = at_desk.world.people
    complaint = at_desk.file(Category.COMPLAINT)
    at_desk.file(by="zhao")  # of a province that the front of this unit does not serve
    assert next_up.take_next(at_desk.session, people["agent"]) is None
    assert next_up.take_next(at_desk.session, people["expert"]) is None
    assert next_up.take_next(at_desk.session, people["supervisor"]) == complaint


def test_two_who_press_at_once_get_two_tickets(at_desk: Desk, engine: Engine) -> None:
    """Both have seen the same first ticket before either has taken it."""
    for _ in range(2):
        at_desk.file()
    colleague(at_desk)
    at_desk.session.commit()
    maker = db.sessions_of(engine)
    with maker() as one, maker() as two:
        for session, login in ((one, "agent"), (two, "agent2")):
            who = session.scalars(select(Person).where(Person.login == login)).one()
            ticket = next_up.take_next(session, who)
            assert ticket is not None
            assert ticket.holder_id == who.id
            session.commit()
    with maker() as session:
        assert len(set(session.scalars(select(Ticket.holder_id)))) == 2


@pytest.mark.postgres
def test_on_postgresql_the_second_skips_what_the_first_has_locked(postgres_engine: Engine) -> None:
    maker = db.sessions_of(postgres_engine)
    with maker() as session:
        at_desk = Desk(session, build(session))
        tickets = [at_desk.file() for _ in range(2)]
        colleague(at_desk)
        session.commit()
        numbers = {ticket.number for ticket in tickets}
    with maker() as one, maker() as two:
        taken = set()
        for session, login in ((one, "agent"), (two, "agent2")):  # neither has committed yet
            who = session.scalars(select(Person).where(Person.login == login)).one()
            ticket = next_up.take_next(session, who)
            assert ticket is not None
            taken.add(ticket.number)
        assert taken == numbers
        one.commit()
        two.commit()


# ── fair share ───────────────────────────────────────────────────────────────────────────────────


def test_the_queue_is_shared_by_what_each_holds(at_desk: Desk) -> None:
    people = at_desk.world.people
    colleague(at_desk)
    presence.go_away(at_desk.session, people["supervisor"], Reason.BREAK, by=people["supervisor"])
    for _ in range(2):
        at_desk.does(at_desk.file(), Action.TAKE, "agent")
    for _ in range(4):
        at_desk.file()
    proposal = sharing.propose(at_desk.session, people["supervisor"], Tier.FRONT)
    shares = {row.person.login: len(proposal.share_of(row)) for row in proposal.colleagues}
    assert shares == {"agent2": 3, "agent": 1, "supervisor": 0}
    assert all(ticket.holder_id is None for ticket in proposal.left)
    assert held(at_desk, "agent2") == []  # a proposal moves nothing


def test_a_proposal_is_applied_and_taken_back(at_desk: Desk) -> None:
    lead, second = at_desk.world.people["supervisor"], colleague(at_desk)
    tickets = [at_desk.file() for _ in range(3)]
    pairs = [(ticket.id, second.id) for ticket in tickets]
    at_desk.does(tickets[2], Action.TAKE, "agent")  # a colleague was faster with this one
    done = sharing.apply(at_desk.session, pairs, by=lead)
    assert done.passed_over == (tickets[2].number,)
    assert done.sharing is not None
    assert held(at_desk, "agent2") == tickets[:2]
    assert tickets[0].state == State.OPEN
    at_desk.does(tickets[0], Action.CLASSIFY, "agent2", category=Category.DATA)  # begun: stays
    latest = sharing.latest_sharing(at_desk.session, lead)
    assert latest == done.sharing
    assert sharing.undo(at_desk.session, done.sharing, by=lead) == [tickets[1]]
    assert held(at_desk, "agent2") == [tickets[0]]
    assert tickets[1].holder_id is None
    with pytest.raises(Refused, match="已经撤回过"):
        sharing.undo(at_desk.session, done.sharing, by=lead)
    with pytest.raises(Refused, match="只有分派的人"):
        sharing.undo(at_desk.session, done.sharing, by=at_desk.world.people["manager"])
    assert all(trail.first_break(ticket.trail) is None for ticket in tickets)


def test_what_was_not_shared_leaves_no_record(at_desk: Desk) -> None:
    lead, people = at_desk.world.people["supervisor"], at_desk.world.people
    ticket = at_desk.file(by="zhao")  # not served by the supervisor
    mine = at_desk.file()
    gone = sharing.apply(at_desk.session, [(ticket.id, people["agent"].id), (99, 1)], by=lead)
    assert gone.sharing is None
    foreign = sharing.apply(at_desk.session, [(mine.id, people["expert"].id)], by=lead)
    assert foreign.passed_over == (mine.number,)
    assert at_desk.session.scalars(select(Sharing)).all() == []
    for login in ("agent", "expert", "wang"):
        with pytest.raises(Refused, match="不能分派"):
            sharing.apply(at_desk.session, [(mine.id, people["agent"].id)], by=people[login])
    with pytest.raises(Refused, match="不负责给这一层级"):
        sharing.propose(at_desk.session, lead, Tier.MIDDLE)
    middle = at_desk.at_middle()
    at_desk.does(middle, Action.RELEASE, "expert")
    proposal = sharing.propose(at_desk.session, people["manager"], Tier.MIDDLE)
    assert [(pair.ticket, pair.person) for pair in proposal.pairs] == [(middle, people["expert"])]


# ── hand-over ────────────────────────────────────────────────────────────────────────────────────


def test_a_shift_is_handed_to_a_colleague(at_desk: Desk) -> None:
    people, second = at_desk.world.people, colleague(at_desk)
    tickets = [at_desk.file() for _ in range(3)]
    for ticket in tickets:
        at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(tickets[1], Action.ASK, "agent")
    notes = {tickets[0].id: "等厂家回电话"}
    handing = Handing(tickets, second, "都问过用户了", notes)
    record = handing_over.hand_over(at_desk.session, people["agent"], handing, by=people["agent"])
    assert {ticket.number for ticket in held(at_desk, "agent2")} == {ticket.number for ticket in tickets}
    assert [item.note for item in record.items] == ["等厂家回电话", "都问过用户了", "都问过用户了"]
    last = tickets[0].trail[-1]
    assert (last.action, last.note, last.data["hand_over"]) == (Action.HAND_OVER, "等厂家回电话", record.id)
    assert [row.id for row in handing_over.received_by(at_desk.session, second)] == [record.id]
    with pytest.raises(Refused, match="不是给您的"):
        handing_over.acknowledge(at_desk.session, record, by=people["agent"])
    handing_over.acknowledge(at_desk.session, record, by=second)
    assert handing_over.received_by(at_desk.session, second) == []
    assert record.acknowledged_at == MOMENT
    assert [row.id for row in handing_over.given_by(at_desk.session, people["agent"])] == [record.id]


def test_what_nobody_takes_over_goes_back_to_the_queue(at_desk: Desk) -> None:
    people = at_desk.world.people
    ticket = at_desk.file()
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.ASK, "agent")
    handing = Handing([ticket], None)
    handing_over.hand_over(at_desk.session, people["agent"], handing, by=people["agent"])
    assert (ticket.holder_id, ticket.state) == (None, State.WAITING)
    at_desk.does(ticket, Action.SUPPLY, "wang")
    assert next_up.take_next(at_desk.session, people["supervisor"]) == ticket


def test_a_lead_hands_over_for_somebody_who_has_gone(at_desk: Desk) -> None:
    people, second = at_desk.world.people, colleague(at_desk)
    ticket = at_desk.file()
    at_desk.does(ticket, Action.TAKE, "agent")
    handing = Handing([ticket], second, "小王临时有事")
    with pytest.raises(Refused, match="只有本人和班长"):
        handing_over.hand_over(at_desk.session, people["agent"], handing, by=second)
    record = handing_over.hand_over(at_desk.session, people["agent"], handing, by=people["supervisor"])
    assert (record.by_id, ticket.trail[-1].action) == (people["supervisor"].id, Action.REASSIGN)
    back = Handing([ticket], None, "先放着")
    handing_over.hand_over(at_desk.session, second, back, by=people["supervisor"])
    assert ticket.holder_id is None


def test_a_hand_over_that_can_not_be_is_refused_whole(at_desk: Desk) -> None:
    people, second = at_desk.world.people, colleague(at_desk)
    far = colleague(at_desk, "agent3", unit="hl")
    agent = people["agent"]
    mine, other = at_desk.file(), at_desk.file()
    at_desk.does(mine, Action.TAKE, "agent")
    at_desk.does(other, Action.TAKE, "supervisor")
    cases = [
        (Handing([], second, "好"), "请先选"),
        (Handing([mine], second), "请写交接说明"),
        (Handing([mine], far, "好"), "agent3的岗位不负责这些工单"),
        (Handing([mine], agent, "好"), "请选择接班的同事"),
        (Handing([mine, other], second, "好"), f"已经不在agent手里：{other.number}"),
        (Handing([mine], second, "长" * 2001), "说明太长"),
    ]
    for handing, sentence in cases:
        with pytest.raises(Refused, match=sentence):
            handing_over.hand_over(at_desk.session, agent, handing, by=agent)
    assert mine.holder_id == agent.id


def test_those_present_who_may_take_most_are_offered_first(at_desk: Desk) -> None:
    people, second = at_desk.world.people, colleague(at_desk)
    colleague(at_desk, "agent3", unit="hl")
    ticket = at_desk.file()
    at_desk.does(ticket, Action.TAKE, "agent")
    offered = handing_over.candidates_for(at_desk.session, [ticket], giver=people["agent"])
    assert {row.person.login for row in offered} == {"agent2", "supervisor"}
    presence.go_away(at_desk.session, second, Reason.BREAK, by=second)
    offered = handing_over.candidates_for(at_desk.session, [ticket], giver=people["agent"])
    assert [row.person.login for row in offered] == ["supervisor"]


def test_the_holder_hands_on_and_nobody_else(at_desk: Desk) -> None:
    second, ticket = colleague(at_desk), at_desk.file()
    at_desk.does(ticket, Action.TAKE, "agent")
    with pytest.raises(Refused, match="正在处理这张工单"):
        at_desk.does(ticket, Action.HAND_OVER, "agent2", person=second)
    with pytest.raises(Refused, match="不负责"):
        at_desk.does(ticket, Action.HAND_OVER, "agent", person=at_desk.world.people["expert"])
    at_desk.does(ticket, Action.HAND_OVER, "agent", person=second)
    assert ticket.holder_id == second.id
    with pytest.raises(Refused, match="正在处理这张工单"):
        at_desk.does(ticket, Action.RELEASE, "agent")
    at_desk.does(ticket, Action.RELEASE, "supervisor")  # a lead may put it back
    assert ticket.holder_id is None
    assert isinstance(at_desk.session, Session)
    assert desk.situation_of(ticket).holder_id is None
