"""Two people, one ticket: one wins, the other is told who did what, and every history keeps the rules."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from kb.flow import Refused
from portal import db
from portal.db import transaction
from portal.people.models import Person
from portal.tickets import desk, trail
from portal.tickets.flow import STEPS, open_to
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category, State, Tier
from tests.world import World, build

GIVEN = {"note": "写明了", "rating": 4}


def file_one(maker: sessionmaker[Session], category: Category = Category.CONSULTATION) -> int:
    with transaction(maker) as session:
        world = World.of(session)
        wang = world.people["wang"]
        request = desk.Request(text="问题", category=category, system=world.systems["mkt"], requester=wang)
        return desk.file(session, request, by=wang).id


def who(session: Session, login: str) -> Person:
    return session.scalars(select(Person).where(Person.login == login)).one()


def one_wins(maker: sessionmaker[Session]) -> None:
    number = file_one(maker)
    slow, quick = maker(), maker()
    with slow, quick:
        late = slow.get_one(Ticket, number)
        person = who(slow, "supervisor")
        slow.commit()  # both have the page on their screens
        desk.move(quick, quick.get_one(Ticket, number), Action.TAKE, by=who(quick, "agent"))
        quick.commit()
        db.take_write_lock(slow)
        with pytest.raises(desk.Overtaken, match=r"agent刚刚对这张工单做了“受理”"):
            desk.move(slow, late, Action.TAKE, by=person)
        slow.rollback()
        assert late.holder is not None
        assert late.holder.login == "agent"
        assert [entry.action for entry in late.trail] == [Action.FILE, Action.TAKE]


def test_one_wins_and_the_other_is_told(maker: sessionmaker[Session], desk_world: World) -> None:
    one_wins(maker)


@pytest.mark.postgres
def test_one_wins_on_postgresql(postgres_engine: Engine) -> None:
    maker = db.sessions_of(postgres_engine)
    with transaction(maker) as session:
        build(session)
    one_wins(maker)


def test_an_old_screen_is_overtaken_before_anything_happens(
    maker: sessionmaker[Session], desk_world: World
) -> None:
    number = file_one(maker)
    with transaction(maker) as session:
        ticket = session.get_one(Ticket, number)
        seen = ticket.version
        desk.move(session, ticket, Action.TAKE, by=who(session, "agent"), seen=seen)
        with pytest.raises(desk.Overtaken, match="内容还在"):
            desk.move(session, ticket, Action.RELEASE, by=who(session, "agent"), seen=seen)
        assert ticket.holder is not None


def test_ones_own_other_window_is_told_as_ones_own(maker: sessionmaker[Session], desk_world: World) -> None:
    number = file_one(maker)
    with maker() as session:
        ticket = session.get_one(Ticket, number)
        seen = ticket.version
        agent = who(session, "agent")
        desk.move(session, ticket, Action.TAKE, by=agent, seen=seen)
        with pytest.raises(desk.Overtaken, match=r"^您刚刚已经对这张工单做了“受理”，这一次没有执行"):
            desk.move(session, ticket, Action.TAKE, by=agent, seen=seen)


def test_talk_overtakes_nobody(maker: sessionmaker[Session], desk_world: World) -> None:
    number = file_one(maker)
    with transaction(maker) as session:
        ticket, wang = session.get_one(Ticket, number), who(session, "wang")
        seen = ticket.version
        desk.comment(session, ticket, "补一句", by=wang)
        desk.urge(session, ticket, by=wang)
        assert (ticket.urges, ticket.version) == (1, seen)
        desk.move(session, ticket, Action.TAKE, by=who(session, "agent"), seen=seen)
        assert ticket.version == seen + 1


LOGINS = ("wang", "agent", "supervisor", "local_support", "expert", "dispatcher", "engineer", "manager")


def an_attempt(session: Session, ticket: Ticket, dice: random.Random) -> tuple[Person | None, Action]:
    """Somebody and something: often a step that is theirs, sometimes anything at all."""
    people: list[Person | None] = [None, *session.scalars(select(Person).where(Person.login.in_(LOGINS)))]
    if dice.random() < 0.7:
        at = desk.situation_of(ticket)
        theirs = [(by, row.action) for by in people for row in open_to(at, desk.actor_of(by, ticket))]
        if theirs:
            return dice.choice(theirs)
    return dice.choice(people), dice.choice(list(Action))


def a_history(maker: sessionmaker[Session], dice: random.Random, moves: int) -> int:
    """Random people try random things; some look at screens that are old by then. How many succeed?"""
    number, done, seen = file_one(maker, dice.choice(list(Category))), 0, None
    for _ in range(moves):
        session = maker()
        try:
            ticket = session.get_one(Ticket, number)
            by, action = an_attempt(session, ticket, dice)
            seen = ticket.version if seen is None or dice.random() < 0.8 else seen
            successor = who(session, dice.choice(("agent", "expert", "engineer")))
            given = desk.Given(**GIVEN, category=dice.choice(list(Category)), person=successor)
            desk.move(session, ticket, action, by=by, given=given, seen=seen)
            session.commit()
            done += 1
        except Refused:
            session.rollback()
        finally:
            session.close()
    with maker() as session:
        keeps_the_rules(session.get_one(Ticket, number))
    return done


ROWS = {(row.start, row.tier, row.action, row.end, row.then) for row in STEPS}
#: Where the user is told from: behind each of these stands a tier that has judged.
JUDGED = {Action.PASS, Action.REPLY, Action.LOCAL_DONE, Action.DEPLOYED}


def keeps_the_rules(ticket: Ticket) -> None:
    entries = ticket.trail
    assert trail.first_break(entries) is None
    assert entries[0].action == Action.FILE
    for former, entry in pairwise(entries):
        assert (entry.from_state, entry.from_tier) == (former.to_state, former.to_tier)
        assert (entry.from_state, entry.from_tier, entry.action, entry.to_state, entry.to_tier) in ROWS
        if entry.to_state == State.FEEDBACK and entry.from_state != State.FEEDBACK:
            assert entry.action in JUDGED
        if entry.to_tier == Tier.USER:
            assert entry.from_tier in (Tier.FRONT, Tier.USER)
    assert (ticket.state, ticket.tier) == (entries[-1].to_state, entries[-1].to_tier)
    assert (ticket.closed_at is not None) == (not ticket.is_open)
    assert (ticket.paused_at is not None) == (ticket.state in desk.PAUSED) or not ticket.is_open
    assert ticket.version == len(entries)
    assert ticket.holder is None or ticket.tier != Tier.USER


def histories(maker: sessionmaker[Session], count: int) -> None:
    dice = random.Random(20260302)
    assert sum(a_history(maker, dice, 30) for _ in range(count)) > 3 * count


@pytest.mark.slow
def test_random_histories_keep_every_rule(maker: sessionmaker[Session], desk_world: World) -> None:
    histories(maker, 25)
