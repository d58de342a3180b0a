"""A complaint from a closed ticket, over HTTP: who may file it, who answers, who keeps out."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.people.models import PersonPost
from portal.people.roles import Post
from portal.tickets.complaints.models import Complaint, ComplaintBar
from portal.tickets.models import Notice, Ticket
from portal.tickets.notices import Event
from portal.tickets.words import Action, Category
from tests.web.conftest import Clients, Filing, Moving
from tests.world import World, person

WORDS = "电话里态度很差，问题也没有说清楚"


@pytest.fixture
def closed(filed: Filing, moved: Moving) -> str:
    """A consultation of 王小雨 that the agent answered."""
    number = filed("电费发票怎么下载？", category=Category.CONSULTATION)
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ANSWER, "agent", note="请看手册")
    moved(number, Action.CONFIRM, "wang", rating=1)
    return number


@pytest.fixture
def complained(client: Clients, closed: str) -> str:
    answer = client("wang").submit(f"/my/tickets/{closed}/complaint", {"text": WORDS, "sub": "service"})
    assert answer.status_code == 302, answer.text
    found = re.search(r"GD\d+", answer.location)
    assert found
    return found[0]


def deed(client: Clients, number: str, action: Action, login: str, **fields: str) -> int:
    return client(login).submit(f"/tickets/{number}/moves/{action}", fields).status_code


def test_a_complaint_from_the_page_of_a_closed_ticket_to_the_written_answer(
    client: Clients, closed: str, complained: str, maker: sessionmaker[Session]
) -> None:
    wang = client("wang")
    assert f"/my/tickets/{closed}/complaint" not in wang.get(f"/my/tickets/{closed}").text  # one is open
    assert complained in wang.get(f"/my/tickets/{closed}").text
    assert closed in wang.get(f"/my/tickets/{complained}").text
    assert closed in client("supervisor").get(f"/tickets/{complained}").text
    with maker() as session:
        told = session.scalars(select(Notice).filter_by(event=Event.COMPLAINED)).all()
        assert [row.person_id for row in told] == [World.of(session).people["supervisor"].id]
    assert deed(client, complained, Action.TAKE, "supervisor") == 302
    assert deed(client, complained, Action.ANSWER, "supervisor", note=" ") == 422  # in writing
    assert deed(client, complained, Action.ANSWER, "supervisor", note="已核实并道歉，重新培训") == 302
    assert "已核实并道歉，重新培训" in wang.get(f"/my/tickets/{complained}").text


def test_the_agent_complained_about_neither_holds_nor_moves_it(
    client: Clients, complained: str, maker: sessionmaker[Session]
) -> None:
    assert deed(client, complained, Action.TAKE, "agent") == 422
    assert "涉及您办过的工单" in client("agent").get(f"/tickets/{complained}").text
    client("agent").submit("/tickets/take-next")
    with maker() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == complained)).one()
        assert ticket.holder_id is None
        agent = World.of(session).people["agent"].id
        assert session.scalars(select(ComplaintBar.person_id)).all() == [agent]
    assert deed(client, complained, Action.TAKE, "supervisor") == 302
    given = {"person": str(agent), "note": "你来"}
    assert deed(client, complained, Action.REASSIGN, "supervisor", **given) == 422


def test_another_agent_is_not_the_supervisor(
    client: Clients, complained: str, maker: sessionmaker[Session]
) -> None:
    with transaction(maker) as session:
        unit = World.of(session).units["ld"]
        other = person("agent2", unit)
        other.posts.append(PersonPost(post=Post.AGENT, unit=unit, systems=[]))
        session.add(other)
    assert deed(client, complained, Action.TAKE, "agent2") == 422
    assert "由前台班长处理" in client("agent2").get(f"/tickets/{complained}").text
    assert deed(client, complained, Action.TAKE, "supervisor") == 302


def test_the_only_supervisor_answers_even_their_own(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    number = filed("发票", category=Category.CONSULTATION)
    moved(number, Action.TAKE, "supervisor")
    moved(number, Action.ANSWER, "supervisor", note="请看手册")
    moved(number, Action.CONFIRM, "wang", rating=1)
    answer = client("wang").submit(f"/my/tickets/{number}/complaint", {"text": WORDS})
    filed_as = answer.location.rsplit("/", 1)[1]
    assert deed(client, filed_as, Action.TAKE, "supervisor") == 302  # nobody else could
    with transaction(maker) as session:
        unit = World.of(session).units["ld"]
        other = person("supervisor2", unit)
        other.posts.append(PersonPost(post=Post.SUPERVISOR, unit=unit, systems=[]))
        session.add(other)
    moved(filed_as, Action.ANSWER, "supervisor", note="已核实并道歉")
    moved(filed_as, Action.CONFIRM, "wang", rating=1)
    again = client("wang").submit(f"/my/tickets/{number}/complaint", {"text": WORDS})
    second = again.location.rsplit("/", 1)[1]
    assert deed(client, second, Action.TAKE, "supervisor") == 422
    assert deed(client, second, Action.TAKE, "supervisor2") == 302


@pytest.mark.parametrize("text", ["", "差", " " * 40])
def test_too_few_words_are_kept_and_refused(client: Clients, closed: str, text: str) -> None:
    answer = client("wang").submit(f"/my/tickets/{closed}/complaint", {"text": text})
    assert answer.status_code == 422 and "至少 10 个字" in answer.text


def test_only_its_own_user_and_only_when_closed(
    client: Clients, closed: str, filed: Filing, maker: sessionmaker[Session]
) -> None:
    body = {"text": WORDS}
    for login in ("zhao", "agent", "supervisor", "manager"):
        assert client(login).get(f"/my/tickets/{closed}/complaint").status_code == 404, login
        assert client(login).submit(f"/my/tickets/{closed}/complaint", body).status_code == 404, login
    running = filed("又打不开")
    refused = client("wang").submit(f"/my/tickets/{running}/complaint", body)
    assert refused.status_code == 422 and WORDS in refused.text
    assert client("wang").get(f"/my/tickets/{running}/complaint").status_code == 200
    with maker() as session:
        assert session.scalars(select(Complaint)).all() == []


def test_one_at_a_time(client: Clients, closed: str, complained: str, moved: Moving) -> None:
    wang = client("wang")
    again = wang.submit(f"/my/tickets/{closed}/complaint", {"text": WORDS})
    assert again.status_code == 422 and complained in again.text
    moved(complained, Action.CANCEL, "wang")
    assert wang.submit(f"/my/tickets/{closed}/complaint", {"text": WORDS}).status_code == 302


def test_a_complaint_is_not_complained_about(client: Clients, complained: str, moved: Moving) -> None:
    moved(complained, Action.TAKE, "supervisor")
    moved(complained, Action.ANSWER, "supervisor", note="已核实并道歉")
    moved(complained, Action.CONFIRM, "wang", rating=1)
    assert client("wang").submit(f"/my/tickets/{complained}/complaint", {"text": WORDS}).status_code == 422
