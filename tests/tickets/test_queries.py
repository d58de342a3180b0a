"""Queues: each pile holds what it says, every filter narrows, counts agree with lists, queries stay few."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portal.tickets import desk, queries
from portal.tickets.assignment import next_up
from portal.tickets.models import Ticket
from portal.tickets.selection import Filter, Order, Tab
from portal.tickets.words import Action, Category, State, Tier
from tests.statements import statements_sent
from tests.tickets.people import Desk
from tests.world import MOMENT, build


def numbers(at_desk: Desk, login: str, **wanted: object) -> set[str]:
    part = queries.queue(at_desk.session, at_desk.world.people[login], Filter(**wanted))  # type: ignore[arg-type]
    assert part.total == len(part.tickets)
    return {ticket.number for ticket in part.tickets}


@pytest.fixture
def pile(at_desk: Desk) -> dict[str, str]:
    """One ticket of each kind, by a name."""
    made = {name: at_desk.file() for name in ("new", "mine", "waiting")}
    made["faraway"] = at_desk.file(by="zhao")
    made["other_system"] = at_desk.file(system="oa", text="公文 打不开")
    for name in ("mine", "waiting"):
        at_desk.does(made[name], Action.TAKE, "agent")
    at_desk.does(made["waiting"], Action.ASK, "agent")
    made["ruled"] = at_desk.at_middle()
    made["back"] = at_desk.at_middle()
    at_desk.does(made["back"], Action.TO_BACK, "expert")
    made["closed"] = at_desk.file(Category.CONSULTATION)
    at_desk.does(made["closed"], Action.TAKE, "agent")
    at_desk.does(made["closed"], Action.ANSWER, "agent")
    at_desk.does(made["closed"], Action.CONFIRM, "wang")
    return {name: ticket.number for name, ticket in made.items()}


def names(pile: dict[str, str], found: set[str]) -> set[str]:
    return {name for name, number in pile.items() if number in found}


@pytest.mark.parametrize(
    ("login", "tab", "expected"),
    [
        ("agent", Tab.MINE, {"mine", "waiting"}),
        ("agent", Tab.UNHELD, {"new", "other_system"}),
        ("agent", Tab.WAITING, {"waiting"}),
        ("agent", Tab.SERVED, {"new", "mine", "waiting", "other_system", "ruled", "back"}),
        ("expert", Tab.MINE, {"ruled"}),
        ("expert", Tab.UNHELD, set()),
        ("expert", Tab.SERVED, {"new", "mine", "waiting", "faraway", "ruled", "back"}),
        ("engineer", Tab.UNHELD, {"back"}),
        ("dispatcher", Tab.UNHELD, set()),
        ("manager", Tab.SERVED, {"new", "mine", "waiting", "faraway", "other_system", "ruled", "back"}),
        ("admin", Tab.SERVED, set()),
        ("wang", Tab.SERVED, set()),
    ],
)
def test_each_pile_holds_what_it_says(
    at_desk: Desk, pile: dict[str, str], login: str, tab: Tab, expected: set[str]
) -> None:
    found = numbers(at_desk, login, tab=tab)
    assert names(pile, found) == expected
    counts = queries.tab_counts(at_desk.session, at_desk.world.people[login])
    assert counts[tab] == len(expected)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"system": "oa"}, {"other_system"}),
        ({"unit": "hl"}, {"faraway"}),
        ({"unit": "hq", "tier": Tier.BACK}, {"back"}),
        ({"category": Category.CONSULTATION}, set()),
        ({"category": Category.CONSULTATION, "open": False}, {"closed"}),
        ({"state": State.CLOSED}, {"closed"}),
        ({"state": State.WAITING}, {"waiting"}),
        ({"holder": "agent"}, {"mine", "waiting"}),
        ({"requester": "zhao"}, {"faraway"}),
        ({"text": "公文"}, {"other_system"}),
        ({"text": "公文 打不"}, {"other_system"}),
        ({"text": "100%_"}, set()),
        (
            {"closed_since": MOMENT - timedelta(days=1), "closed_until": MOMENT + timedelta(days=1)},
            {"closed"},
        ),
        ({"since": MOMENT + timedelta(days=1)}, set()),
        ({"linked": True}, set()),
        ({"urged": True}, set()),
        ({"reopened": True}, set()),
        ({"overdue": True}, set()),
        ({"priority": 1}, set()),
    ],
)
def test_every_filter_narrows(
    at_desk: Desk, pile: dict[str, str], wanted: dict[str, object], expected: set[str]
) -> None:
    assert names(pile, numbers(at_desk, "manager", **wanted)) == expected


def test_a_number_finds_ended_tickets_too(at_desk: Desk, pile: dict[str, str]) -> None:
    assert numbers(at_desk, "manager", text=pile["closed"].lower()) == {pile["closed"]}
    assert numbers(at_desk, "expert", text=pile["other_system"]) == set()


def test_overdue_and_soon_are_what_the_clock_says(at_desk: Desk) -> None:
    tickets = [at_desk.file(category) for category in Category]
    at_desk.does(tickets[0], Action.TAKE, "agent")
    at_desk.does(tickets[0], Action.ASK, "agent")  # paused: neither
    for step in range(40):
        at_desk.at(MOMENT + timedelta(hours=3 * step))
        clocks = {row.number: desk.clock_of(at_desk.session, row) for row in tickets}
        running = {number: clock for number, clock in clocks.items() if clock and not clock.paused}
        late = {number for number, clock in running.items() if clock.overdue}
        soon = {number for number, clock in running.items() if clock.soon}
        # A clock that stands at exactly nothing is late at the next minute, on both sides.
        assert numbers(at_desk, "manager", overdue=True) - late <= {
            number for number, clock in running.items() if clock.left == 0
        }
        assert late <= numbers(at_desk, "manager", overdue=True)
        listed = numbers(at_desk, "manager", soon=True)
        assert listed <= soon
        assert {number for number in soon - listed if running[number].left > 0} == set()


def test_lists_are_ordered(at_desk: Desk) -> None:
    slow, quick = at_desk.file(Category.CHANGE), at_desk.file(Category.CONSULTATION, impact=1, urgency=1)
    manager = at_desk.world.people["manager"]

    def order(by: Order) -> list[Ticket]:
        return queries.queue(at_desk.session, manager, Filter(order=by)).tickets

    assert order(Order.DUE) == order(Order.PRIORITY) == [quick, slow]
    assert order(Order.FILED) == [quick, slow]
    at_desk.later(minutes=1)
    desk.comment(at_desk.session, slow, "还在吗", by=at_desk.world.people["wang"])
    assert order(Order.UPDATED) == [slow, quick]
    at_desk.does(quick, Action.TAKE, "agent")
    at_desk.does(quick, Action.ASK, "agent")
    assert order(Order.DUE) == [slow, quick]  # a paused clock can wait


def test_the_next_one_is_due_first_and_mine_to_take(at_desk: Desk) -> None:
    at_desk.file(Category.CHANGE)
    quick = at_desk.file(Category.FAULT, impact=1, urgency=1)
    at_desk.file(Category.FAULT, impact=1, urgency=1, by="zhao")  # not of the agent's unit
    people = at_desk.world.people
    assert next_up.next_for(at_desk.session, people["agent"]) == quick
    assert next_up.next_for(at_desk.session, people["expert"]) is None
    at_desk.does(quick, Action.TAKE, "agent")
    at_desk.does(quick, Action.ESCALATE, "agent")
    assert next_up.next_for(at_desk.session, people["expert"]) == quick


def test_other_tickets_are_those_i_may_see(at_desk: Desk) -> None:
    shown, hidden, asked = at_desk.file(), at_desk.file(system="oa"), at_desk.file()
    people = at_desk.world.people
    assert queries.other_tickets(at_desk.session, people["expert"], asked) == [shown]
    assert queries.other_tickets(at_desk.session, people["agent"], asked) == [hidden, shown]


def test_more_rows_ask_no_more_queries(at_desk: Desk, engine: Engine) -> None:
    manager, asked = at_desk.world.people["manager"], []
    for more in (2, 12):
        for _ in range(more):
            at_desk.does(at_desk.file(), Action.TAKE, "agent")
        at_desk.session.commit()
        at_desk.session.expunge_all()
        with statements_sent(engine) as said:
            part = queries.queue(at_desk.session, manager, Filter(tab=Tab.SERVED))
            assert [
                (row.holder.name, row.requester.name, row.system.name) for row in part.tickets if row.holder
            ]
        asked.append(len(said))
        at_desk.world = type(at_desk.world).of(at_desk.session)
        manager = at_desk.world.people["manager"]
    assert asked[0] == asked[1]


@pytest.mark.postgres
def test_the_same_lists_on_postgresql(postgres_engine: Engine) -> None:
    with Session(postgres_engine) as session:
        at_desk = Desk(session, build(session))
        tickets = [at_desk.file(category) for category in Category]
        at_desk.does(tickets[0], Action.TAKE, "agent")
        at_desk.later(days=4)
        people = at_desk.world.people
        counts = queries.tab_counts(session, people["agent"])
        for tab in Tab:
            part = queries.queue(session, people["agent"], Filter(tab=tab, unit="ld", system="mkt"))
            assert part.total == counts[tab] == len(part.tickets)
        assert counts[Tab.OVERDUE] > 0
        for order in Order:
            assert queries.queue(session, people["expert"], Filter(order=order, text="转圈")).total == 8
        past = Filter(state=State.CLOSED, unit="hq", since=MOMENT)
        assert queries.queue(session, people["agent"], past).total == 0
        assert next_up.next_for(session, people["agent"]) in tickets[1:]
        assert len(queries.other_tickets(session, people["agent"], tickets[0])) == 6
        assert [who.login for who in queries.successors(session, tickets[0])] == ["supervisor"]
        assert queries.load_of(session, [people["agent"]]) == {people["agent"].id: 1}
