"""Every row of the table of steps is walked on the real desk, whatever rows there are.

A walk goes by the table alone: of the buttons that are drawn, it takes one that comes nearer to the row. So a
row that nobody can ever reach, or that needs what nobody can bring, fails here on the day it is written.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from defects.flow import DefectState
from kb.columns import CLOCK
from kb.flow import Refused
from portal.db import take_write_lock
from portal.people.models import Person
from portal.tickets import desk, linking
from portal.tickets.conditions import works_for_another
from portal.tickets.flow import BETWEEN_TICKETS, STEPS, Who, open_to
from portal.tickets.flow import Step as Row
from portal.tickets.models import Ticket
from portal.tickets.words import Category, State, Tier
from tests.histories import offers
from tests.histories.company import USERS, Company
from tests.histories.house import House, engine_on
from tests.histories.rules import check_ticket
from tests.histories.steps import COMBINATIONS, step_of
from tests.world import MOMENT

Place = tuple[State, Tier]
TRIES, LONGEST = 25, 30
START = (State.NEW, Tier.FRONT)


#: On the second database by `.ci/run` alone: what differs there is not the table.
BOTH = ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.slow])]


@pytest.fixture(scope="module", params=BOTH)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    yield from engine_on(request, tmp_path_factory)


def name_of(row: Row) -> str:
    return f"{row.tier}-{row.start}-{row.action}-by-{row.by}-to-{row.then}-{row.end}"


@cache
def distances(goal: Place) -> dict[Place, int]:
    """How many steps of the table lie between each place and the goal."""
    found, ahead = {goal: 0}, [goal]
    while ahead:
        here = ahead.pop(0)
        for row in STEPS:
            before = (row.start, row.tier)
            if (row.end, row.then) == here and before not in found:
                found[before] = found[here] + 1
                ahead.append(before)
    return found


def is_walked_alone(row: Row) -> bool:
    """Can one ticket come here by itself? What needs a second one is played by the histories."""
    tied = row.action in BETWEEN_TICKETS or row.start == State.MERGED or row.provided is works_for_another
    return not tied


DEEDS = [row for row in STEPS if is_walked_alone(row)]


@pytest.mark.parametrize("row", DEEDS, ids=[name_of(row) for row in DEEDS])
def test_the_row_is_walked(house: House, row: Row) -> None:
    dice = random.Random(name_of(row))
    session, company = house.sessions[0], house.companies[0]
    session.info[CLOCK] = MOMENT
    session.commit()
    take_write_lock(session)
    try:
        for _ in range(TRIES):
            ticket = _file(session, company, dice.choice(USERS), dice)
            if _walks(session, company, ticket, row, dice):
                check_ticket(ticket)
                return
        pytest.fail(f"in {TRIES} walks nobody could take {name_of(row)}")
    finally:
        session.rollback()  # nothing was committed, so nothing need be swept
        company.read()


def _file(session: Session, company: Company, login: str, dice: random.Random) -> Ticket:
    who = company.people[login]
    category = dice.choice(list(Category))
    request = desk.Request(
        text="页面一直转圈", category=category, system=company.systems["mkt"], requester=who
    )
    return desk.file(session, request, by=who)


def _walks(session: Session, company: Company, ticket: Ticket, goal: Row, dice: random.Random) -> bool:
    for _ in range(LONGEST):
        if goal.action.value == "park" or dice.random() < 0.1:
            _link(session, company, ticket)
        if ticket.state == State.PARKED and dice.random() < 0.3:
            _judge_no_defect(session, ticket)
        drawn = _drawn(company, ticket, goal)
        reached = [(by, row) for by, row in drawn if row is goal]
        if reached:
            return _take(session, company, ticket, *dice.choice(reached), dice)
        ways = [(by, row) for by, row in drawn if (row.end, row.then) in distances((goal.start, goal.tier))]
        if not ways:
            return False
        nearest = min(distances((goal.start, goal.tier))[(row.end, row.then)] for _, row in ways)
        near = [
            pair
            for pair in ways
            if distances((goal.start, goal.tier))[(pair[1].end, pair[1].then)]
            <= nearest + dice.choice((0, 0, 1))
        ]
        _take(session, company, ticket, *dice.choice(near), dice)
    return False


def _drawn(company: Company, ticket: Ticket, goal: Row) -> list[tuple[Person | None, Row]]:
    """The buttons everybody sees; on the phone, what somebody hears is there, too."""
    at, heard = desk.situation_of(ticket), goal.by == Who.CALLER and ticket.state == goal.start
    return [
        (by, row)
        for by in company.everybody
        for row in open_to(at, desk.actor_of(by, ticket, heard=heard))
        if is_walked_alone(row)
    ]


def _take(
    session: Session, company: Company, ticket: Ticket, by: Person | None, row: Row, dice: random.Random
) -> bool:
    """Take the row; False when what it demands can't be had now, as nobody to hand over to."""
    step = step_of(dice.randrange(COMBINATIONS))
    wanted = offers.given_for(session, ticket, row, company, step, others=[])
    if wanted.lacking:
        return False
    before = ticket.version
    try:
        entry = desk.move(session, ticket, row.action, by=by, given=wanted.given)
    except Refused as refused:
        pytest.fail(f"{name_of(row)} was drawn, then refused: {refused}")
    assert ticket.version > before
    return (entry.to_state, entry.to_tier) == (row.end, row.then)


def _judge_no_defect(session: Session, ticket: Ticket) -> None:
    """What a parked ticket waits for turns out to be no defect."""
    if ticket.defect is not None:
        ticket.defect.state = DefectState.NOT_A_DEFECT
        session.flush()


def _link(session: Session, company: Company, ticket: Ticket) -> None:
    if ticket.defect is None:
        linking.link(session, ticket, company.defects["mkt"], by=company.people["expert"])
        session.refresh(ticket, ["defect_links"])
