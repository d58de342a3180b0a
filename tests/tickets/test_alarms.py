"""Who is told of which deadline and when: once each, in their own working time, faults at any hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from portal import db
from portal.people.models import PersonPost
from portal.people.roles import Post
from portal.tickets.levels.alarms import ring
from portal.tickets.levels.models import CalendarVersion
from portal.tickets.models import Notice, Ticket
from portal.tickets.words import Action, Category
from tests.tickets.people import Desk
from tests.world import MOMENT, build, person


def rings(at_desk: Desk, moment: datetime) -> list[tuple[str, str, str]]:
    """(login, event, deadline) of what is told at this moment."""
    at_desk.at(moment)
    known = set(at_desk.session.scalars(select(Notice.id)))
    ring(at_desk.session, moment)
    logins = {row.id: login for login, row in at_desk.world.people.items()}
    rows = at_desk.session.scalars(select(Notice).where(Notice.id.not_in(known)).order_by(Notice.id))
    return [(logins[row.person_id], row.event, row.values["deadline"]) for row in rows]


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    """March 2026, local time; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def held(at_desk: Desk, category: Category = Category.CONSULTATION) -> Ticket:
    """Taken by the agent at ten on Monday: a day to the close, four hours at the front."""
    ticket = at_desk.file(category, impact=2)
    at_desk.does(ticket, Action.TAKE, "agent")
    return ticket


def test_the_holder_is_warned_once_and_those_above_hear_of_the_breach_once(at_desk: Desk) -> None:
    held(at_desk)
    assert rings(at_desk, shanghai(2, 14, 30)) == []
    assert rings(at_desk, shanghai(2, 15, 12)) == [("agent", "due_soon", "本环节时限")]  # 80 % of 4 hours
    assert rings(at_desk, shanghai(2, 15, 30)) == []
    assert rings(at_desk, shanghai(2, 16, 1)) == [
        ("agent", "overdue", "本环节时限"),
        ("supervisor", "overdue", "本环节时限"),
    ]
    assert rings(at_desk, shanghai(2, 16, 2)) == []
    assert rings(at_desk, shanghai(3, 8, 37)) == [("agent", "due_soon", "办结时限")]
    assert [row[2] for row in rings(at_desk, shanghai(3, 10, 1))] == ["办结时限"] * 2
    assert rings(at_desk, shanghai(4, 10)) == []


def test_an_unheld_ticket_is_told_to_the_leads_of_its_queue(at_desk: Desk) -> None:
    at_desk.file(Category.CONSULTATION, impact=2)
    assert rings(at_desk, shanghai(2, 10, 50)) == [("supervisor", "due_soon", "响应时限")]
    ticket = at_desk.file()
    at_desk.does(ticket, Action.TAKE, "agent")
    at_desk.does(ticket, Action.ESCALATE, "agent")
    assert ticket.tier_warn is not None
    assert ("expert", "due_soon", "本环节时限") in rings(at_desk, ticket.tier_warn)


def test_in_the_middle_the_manager_hears_of_the_breach(at_desk: Desk) -> None:
    ticket = at_desk.at_middle()
    assert ticket.tier_due is not None
    told = rings(at_desk, ticket.tier_due - timedelta(minutes=1)) + rings(at_desk, shanghai(10, 10))
    assert {row for row in told if row[2] == "本环节时限"} == {
        ("expert", "due_soon", "本环节时限"),
        ("expert", "overdue", "本环节时限"),
        ("manager", "overdue", "本环节时限"),
    }


def test_nobody_is_told_at_midnight(at_desk: Desk) -> None:
    held(at_desk)
    assert rings(at_desk, shanghai(2, 16, 1))
    at_desk.session.commit()
    midnight = shanghai(4, 0)
    assert rings(at_desk, midnight) == []  # the close passed at 10:00 on the 3rd, but nobody ran the worker
    assert rings(at_desk, shanghai(4, 8, 29)) == []
    assert rings(at_desk, shanghai(4, 8, 30)) == [
        ("agent", "overdue", "办结时限"),
        ("supervisor", "overdue", "办结时限"),
    ]


def test_each_hears_in_the_working_time_of_their_own_unit(at_desk: Desk) -> None:
    """The supervisor's unit begins at eleven; the agent is told at once, the supervisor then."""
    world = at_desk.world
    late = [[[11 * 60, 20 * 60]]] * 5 + [[], []]
    other = person("late", world.units["hl"], name="晚班长")
    other.posts.append(PersonPost(post=Post.SUPERVISOR, unit=world.units["ld"], systems=[]))
    at_desk.session.add(other)
    at_desk.session.add(
        CalendarVersion(
            unit=world.units["hl"],
            since=MOMENT,
            week=late,
            made_at=MOMENT,
            by_id=world.people["admin"].id,
        )
    )
    at_desk.session.commit()
    world.people["late"] = other
    held(at_desk)
    at_desk.session.commit()
    told = rings(at_desk, shanghai(3, 10, 1))
    assert {row[0] for row in told} == {"agent", "supervisor"}
    assert rings(at_desk, shanghai(3, 10, 59)) == []
    assert rings(at_desk, shanghai(3, 11)) == [("late", "overdue", "办结时限")]
    assert rings(at_desk, shanghai(3, 11, 1)) == []


def test_a_fault_is_told_at_any_hour(at_desk: Desk) -> None:
    at_desk.at(shanghai(7, 23))  # a Saturday night
    ticket = held(at_desk, Category.FAULT)
    assert ticket.close_due is not None
    told = rings(at_desk, shanghai(8, 3, 30))
    assert {row[0] for row in told} >= {"agent", "supervisor"}


def test_a_pause_that_pushes_a_deadline_out_tells_of_it_no_second_time(at_desk: Desk) -> None:
    ticket = held(at_desk)
    assert rings(at_desk, shanghai(2, 15, 12))
    at_desk.does(ticket, Action.ASK, "agent")
    assert rings(at_desk, shanghai(3, 9)) == []  # the clock stands still
    at_desk.does(ticket, Action.SUPPLY, "wang")
    assert [row for row in rings(at_desk, shanghai(3, 9, 1)) if row[1] == "due_soon"] == []
    assert ticket.tier_due == shanghai(3, 9, 48)
    assert rings(at_desk, shanghai(3, 9, 49))[0][1:] == ("overdue", "本环节时限")


def test_a_level_that_is_ruled_anew_is_another_deadline(at_desk: Desk) -> None:
    ticket = at_desk.at_middle()
    assert ticket.close_due is not None
    warned = ticket.close_warn
    assert warned is not None
    assert ("expert", "due_soon", "办结时限") in rings(at_desk, warned)
    at_desk.does(ticket, Action.RULE, "expert", category=Category.CHANGE)
    assert ticket.close_warn is not None
    assert ("expert", "due_soon", "办结时限") in rings(at_desk, ticket.close_warn)


def test_what_went_wrong_long_ago_and_what_has_ended_is_not_told(at_desk: Desk) -> None:
    held(at_desk)
    done = held(at_desk)
    at_desk.does(done, Action.ANSWER, "agent")
    assert rings(at_desk, shanghai(30, 10)) == []


def test_a_missed_close_covers_the_lesser_deadlines(at_desk: Desk) -> None:
    at_desk.file(Category.CONSULTATION, impact=2)
    told = rings(at_desk, shanghai(4, 9))
    assert told == [("supervisor", "overdue", "办结时限")]
    assert rings(at_desk, shanghai(4, 9, 5)) == []


def test_told_once_on_postgresql_too(postgres_engine: Engine) -> None:
    with db.sessions_of(postgres_engine)() as session:
        at_desk = Desk(session, build(session))
        held(at_desk)
        session.commit()
        assert rings(at_desk, shanghai(2, 15, 12)) == [("agent", "due_soon", "本环节时限")]
        session.commit()
        assert rings(at_desk, shanghai(2, 15, 13)) == []
        assert {row[0] for row in rings(at_desk, shanghai(2, 16, 1))} == {"agent", "supervisor"}
