"""One week of the desk as one story over HTTP: what each road leaves behind is what the next one finds.

The routes of the categories are in ``test_categories``, the outage (road 7) in ``test_fault``. Each
refusal stands beside the same deed where it is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects.flow import DefectState
from defects.models import Defect
from indexer.index import Index
from portal.db import transaction
from portal.finder import consumer
from portal.finder.models import Consultation, Outcome
from portal.people.models import Person, PersonPost
from portal.people.roles import Post
from portal.tickets.models import Ticket
from portal.tickets.trail import broken_tickets
from portal.tickets.words import Action, State, Tier
from tests.journeys.walk import Walk
from tests.web.conftest import Clients, Visitor
from tests.world import PASSWORD, World, person

Consuming = Callable[[], None]

PROBLEM = "电费核算点重算以后一直转圈，报错 BILL-5208"
ARTICLE = "电费重算一直转圈怎么办"
RECORD = {
    "title": "电费重算超时",
    "system": "mkt",
    "module": "bill",
    "type": "function",
    "severity": "2",
    "symptoms": "点重算一直转圈",
    "codes": "BILL-5208",
    "affected": "6.2.1",
    "workaround": "分批重算，一次不超过 200 户。",
    "owner_middle_id": "0",
    "owner_back_id": "0",
    "shown_to_users": "y",
}
GUIDE = {
    "title": ARTICLE,
    "body": "1. 分批重算，一次不超过 200 户。\n2. 仍然转圈就提交工单。",
    "kind": "howto",
    "language": "zh",
    "system": "mkt",
    "module": "bill",
    "category": "defect",
    "audience": "everyone",
    "also": "重算转圈\n点重算没反应",
    "keywords": "BILL-5208",
}
TOKEN = re.compile(r'name="token" value="([^"]+)" form="ask-form"')
TILE = re.compile(r'fig-tile[^"]*" href="([^"]+)".*?fig-name">([^<]+)<.*?fig-value">([^<]+)<', re.S)
TOTAL = re.compile(r"<b>(\d+)</b></span>")


@pytest.fixture
def consumed(maker: sessionmaker[Session], index: Index) -> Consuming:
    """Bring what was written into the index, as the worker does every moment."""
    return lambda: _consume(maker, index)


def _consume(maker: sessionmaker[Session], index: Index) -> None:
    consumer.consume(maker, index, holder="journey", now=datetime.now(UTC))


def suggested(browser: Visitor, text: str) -> tuple[str, str]:
    """What grows under the text while it is typed, and the token of this asking."""
    page = browser.submit_fragment("/ask/suggest", {"text": text, "place": "ask"}).text
    found = TOKEN.search(page)
    assert found, "the answers carry no token"
    return page, found[1]


def last_of(address: str) -> str:
    return urlsplit(address).path.rsplit("/", 1)[1]


def outcomes(maker: sessionmaker[Session]) -> list[Outcome]:
    with maker() as session:
        return list(session.scalars(select(Consultation.outcome).order_by(Consultation.id)))


def test_a_problem_becomes_a_ticket_a_record_an_article_and_no_ticket_the_next_time(
    client: Clients, maker: sessionmaker[Session], consumed: Consuming
) -> None:
    walk = _asked_and_filed(client, maker)
    _on_the_phone(walk)
    record = _ruled_and_recorded(walk)
    _repaired_and_verified(walk, record)
    _told_and_confirmed(walk)
    _written_down(client, maker)
    consumed()
    _found_by_the_next_one(client, maker)
    _seen_by_the_manager(client)
    _administered(client, maker)
    with maker() as session:
        assert broken_tickets(session) == []


def _asked_and_filed(client: Clients, maker: sessionmaker[Session]) -> Walk:
    """Road 1: nothing helps yet, so the words become a ticket; the asking knows it."""
    wang = client("wang")
    page, token = suggested(wang, PROBLEM)
    assert "没有可信的匹配" in page
    form = {"text": PROBLEM, "category": "defect", "impact": "2", "urgency": "1", "token": token}
    refused = wang.submit("/ask", {**form, "step": "file"})
    assert refused.status_code == 422  # which system?
    assert PROBLEM in refused.text
    answer = wang.submit("/ask", {**form, "system": "mkt", "step": "file"})
    assert answer.status_code == 302
    number = last_of(answer.location)
    assert outcomes(maker) == [Outcome.FILED]

    assert client("zhao").get(f"/my/tickets/{number}").status_code == 404
    page = wang.get(f"/my/tickets/{number}").text
    assert "服务台已收到" in page and "最晚" in page
    assert wang.submit(f"/my/tickets/{number}/comments", {"text": "只有大户会转圈"}).status_code == 302
    assert wang.submit(f"/my/tickets/{number}/urges", {"words": "今天要发行"}).status_code == 302
    return Walk(number, client, maker, {"wang": wang})


def _on_the_phone(walk: Walk) -> None:
    """Road 2: the caller is looked up, the ticket is there; it goes up with a reason, not without."""
    agent = walk.visitor("agent")
    assert "王小雨" in agent.get("/console/callers?who=王小").text
    with walk.maker() as session:
        wang, zhao = (World.of(session).people[login].id for login in ("wang", "zhao"))
    assert PROBLEM[:10] in agent.get(f"/console/callers/{wang}").text
    assert agent.get(f"/console/callers/{zhao}").status_code == 404  # another province's desk serves them
    walk.does("agent", Action.TAKE)
    assert walk.tries("agent", Action.ESCALATE).status_code == 422
    walk.does("agent", Action.ESCALATE, note="清过缓存，换过电脑；只有大户转圈")


def _ruled_and_recorded(walk: Walk) -> str:
    """Road 3: ruled, a record is opened from the ticket and linked, then the back gets it."""
    walk.does("expert", Action.TAKE)
    walk.does("expert", Action.RULE, ruling="defect:function", priority="2")
    assert walk.visitor("agent").get(f"/defects/new?ticket={walk.number}").status_code == 404
    expert = walk.visitor("expert")
    assert PROBLEM[:10] in expert.get(f"/defects/new?ticket={walk.number}").text
    answer = expert.submit("/defects/new", {**RECORD, "ticket": walk.number})
    assert answer.status_code == 302
    record = last_of(answer.location)
    assert expert.submit(f"/defects/{record}/moves/confirm", {"note": "复现了"}).status_code == 302
    with walk.maker() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert ticket.defect is not None and ticket.defect.number == record
    walk.does("expert", Action.TO_BACK, note="重算服务超时，请查索引")
    return record


def _repaired_and_verified(walk: Walk, record: str) -> None:
    """Roads 4 and 6: the back repairs, the middle returns it once, then verifies; so does the record."""
    engineer, expert = walk.visitor("engineer"), walk.visitor("expert")
    walk.does("engineer", Action.TAKE)
    assert engineer.submit(f"/defects/{record}/moves/start", {"note": "查"}).status_code == 302
    walk.does("engineer", Action.FINISH, note="补了索引")
    walk.does("expert", Action.FAIL, note="大户仍然超时")
    walk.does("engineer", Action.FINISH, note="分批计算，随 6.2.2 发布")
    fixed = {"note": "分批计算", "cause": "缺索引", "fixed_in": "6.2.2"}
    assert engineer.submit(f"/defects/{record}/moves/fix", fixed).status_code == 302
    assert engineer.submit(f"/defects/{record}/moves/verify", {"note": "我看行"}).status_code == 422
    assert expert.submit(f"/defects/{record}/moves/verify", {"note": "三个大户正常"}).status_code == 302
    walk.is_refused("engineer", Action.PASS, "验证通过要由中台专家来做")
    walk.does("expert", Action.PASS, note="三个大户都正常")
    with walk.maker() as session:
        assert session.scalars(select(Defect)).one().state == DefectState.VERIFIED


def _told_and_confirmed(walk: Walk) -> None:
    """Road 5: only the front tells; the user opens it again once, then confirms."""
    walk.is_refused("expert", Action.TELL, "反馈用户要由前台来做")
    walk.does("agent", Action.TELL, note="已经修好，请刷新后重算")
    walk.user("wang", Action.REOPEN, note="还有一户转圈")
    assert walk.stands() == (State.OPEN, Tier.FRONT)
    walk.does("agent", Action.ESCALATE, note="还有一户")
    walk.does("expert", Action.RULE, ruling="defect:function", priority="2")
    walk.does("expert", Action.TO_BACK, note="请补这一户")
    walk.does("engineer", Action.FINISH, note="已补算")
    walk.does("expert", Action.PASS, note="那一户也正常")
    walk.does("agent", Action.TELL, note="那一户也算好了")
    walk.user("wang", Action.CONFIRM, rating="5", note="谢谢")
    assert walk.stands() == (State.CLOSED, Tier.USER)


def _written_down(client: Clients, maker: sessionmaker[Session]) -> None:
    """Road 6: one editor writes, another publishes; before that no employee reads it."""
    with transaction(maker) as session:
        colleague = person("colleague", World.of(session).units["hq"])
        colleague.posts.append(PersonPost(post=Post.EDITOR))
        session.add(colleague)
    editor, reader = client("editor"), client("wang")
    assert client("agent").submit("/knowledge/new", GUIDE).status_code == 404
    assert editor.submit("/knowledge/new", {**GUIDE, "then": "submit"}).status_code == 302
    published = "/knowledge/KB000001/moves/publish"
    assert editor.submit(published).status_code == 422  # what oneself wrote
    assert reader.get("/kb/KB000001").status_code == 404
    assert client("colleague").submit(published).status_code == 302
    assert ARTICLE in reader.get("/kb/KB000001").text


def _found_by_the_next_one(client: Clients, maker: sessionmaker[Session]) -> None:
    """Road 1 again: the article answers, and no ticket is filed."""
    wang = client("wang")
    page, token = suggested(wang, "重算转圈，BILL-5208")
    assert ARTICLE in page
    assert wang.submit("/ask/solved", {"token": token, "answer": "article:1"}).status_code == 302
    assert outcomes(maker) == [Outcome.FILED, Outcome.SOLVED]
    with maker() as session:
        assert len(list(session.scalars(select(Ticket)))) == 1


def _seen_by_the_manager(client: Clients) -> None:
    """Road 8: each figure says what happened, and opens as many tickets as it says."""
    assert client("agent").get("/figures").status_code == 404
    manager = client("manager")
    tiles = {name: (value, href) for href, name, value in TILE.findall(manager.get("/figures").text)}
    told = {"在办工单": "0", "新提交": "1", "已办结": "1", "自助解决率": "50.0%", "缺陷关联率": "100.0%"}
    assert {name: tiles[name][0] for name in told} == told
    for name in ("在办工单", "新提交", "已办结"):
        listed = TOTAL.search(manager.get(tiles[name][1].replace("&amp;", "&")).text)
        assert listed and listed[1] == told[name], name


def _administered(client: Clients, maker: sessionmaker[Session]) -> None:
    """Road 9: the administrator manages people and reads no ticket; who is closed is out at once."""
    admin, engineer = client("admin"), client("engineer")
    with maker() as session:
        number = session.scalars(select(Ticket.number)).one()
    assert admin.get(f"/tickets/{number}").status_code == 404
    assert engineer.get(f"/tickets/{number}").status_code == 200
    assert client("manager").submit("/admin/people/engineer/deactivate").status_code == 404
    assert admin.submit("/admin/people/engineer/deactivate").status_code == 302
    assert engineer.get(f"/tickets/{number}").status_code == 302  # to the sign-in page
    assert client().sign_in("engineer", PASSWORD).status_code == 401
    with maker() as session:
        assert not session.scalars(select(Person).where(Person.login == "engineer")).one().active
