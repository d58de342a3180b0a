"""One rule in two shapes: what Python says of one ticket, SQL says of all of them."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from portal.catalogue.models import System
from portal.people.models import Person, PersonPost, Unit
from portal.people.roles import Post
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.selection import is_workable, tiers_of
from portal.tickets.visibility import (
    is_visible,
    post_covers,
    served_by,
    serves,
    visible_tickets,
)
from portal.tickets.words import Category, State, Tier
from tests.world import World, build, person


def more_units(session: Session, world: World) -> list[Unit]:
    """Names that trap a careless prefix: another letter case, a wildcard, a longer code."""
    root = world.units["hq"]
    for code in ("LD", "ld_", "ldx", "l%"):
        session.add(Unit(code=code, name=code, path=f"/hq/{code}/", parent=root))
    session.flush()
    return list(session.scalars(select(Unit)))


def somebody(dice: random.Random, number: int, units: list[Unit], systems: list[System]) -> Person:
    made = person(f"p{number}", dice.choice(units))
    made.active = dice.random() > 0.1
    for _ in range(dice.choice([0, 1, 1, 2])):
        codes = dice.sample([system.code for system in systems] + ["gone"], dice.randint(0, 2))
        made.posts.append(
            PersonPost(post=dice.choice(list(Post)), unit=dice.choice([*units, None]), systems=codes)
        )
    return made


def filled(session: Session, seed: int) -> tuple[list[Person], list[Ticket]]:
    dice = random.Random(seed)
    world = build(session)
    units, systems = more_units(session, world), list(world.systems.values())
    people = [somebody(dice, number, units, systems) for number in range(25)]
    session.add_all(people)
    session.flush()
    tickets = []
    for number in range(40):
        requester = dice.choice(people)
        request = desk.Request(
            text=f"第 {number} 个问题",
            category=dice.choice(list(Category)),
            system=dice.choice(systems),
            requester=requester,
        )
        ticket = desk.file(session, request, by=requester)
        ticket.tier, ticket.state = dice.choice(list(Tier)), State.OPEN
        tickets.append(ticket)
        watcher = dice.choice(people)
        if is_visible(session, watcher, ticket):
            desk.watch(session, ticket, by=watcher)
    session.flush()
    return people, tickets


@pytest.mark.parametrize("seed", range(4))
def test_both_shapes_are_one_rule(session: Session, seed: int) -> None:
    people, tickets = filled(session, seed)
    for who in people:
        by_sql = set(session.scalars(visible_tickets(who).with_only_columns(Ticket.id)))
        assert by_sql == {row.id for row in tickets if is_visible(session, who, row)}
        served = set(session.scalars(select(Ticket.id).where(served_by(who))))
        assert served == {row.id for row in tickets if serves(who, row)}


@pytest.mark.parametrize("seed", range(2))
def test_what_lies_on_my_tables(session: Session, seed: int) -> None:
    people, tickets = filled(session, seed)
    for who in people:
        mine = {
            row.id
            for row in tickets
            if who.active and any(post_covers(post, row) and row.tier in tiers_of(post) for post in who.posts)
        }
        assert set(session.scalars(select(Ticket.id).where(is_workable(who)))) == mine


@pytest.mark.postgres
def test_both_shapes_on_postgresql(postgres_engine: Engine) -> None:
    with Session(postgres_engine) as session:
        people, tickets = filled(session, 7)
        for who in people:
            by_sql = set(session.scalars(visible_tickets(who).with_only_columns(Ticket.id)))
            assert by_sql == {row.id for row in tickets if is_visible(session, who, row)}


def test_who_is_gone_sees_nothing(session: Session) -> None:
    world = build(session)
    wang, agent = world.people["wang"], world.people["agent"]
    request = desk.Request(
        text="一个问题", category=Category.DEFECT, system=world.systems["mkt"], requester=wang
    )
    ticket = desk.file(session, request, by=wang)
    for who in (wang, agent):
        assert is_visible(session, who, ticket)
        assert list(session.scalars(visible_tickets(who))) == [ticket]
        who.active = False
        assert not is_visible(session, who, ticket)
        assert list(session.scalars(visible_tickets(who))) == []
