"""One ticket on paper, and the page of the last verifications."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.people.models import Person
from portal.tickets import desk
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.trail import checking
from portal.tickets.words import Action
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving


@pytest.fixture
def talked_of(filed: Filing, moved: Moving, maker: sessionmaker[Session]) -> str:
    number = filed("打不开 <b>页面</b>")
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="前台试过重启")
    with transaction(maker) as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        people = {row.login: row for row in session.scalars(select(Person))}
        desk.comment(session, ticket, "给用户看的话", by=people["agent"])
        desk.comment(session, ticket, "只给同事看的话", by=people["agent"], internal=True)
    return number


def test_colleagues_print_all_of_it(client: Clients, talked_of: str, maker: sessionmaker[Session]) -> None:
    text = client("agent").get(f"/tickets/{talked_of}/print").text
    with maker() as session:
        digests = list(session.scalars(select(TrailEntry.digest)))
    assert len(digests) == 3
    assert all(digest in text for digest in digests)
    for words in ("前台试过重启", "给用户看的话", "只给同事看的话", "内部备注", "完好，共 3 条"):
        assert words in text
    assert "&lt;b&gt;页面&lt;/b&gt;" in text
    assert "<b>页面</b>" not in text


def test_the_user_prints_what_they_may_read(client: Clients, talked_of: str) -> None:
    text = client("wang").get(f"/tickets/{talked_of}/print").text
    assert "给用户看的话" in text
    assert "完好，共 3 条" in text
    for words in ("只给同事看的话", "内部备注", "前台试过重启"):
        assert words not in text


def test_nobody_else_prints_it(client: Clients, talked_of: str) -> None:
    for login in ("zhao", "admin"):
        assert client(login).get(f"/tickets/{talked_of}/print").status_code == 404
    assert client("expert").get(f"/tickets/{talked_of}/print").status_code == 200
    assert client("wang").get("/tickets/GD000000009999/print").status_code == 404


def test_a_trail_that_does_not_hold_is_printed_as_such(
    client: Clients, talked_of: str, maker: sessionmaker[Session]
) -> None:
    with transaction(maker) as session:
        session.execute(update(TrailEntry).where(TrailEntry.seq == 2).values(note="改写"))
    assert "第 2 条流转记录对不上" in client("agent").get(f"/tickets/{talked_of}/print").text


def test_a_longer_trail_asks_no_more_queries(
    client: Clients, talked_of: str, moved: Moving, engine: Engine
) -> None:
    agent, asked = client("agent"), []
    agent.get(f"/tickets/{talked_of}/print")
    for _ in range(2):
        with statements_sent(engine) as said:
            agent.get(f"/tickets/{talked_of}/print")
        asked.append(len(said))
        for _more in range(3):
            moved(talked_of, Action.TAKE, "expert")
            moved(talked_of, Action.RELEASE, "expert")
    assert asked[0] == asked[1]


def test_administrators_see_the_last_verification(
    client: Clients, talked_of: str, maker: sessionmaker[Session]
) -> None:
    admin = client("admin")
    assert "还没有核对过" in admin.get("/admin/trail").text
    for note in ("前台试过重启", "改写"):
        with transaction(maker) as session:
            session.execute(update(TrailEntry).where(TrailEntry.seq == 3).values(note=note))
            checking.record(session, checking.check(session))
        text = admin.get("/admin/trail").text
        assert ("第 3 条流转记录对不上" in text) is (note == "改写")
        assert (talked_of in text) is (note == "改写")
    assert client("manager").get("/admin/trail").status_code == 404
