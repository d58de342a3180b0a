"""What somebody sees who is held back: announcements, the form, search; no answers and nothing false."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal import config
from portal.db import transaction
from portal.faults import board
from portal.faults.board import AnnouncementText
from portal.faults.flow import AnnouncementKind, FaultAction
from portal.finder.models import Arm, Consultation, Outcome
from portal.tickets.models import Ticket
from portal.tickets.words import Category, State, Tier
from tests.web.conftest import Clients, Filing, Visitor, Writing
from tests.world import World

QUESTION = "电费通知单打印出来是空白"
TITLE = "电费通知单打印空白怎么办"
#: What may not be said to somebody from whom answers are held back.
CLAIMS = ("没有可信的匹配", "条可能的答案", "先看看这些", "都不是", "边写边帮您找")


def arms_of(monkeypatch: pytest.MonkeyPatch, arm: Arm) -> None:
    """Draw everybody's lot so: below any share, or above all of them."""
    monkeypatch.setattr("portal.finder.holdout.lot", lambda *_: 0.0 if arm == Arm.HELD else 0.99)


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    made = config.load({"TIERDESK_DATA_DIR": str(tmp_path / "data"), "TIERDESK_ENCODER": "none"})
    return replace(made, holdout_share=0.2)


@pytest.fixture
def answer(published: Writing, reindex: Callable[[], None]) -> int:
    number = published(TITLE, "1. 清除打印插件缓存。", system="mkt")
    reindex()
    return number


@pytest.fixture
def outage(maker: sessionmaker[Session], answer: int, reindex: Callable[[], None]) -> int:
    with transaction(maker) as session:
        expert = World.of(session).people["expert"]
        text = AnnouncementText(AnnouncementKind.FAULT, "电费打印服务中断", "正在抢修。", systems=["mkt"])
        made = board.write_announcement(session, text, by=expert)
        board.publish(session, made, by=expert)
        number = made.id
    reindex()
    return number


def suggested(browser: Visitor, **more: str) -> str:
    answer = browser.submit_fragment("/ask/suggest", {"text": QUESTION, "place": "ask", **more})
    assert answer.status_code == 200
    return answer.text


def sessions(maker: sessionmaker[Session]) -> list[Consultation]:
    with maker() as session:
        return list(session.scalars(select(Consultation).order_by(Consultation.id)))


@pytest.mark.parametrize("place", ["ask", "home"])
def test_held_back_sees_no_answer_and_hears_nothing_false(
    client: Clients, answer: int, maker: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    arms_of(monkeypatch, Arm.HELD)
    page = suggested(client("wang"), place=place)
    assert TITLE not in page and not [claim for claim in CLAIMS if claim in page]
    assert 'name="token"' in page
    (row,) = sessions(maker)
    assert (row.arm, row.chance, row.offered, row.shown) == (Arm.HELD, 0.2, 1, [])
    assert row.round is not None and row.about == "mkt"


def test_the_empty_page_promises_nothing_either(
    client: Clients, answer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    arms_of(monkeypatch, Arm.HELD)
    page = client("wang").get("/ask")
    assert page.status_code == 200 and not [claim for claim in CLAIMS if claim in page.text]
    assert "提交工单" in page.text


def test_the_other_side_sees_what_everybody_saw(
    client: Clients, answer: int, maker: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    arms_of(monkeypatch, Arm.SHOWN)
    page = suggested(client("wang"))
    assert TITLE in page and "解决了" in page
    (row,) = sessions(maker)
    assert (row.arm, row.chance, row.offered, len(row.shown)) == (Arm.SHOWN, 0.8, 1, 1)


def test_without_javascript_and_after_a_refusal_it_is_the_same(
    client: Clients, answer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    arms_of(monkeypatch, Arm.HELD)
    browser = client("wang")
    looked = browser.submit("/ask", {"text": QUESTION, "step": "look"}).text
    refused = browser.submit(
        "/ask", {"text": QUESTION, "step": "file", "system": "nowhere", "category": "defect"}
    )
    assert refused.status_code == 422
    for page in (looked, refused.text):
        assert TITLE not in page and not [claim for claim in CLAIMS if claim in page]
        assert QUESTION in page


def test_announcements_are_never_held_back(
    client: Clients, outage: int, maker: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    arms_of(monkeypatch, Arm.HELD)
    page = suggested(client("wang"))
    assert "电费打印服务中断" in page and TITLE not in page
    (row,) = sessions(maker)
    assert [(one.kind, one.subject_id) for one in row.shown] == [("announcement", outage)]


def test_they_file_and_search_and_read_as_ever(
    client: Clients, answer: int, maker: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    arms_of(monkeypatch, Arm.HELD)
    browser = client("wang")
    assert TITLE.split("打印")[0] in browser.get("/search?q=电费通知单打印").text
    assert TITLE in browser.get("/kb").text
    suggested(browser)
    token = sessions(maker)[0].token
    filing = {"text": QUESTION, "system": "mkt", "category": "defect", "impact": "2", "urgency": "1"}
    assert browser.submit("/ask", {**filing, "step": "file", "token": token}).status_code == 302
    with maker() as session:
        ticket = session.scalars(select(Ticket)).one()
    row = sessions(maker)[0]
    assert (row.outcome, row.ticket_id, row.arm) == (Outcome.FILED, ticket.id, Arm.HELD)


def test_agents_and_calls_are_never_held_back(
    client: Clients, answer: int, maker: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    arms_of(monkeypatch, Arm.HELD)
    agent = client("agent")
    assert TITLE in suggested(agent)
    heard = agent.submit_fragment("/console/answers", {"notes": QUESTION})
    assert heard.status_code == 200 and TITLE in heard.text
    assert [row.arm for row in sessions(maker)] == [None, None]


def test_switched_off_everybody_sees_answers(
    app: Flask, client: Clients, answer: int, maker: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    arms_of(monkeypatch, Arm.HELD)
    parts = app.extensions["tierdesk"]
    app.extensions["tierdesk"] = replace(parts, settings=replace(parts.settings, holdout_share=0.0))
    assert TITLE in suggested(client("wang"))
    assert sessions(maker)[0].arm is None


def test_me_too_ends_the_session_at_the_announcement(
    client: Clients,
    maker: sessionmaker[Session],
    filed: Filing,
    answer: int,
    reindex: Callable[[], None],
) -> None:
    number = filed("打印服务打不开", by="zhao", category=Category.FAULT)
    announcement = announced(maker, number)
    reindex()
    browser = client("manager")
    suggested(browser)
    token = sessions(maker)[0].token
    assert browser.submit_fragment(f"/ask/me-too/{announcement}", {"token": token}).status_code == 200
    row = sessions(maker)[0]
    assert (row.outcome, row.solved_kind, row.solved_id) == (Outcome.SOLVED, "announcement", announcement)
    assert row.ticket_id is None


def announced(maker: sessionmaker[Session], number: str) -> int:
    """A declared fault with its live announcement."""
    with transaction(maker) as session:
        people = World.of(session).people
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        ticket.tier, ticket.state = Tier.MIDDLE, State.OPEN  # as it would come to the middle
        fault = board.gather(session, [ticket], title="打印服务中断", by=people["expert"])
        board.move(session, fault, FaultAction.SUBMIT, by=people["expert"], note="大面积")
        board.move(session, fault, FaultAction.DECLARE, by=people["dispatcher"], note="核实")
        text = AnnouncementText(AnnouncementKind.FAULT, "电费打印服务中断", "正在抢修。", systems=["mkt"])
        made = board.write_announcement(session, text, by=people["expert"], fault=fault)
        board.publish(session, made, by=people["expert"])
        return made.id


def test_whoever_is_held_back_is_asked_no_question_about_answers(
    client: Clients, published: Writing, reindex: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("手机", "网页"):
        published(f"在{place}上重置登录密码", "1. 点忘记密码。", system="oa")
    reindex()
    wang = client("wang")
    for arm, asks in ((Arm.SHOWN, True), (Arm.HELD, False)):
        arms_of(monkeypatch, arm)
        form = {"text": "重置登录密码", "place": "ask", "replies": ""}
        page = wang.submit_fragment("/ask/suggest", form).text
        assert ("clarify-question" in page) is asks
        replied = wang.submit_fragment("/ask/suggest", {**form, "reply": "device=phone"}).text
        assert ("clarify-given" in replied) is asks
