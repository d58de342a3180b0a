"""Who finds which tickets is said twice, as tokens and as SQL; here both say the same."""

from __future__ import annotations

import random

from sqlalchemy.orm import Session

from portal.finder.sources import ticket_audience, ticket_tokens
from portal.people.models import Person, PersonPost, Unit
from portal.people.roles import BOUND_TO_SYSTEMS, BOUND_TO_UNITS, Post
from portal.tickets.models import Ticket, Watcher
from portal.tickets.visibility import is_visible, visible_tickets
from tests.finder.conftest import Desk
from tests.world import person as new_person

DICE = random.Random(20260302)


def grown(session: Session, units: dict[str, Unit]) -> list[Unit]:
    """A deeper tree, with codes that are prefixes of one another."""
    for code, above in (("h", "hq"), ("ld-c", "ld"), ("ld-cy-mk", "ld-cy"), ("hl-1", "hl"), ("hl-10", "hl")):
        units[code] = Unit(code=code, name=code, path=f"{units[above].path}{code}/", parent=units[above])
        session.add(units[code])
    session.flush()
    return list(units.values())


def post_for(units: list[Unit]) -> PersonPost:
    post = DICE.choice(list(Post))
    return PersonPost(
        post=post,
        unit=DICE.choice([*units, None]) if post in BOUND_TO_UNITS else None,
        systems=DICE.sample(["mkt", "oa", "gone"], DICE.randint(0, 2)) if post in BOUND_TO_SYSTEMS else [],
    )


def people_of(session: Session, units: list[Unit]) -> list[Person]:
    made = []
    for number in range(40):
        somebody = new_person(f"p{number}", DICE.choice(units))
        somebody.active = DICE.random() > 0.1
        somebody.posts = [post_for(units) for _ in range(DICE.choice([0, 0, 1, 1, 2]))]
        made.append(somebody)
    session.add_all(made)
    session.flush()
    return made


def test_tokens_and_sql_agree_on_random_desks(desk_of: Desk) -> None:
    session = desk_of.session
    units = grown(session, dict(desk_of.world.units))
    people = people_of(session, units)
    watchers: dict[int, list[int]] = {}
    tickets: list[Ticket] = []
    for _ in range(40):
        ticket = desk_of.ticket("打印不了", by="wang", system=DICE.choice(["mkt", "oa"]))
        ticket.requester, ticket.filed_by, ticket.unit = (
            DICE.choice(people),
            DICE.choice(people),
            DICE.choice(units),
        )
        watchers[ticket.id] = [somebody.id for somebody in DICE.sample(people, DICE.choice([0, 0, 1, 3]))]
        session.add_all(Watcher(ticket_id=ticket.id, person_id=number) for number in watchers[ticket.id])
        tickets.append(ticket)
    session.flush()
    seen = 0
    for somebody in people:
        tokens = ticket_tokens(somebody)
        by_tokens = {ticket.id for ticket in tickets if tokens & ticket_audience(ticket, watchers[ticket.id])}
        by_sql = {ticket.id for ticket in session.scalars(visible_tickets(somebody))}
        by_rule = {ticket.id for ticket in tickets if is_visible(session, somebody, ticket)}
        assert by_tokens == by_sql == by_rule, (somebody.login, tokens)
        seen += len(by_sql)
    assert 0 < seen < len(people) * len(tickets)
