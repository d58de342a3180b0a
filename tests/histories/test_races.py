"""Real races: several threads at the same tickets at once. Whoever wins, the rules hold.

Nothing here depends on who is first: each thread does what its own dice say, is refused or overtaken as it
comes, and only what is left behind is looked at.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.flow import Refused
from portal.db import transaction
from portal.tickets import desk, trail
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category
from tests.histories import beside, offers
from tests.histories.chronicle import Chronicle, Deed
from tests.histories.company import USERS, Company
from tests.histories.house import House
from tests.histories.rules import check_nothing_lost, check_ticket
from tests.histories.steps import COMBINATIONS, Kind, Step, step_of

THREADS, DEEDS, TICKETS = 4, 12, 2
BESIDE = (Kind.COMMENT, Kind.URGE, Kind.WATCH, Kind.LINK)


def race(house: House, seed: int) -> None:
    """File a few tickets, let everybody loose on them, and look at what is left."""
    numbers = _filed(house, random.Random(seed))
    start = Barrier(THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        runs = [pool.submit(_rush, house, numbers, seed * THREADS + n, start) for n in range(THREADS)]
        accepted = [deed for run in runs for deed in run.result()]
    with house.maker() as session:
        tickets = list(session.scalars(select(Ticket).order_by(Ticket.id)))
        for ticket in tickets:
            check_ticket(ticket)
        assert trail.broken_tickets(session) == []
        check_nothing_lost(session, _told(session, tickets, accepted))


def _filed(house: House, dice: random.Random) -> list[int]:
    with transaction(house.maker) as session:
        company = Company(session)
        return [
            desk.file(
                session,
                desk.Request(
                    text="页面一直转圈",
                    category=dice.choice(list(Category)),
                    system=dice.choice(list(company.systems.values())),
                    requester=company.people[login],
                ),
                by=company.people[login],
            ).id
            for login in USERS[:TICKETS]
        ]


def _rush(house: House, numbers: list[int], seed: int, start: Barrier) -> list[Deed]:
    """One thread: a session of its own for each deed, as each request has."""
    dice, accepted = random.Random(seed), []
    start.wait()
    for _ in range(DEEDS):
        step = step_of(dice.randrange(COMBINATIONS))
        accepted += _deed(house.maker, numbers[step.ticket % len(numbers)], step)
    return accepted


def _deed(maker: sessionmaker[Session], number: int, step: Step) -> list[Deed]:
    try:
        with transaction(maker) as session:
            ticket = session.get_one(Ticket, number)
            company = Company(session)
            if step.kind in BESIDE:
                return beside.act(session, company, ticket, step)
            who = offers.choice_of(ticket, company, step)
            row = next(iter(offers.rows_for(ticket, who)), None)
            others = list(session.scalars(select(Ticket).order_by(Ticket.id)))
            wanted = offers.given_for(session, ticket, row, company, step, others)
            entry = desk.move(session, ticket, who.action, by=who.by, given=wanted.given)
            return [Deed(number, entry.action, entry.by_id, entry.note)]
    except Refused:
        return []


def _told(session: Session, tickets: list[Ticket], accepted: list[Deed]) -> Chronicle:
    """The chronicle of the race: what the threads say they did, in the order in which the trail has it.

    Threads can't say who was first, so each ticket's moves are compared as they stand, one for one.
    """
    told = Chronicle(numbers=[ticket.id for ticket in tickets])
    for ticket in tickets:
        left = [deed for deed in accepted if deed.ticket == ticket.id and deed.action is not None]
        first, *entries = ticket.trail
        told.deeds.append(Deed(ticket.id, Action.FILE, first.by_id, first.note))
        for entry in entries:
            deed = Deed(ticket.id, entry.action, entry.by_id, entry.note)
            # What the system does to one ticket may follow from somebody's deed on the other.
            assert deed in left or entry.by_id is None, f"nobody did {deed}"
            if deed in left:
                left.remove(deed)
            told.deeds.append(deed)
        assert not left, f"accepted and lost: {left}"
    told.deeds += [deed for deed in accepted if deed.action is None]
    return told


def races(house: House, count: int) -> None:
    for seed in range(count):
        try:
            race(house, seed)
        finally:
            house.sweep()


def test_a_few_races_keep_every_rule(house: House) -> None:
    races(house, 3)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_races_keep_every_rule(house: House) -> None:
    races(house, 60)
