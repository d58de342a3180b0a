"""No page asks the database more often because there is more on it: every list of the route table, by post.

The cases come from the route table, so a new page is covered on the day it is born. Each further ticket has a
user, a unit and a defect of its own, so that nothing is at hand by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from defects import library, moves
from defects.flow import DefectAction, DefectDuty
from defects.texts import DefectText
from portal.db import transaction
from portal.people.models import Unit
from portal.people.roles import PERMISSIONS, Post
from portal.tickets import desk, linking
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category
from portal.web.access import rule_of
from tests.statements import statements_sent
from tests.web.conftest import Clients, Visitor
from tests.world import World, person

FEW, MORE = 2, 3
LOOKING = ("wang", Post.AGENT, Post.EXPERT, Post.ENGINEER, Post.SUPERVISOR, Post.INSPECTOR, Post.MANAGER)
#: Everybody's `make test` looks with these; `.ci/run` with all.
ALWAYS = ("wang", Post.EXPERT)


def quick_or_slow(login: str) -> Any:
    return login if login in ALWAYS else pytest.param(login, marks=pytest.mark.slow)


#: A stream that never ends; what search and the probes ask is theirs to watch.
ELSEWHERE = ("/notices/live", "/search", "/api/v1/search", "/api/v1/typeahead", "/readyz", "/metrics")
ROAD = (
    (Action.TAKE, Post.AGENT),
    (Action.ESCALATE, Post.AGENT),
    (Action.RULE, Post.EXPERT),
    (Action.TO_BACK, Post.EXPERT),
    (Action.FINISH, Post.ENGINEER),
    (Action.PASS, Post.EXPERT),
    (Action.TELL, Post.AGENT),
    (Action.CONFIRM, None),
)


def fill(maker: sessionmaker[Session], start: int, count: int) -> None:
    """At every stop of the road, so many more tickets; each with talk, a link and somebody who follows it."""
    with transaction(maker) as session:
        world = World.of(session)
        for number in range(start, start + count):
            for stop in range(len(ROAD) + 1):
                _one(session, world, f"{number}-{stop}", stop)


def _one(session: Session, world: World, name: str, stop: int) -> None:
    above = world.units["ld-cy"]
    unit = Unit(code=f"u{name}", name=f"班组{name}", kind="team", path=f"{above.path}u{name}/", parent=above)
    asker = person(f"e{name}", unit, name=f"员工{name}")
    session.add_all([unit, asker])
    session.flush()
    for who in (asker, world.people["wang"]):
        ticket = _filed(session, world, who)
        desk.comment(session, ticket, "还在等", by=who)
        _link(session, world, ticket, name)
        for action, by in ROAD[:stop]:
            actor = world.people[by] if by else None
            given = desk.Given(note="写明了", category=Category.DEFECT)
            desk.move(session, ticket, action, by=actor, given=given)
    desk.watch(session, ticket, by=world.people["agent"])


def _filed(session: Session, world: World, who: object) -> Ticket:
    request = desk.Request(
        text="页面一直转圈",
        category=Category.DEFECT,
        system=world.systems["mkt"],
        requester=who,  # type: ignore[arg-type]
    )
    return desk.file(session, request, by=who)  # type: ignore[arg-type]


def _link(session: Session, world: World, ticket: Ticket, name: str) -> None:
    curator = world.people["expert"]
    record = library.open_record(session, DefectText(title=f"转圈{name}", system="mkt"), by=curator.id)
    moves.move(session, record, DefectAction.CONFIRM, by=curator.id, duties={DefectDuty.CURATE})
    linking.link(session, ticket, record, by=curator)


def pages(app: Flask, login: str) -> Iterator[str]:
    """Every page without a variable that this person may open."""
    held = PERMISSIONS[Post(login)] if login in set(Post) else frozenset()
    for rule in app.url_map.iter_rules():
        stated = rule_of(app, rule.endpoint, "GET") if "GET" in (rule.methods or ()) else None
        if stated is None or rule.arguments or rule.rule in ELSEWHERE:
            continue
        if not stated.public and (not stated.any_of or stated.any_of & held):
            yield rule.rule


def cost_of(page: str, browser: Visitor, engine: Engine) -> int:
    """How many statements an answer takes."""
    browser.get(page)  # what is remembered from one answer to the next is remembered by then
    with statements_sent(engine) as sent:
        answer = browser.get(page)
    assert answer.status_code < 500, f"{page}: {answer.status_code}"
    return len(sent)


@pytest.mark.parametrize("login", [quick_or_slow(login) for login in LOOKING])
def test_no_page_asks_more_often_because_there_is_more(
    app: Flask, client: Clients, engine: Engine, maker: sessionmaker[Session], login: str
) -> None:
    browser = client(login)
    fill(maker, 0, FEW)
    before = {page: cost_of(page, browser, engine) for page in pages(app, login)}
    fill(maker, FEW, MORE)
    after = {page: cost_of(page, browser, engine) for page in before}
    grown = {page: (before[page], after[page]) for page in before if after[page] > before[page]}
    assert len(before) > 10
    assert not grown, f"statements before and after, as {login}: {grown}"
