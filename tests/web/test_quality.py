"""Follow-ups, inspections, rules, sheets and results as pages: who gets in, what is kept, what is shown."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.people.models import Person, PersonPost
from portal.people.roles import Post
from portal.quality import rules, sampling, sheets
from portal.quality.models import FollowUp, Inspection, SamplingRule, ScoreSheet
from portal.quality.rules import RuleText
from portal.quality.words import FollowUpState, InspectionState, Kind
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category, State
from tests.quality.ways import SHEET
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving, Visitor
from tests.world import World, person

Made = Callable[..., str]
#: What a scoring form sends for ``ways.SHEET``.
MARKS = {"score-0.0": "5", "score-0.1": "4", "score-1.0": "5", "veto-1.1": "0", "marks": "1", "version": "1"}


@pytest.fixture
def sampled(maker: sessionmaker[Session], filed: Filing, moved: Moving) -> Made:
    """A ticket that was answered, closed and drawn for both purposes; its number."""
    with transaction(maker) as session:
        manager = World.of(session).people["manager"]
        for kind in Kind:
            text = RuleText(kind=kind, name=f"{kind} 全抽", percentage=100)
            rules.save(session, None, text, by=manager)
        sheets.save(session, None, "通用评分表", categories=(), content=SHEET, by=manager)

    def close(agent: str = "agent", by: str = "wang") -> str:
        number = filed("打印发票没有反应", by=by, category=Category.CONSULTATION)
        moved(number, Action.TAKE, agent)
        moved(number, Action.ANSWER, agent, note="请换一个浏览器打印")
        moved(number, Action.CONFIRM, by, rating=2, note="太慢")
        with transaction(maker) as session:
            for kind in Kind:
                sampling.draw(session, kind, datetime.now(UTC))
        return number

    return close


def hire(maker: sessionmaker[Session], login: str, post: Post, unit: str = "ld") -> None:
    with transaction(maker) as session:
        units = World.of(session).units
        someone = person(login, units["hq"])
        someone.posts.append(PersonPost(post=post, unit=units[unit]))
        session.add(someone)


def one(maker: sessionmaker[Session], model: Any) -> Any:
    with maker() as session:
        return session.scalars(select(model).order_by(model.id.desc())).first()


# ── doors ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("login", "leads_to"),
    [
        ("agent", "/quality/follow-ups"),
        ("inspector", "/quality/inspections"),
        ("supervisor", "/quality/follow-ups"),
        ("manager", "/quality/follow-ups"),
        ("admin", "/quality/rules"),
    ],
)
def test_the_menu_leads_to_ones_own_work(client: Clients, login: str, leads_to: str) -> None:
    browser = client(login)
    assert 'href="/quality"' in browser.get("/account").text
    answer = browser.get("/quality")
    assert answer.location == leads_to
    assert browser.get(leads_to).status_code == 200


@pytest.mark.parametrize("login", ["wang", "expert", "engineer", "editor", "local_support"])
def test_others_have_no_such_menu(client: Clients, login: str) -> None:
    browser = client(login)
    assert 'href="/quality"' not in browser.get("/account").text
    assert browser.get("/quality").status_code == 404


def test_what_one_may_not_see_is_not_there(
    client: Clients, sampled: Made, maker: sessionmaker[Session]
) -> None:
    sampled()
    hire(maker, "far", Post.AGENT, "hl")
    hire(maker, "far_inspector", Post.INSPECTOR, "hl")
    assert client("supervisor").get("/quality/follow-ups/1").status_code == 200
    assert client("inspector").get("/quality/inspections/1").status_code == 200
    for login in ("far", "far_inspector", "agent"):
        assert client(login).get("/quality/inspections/1").status_code == 404, login
        assert client(login).submit("/quality/inspections/1/appeal", {"reason": "x"}).status_code == 404
    assert client("far").get("/quality/follow-ups/1").status_code == 404
    assert client("far").submit("/quality/follow-ups/1/take").status_code == 404
    assert client("far_inspector").submit("/quality/inspections/1/score", MARKS).status_code == 404
    assert client("inspector").get("/quality/inspections/99").status_code == 404


# ── follow-ups ───────────────────────────────────────────────────────────────────────────────────


def test_a_call_that_reaches_the_user(client: Clients, sampled: Made, maker: sessionmaker[Session]) -> None:
    sampled()
    browser = client("supervisor")
    page = browser.get("/quality/follow-ups").text
    assert "王小雨" in page and "待回访" in page
    assert browser.submit("/quality/follow-ups/next").location == "/quality/follow-ups/1"
    page = browser.get("/quality/follow-ups/1").text
    assert "请换一个浏览器打印" in page and "follow_up 全抽" in page
    form = {"reached": "1", "solved": "1", "words": "现在好了"}
    refused = browser.submit("/quality/follow-ups/1/calls", form)
    assert refused.status_code == 422
    assert "满意度" in refused.text and "现在好了" in refused.text
    assert browser.submit("/quality/follow-ups/1/calls", {**form, "satisfaction": "4"}).status_code == 302
    assert "现在好了" in browser.get("/quality/follow-ups/1").text
    assert "确实解决" in browser.get("/quality/follow-ups?pile=ended").text
    assert "没有等着回访的用户" in browser.get("/quality/follow-ups").text
    assert one(maker, FollowUp).state == FollowUpState.REACHED


def test_not_reached_then_not_solved_then_open_again(
    client: Clients, sampled: Made, maker: sessionmaker[Session]
) -> None:
    number = sampled()
    browser = client("supervisor")
    browser.submit("/quality/follow-ups/1/take")
    assert (
        browser.submit("/quality/follow-ups/1/calls", {"reached": "0", "again": "nonsense"}).status_code
        == 422
    )
    again = re.search(r'name="again" value="([^"]+)"', browser.get("/quality/follow-ups/1").text)
    assert again
    missed = {"reached": "0", "again": again[1], "missed_words": "占线"}
    assert browser.submit("/quality/follow-ups/1/calls", missed).status_code == 302
    assert "占线" in browser.get("/quality/follow-ups/1").text
    assert "王小雨" in browser.get("/quality/follow-ups?pile=later").text
    heard = {"reached": "1", "solved": "0", "satisfaction": "1", "then": "reopen", "request": "还是打不出来"}
    assert browser.submit("/quality/follow-ups/1/calls", heard).status_code == 302
    with maker() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        assert ticket.state == State.OPEN
    assert "还是打不出来" in client("wang").get(f"/my/tickets/{number}").text


def test_an_appointment_that_has_come_is_said_so(
    client: Clients, sampled: Made, maker: sessionmaker[Session]
) -> None:
    sampled()
    with transaction(maker) as session:
        session.scalars(select(FollowUp)).one().next_at = datetime.now(UTC) - timedelta(hours=3)
    page = client("supervisor").get("/quality/follow-ups").text
    assert re.search(r"约的是 <time.*?</time>，该联系了", page)
    with transaction(maker) as session:
        session.scalars(select(FollowUp)).one().next_at = datetime.now(UTC) + timedelta(hours=3)
    page = client("supervisor").get("/quality/follow-ups?pile=later").text
    assert re.search(r"下次 <time", page)
    assert "该联系了" not in page


def test_not_solved_becomes_a_new_ticket(
    client: Clients, sampled: Made, maker: sessionmaker[Session]
) -> None:
    sampled()
    form = {
        "reached": "1",
        "solved": "0",
        "satisfaction": "2",
        "then": "new_ticket",
        "request": "导出也不行了",
    }
    assert client("supervisor").submit("/quality/follow-ups/1/calls", form).status_code == 302
    new = one(maker, Ticket)
    assert new.text == "导出也不行了"
    assert new.number in client("supervisor").get("/quality/follow-ups/1").text


def test_whoever_answered_sees_why_a_colleague_must_ring(client: Clients, sampled: Made) -> None:
    sampled()
    agent = client("agent")
    assert "请由同事回访" in agent.get("/quality/follow-ups/1").text
    assert agent.submit("/quality/follow-ups/1/take").status_code == 422
    assert agent.submit("/quality/follow-ups/next").location == "/quality/follow-ups"


# ── inspections ──────────────────────────────────────────────────────────────────────────────────


def test_score_appeal_decision(client: Clients, sampled: Made, maker: sessionmaker[Session]) -> None:
    number = sampled()
    inspector, agent, lead = client("inspector"), client("agent"), client("supervisor")
    assert inspector.submit("/quality/inspections/next").location == "/quality/inspections/1"
    page = inspector.get("/quality/inspections/1").text
    assert "请换一个浏览器打印" in page and "流转记录" in page and "泄露用户信息" in page
    low = {**MARKS, "score-1.0": "2", "remark": "没有问环境"}
    refused = inspector.submit("/quality/inspections/1/score", low)
    assert refused.status_code == 422
    assert "请写评语" in refused.text and "没有问环境" in refused.text
    assert re.search(r'id="score-1\.0-2" value="2" checked', refused.text)
    assert agent.get("/quality/inspections/1").status_code == 404  # not before there is a score
    assert (
        inspector.submit("/quality/inspections/1/score", {**low, "comment-1.0": "没问浏览器"}).status_code
        == 302
    )
    assert inspector.submit("/quality/inspections/1/score", MARKS).status_code == 422
    assert inspector.submit("/quality/inspections/1/appeal", {"reason": "替他说"}).status_code == 404

    assert number in agent.get("/quality/mine").text
    page = agent.get("/quality/inspections/1").text
    assert "没问浏览器" in page and "inspector" not in page.split('id="main"')[1].split("流转记录")[0]
    assert "质检结果" in agent.get("/notices").text
    assert agent.submit("/quality/inspections/1/appeal", {"reason": " "}).status_code == 422
    assert agent.submit("/quality/inspections/1/appeal", {"reason": "问过，在电话里"}).status_code == 302

    assert number in lead.get("/quality/inspections?pile=appeals").text
    decision = "/quality/inspections/1/decision"
    assert inspector.submit(decision, {"verdict": "kept", "answer": "维持"}).status_code == 422
    assert lead.submit(decision, {"verdict": "changed", "answer": ""}).status_code == 422
    decided = {**MARKS, "verdict": "changed", "answer": "录音里确实问了"}
    assert lead.submit(decision, decided).status_code == 302
    page = agent.get("/quality/inspections/1").text
    assert "录音里确实问了" in page and ">94<" in page and ">64<" in page
    row = one(maker, Inspection)
    assert (row.state, row.tenths) == (InspectionState.DECIDED, 940)


def test_every_item_must_be_marked(client: Clients, sampled: Made) -> None:
    sampled()
    partly = {name: value for name, value in MARKS.items() if name != "score-0.1"}
    answer = client("inspector").submit("/quality/inspections/1/score", partly)
    assert answer.status_code == 422
    assert "每一项都要打分" in answer.text


def test_without_a_sheet_the_page_says_so(
    client: Clients, sampled: Made, maker: sessionmaker[Session]
) -> None:
    sampled()
    assert client("manager").submit("/quality/sheets/1/active", {"active": "0"}).status_code == 302
    assert "还没有适用的评分表" in client("inspector").get("/quality/inspections/1").text


@pytest.mark.parametrize("bad", [{"version": "99"}, {"version": "x"}, {"version": ""}])
def test_a_sheet_that_is_not_there(client: Clients, sampled: Made, bad: dict[str, str]) -> None:
    sampled()
    assert client("inspector").submit("/quality/inspections/1/score", {**MARKS, **bad}).status_code == 400


# ── rules and sheets ─────────────────────────────────────────────────────────────────────────────


def test_a_rule_is_written_switched_off_and_explains_itself(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    manager, number = client("manager"), filed()
    form = {
        "kind": "follow_up",
        "name": "投诉必回访",
        "percentage": "100",
        "categories": "complaint",
        "tries": "2",
    }
    refused = manager.submit("/quality/rules/new", {**form, "percentage": "200"})
    assert refused.status_code == 422
    assert "投诉必回访" in refused.text
    assert manager.submit("/quality/rules/new", form).status_code == 302
    page = manager.get(f"/quality/rules?ticket={number}").text
    assert "投诉必回访" in page and "类别：服务投诉" in page and "不符合条件" in page
    assert "没有这张工单" in manager.get("/quality/rules?ticket=GD0").text
    assert "没有这张工单" in client("admin").get(f"/quality/rules?ticket={number}").text  # reads no tickets
    assert manager.get("/quality/rules/1").status_code == 200
    assert manager.submit("/quality/rules/1", {**form, "name": "改名"}).status_code == 302
    assert manager.submit("/quality/rules/1/active", {"active": "0"}).status_code == 302
    rule = one(maker, SamplingRule)
    assert (rule.name, rule.active, rule.tries) == ("改名", False, 2)
    assert client("inspector").get("/quality/rules").status_code == 404


def test_a_sheet_grows_by_its_buttons_and_loses_nothing(
    client: Clients, maker: sessionmaker[Session]
) -> None:
    admin = client("admin")
    form = {
        "name": "咨询评分",
        "categories": "consultation",
        "sections": "1",
        "section-0": "答复",
        "items-0": "1",
        "item-0-0": "答得对",
        "weight-0-0": "100",
        "grades": "1",
        "grade-0-name": "合格",
        "grade-0-from": "0",
        "comment_below": "3",
        "appeal_days": "5",
    }
    grown = admin.submit("/quality/sheets/new", {**form, "deed": "item-0"})
    assert grown.status_code == 200
    assert "答得对" in grown.text and 'name="item-0-1"' in grown.text
    for deed in ("section", "grade", "up-0-0", "dropitem-0-0", "dropsection-9", "nonsense", "item-99"):
        assert admin.submit("/quality/sheets/new", {**form, "deed": deed}).status_code == 200, deed
    refused = admin.submit("/quality/sheets/new", {**form, "weight-0-0": "90"})
    assert refused.status_code == 422
    assert "现在是 90" in refused.text and "答得对" in refused.text
    assert admin.submit("/quality/sheets/new", form).status_code == 302
    assert admin.submit("/quality/sheets/1", {**form, "comment_below": "2"}).status_code == 302
    assert "第 2 版" in admin.get("/quality/sheets").text
    assert "答得对" in admin.get("/quality/sheets/1").text
    with maker() as session:
        assert [len(row.versions) for row in session.scalars(select(ScoreSheet))] == [2]
    assert client("inspector").get("/quality/sheets").status_code == 404


# ── results ──────────────────────────────────────────────────────────────────────────────────────


def scored(visitor: Visitor, number: int = 1) -> None:
    assert visitor.submit(f"/quality/inspections/{number}/score", MARKS).status_code == 302


def test_results_by_agent_and_unit_within_ones_posts(
    client: Clients, sampled: Made, maker: sessionmaker[Session]
) -> None:
    hire(maker, "far", Post.AGENT, "hl")
    hire(maker, "far_inspector", Post.INSPECTOR, "hl")
    sampled()
    sampled("far", "zhao")
    scored(client("inspector"))
    scored(client("far_inspector"), 2)
    page = client("manager").get("/quality/results").text
    assert "<td>agent</td>" in page and "<td>far</td>" in page and "94.0" in page and "只有 1 次" in page
    page = client("supervisor").get("/quality/results").text
    assert "<td>agent</td>" in page and "<td>far</td>" not in page and "海陵省公司" not in page
    assert client("supervisor").get("/quality/results?unit=hl").status_code == 404
    assert "<td>far</td>" in client("manager").get("/quality/results?unit=hl").text
    assert client("manager").get("/quality/results?unit=nowhere").status_code == 404
    assert client("agent").get("/quality/results").status_code == 404


def test_a_name_that_looks_like_a_formula_stays_a_text(
    client: Clients, sampled: Made, maker: sessionmaker[Session]
) -> None:
    with transaction(maker) as session:
        session.scalars(select(Person).where(Person.login == "agent")).one().name = "=HYPERLINK(1)"
    sampled()
    scored(client("inspector"))
    manager = client("manager")
    answer = manager.get("/quality/results/export.csv")
    assert answer.mimetype == "text/csv"
    assert "'=HYPERLINK(1)" in answer.text
    book = load_workbook(io.BytesIO(manager.get("/quality/results/export.xlsx").data))
    cells = [cell for row in book.active.iter_rows() for cell in row]  # type: ignore[union-attr]
    assert "'=HYPERLINK(1)" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert manager.get("/quality/results/export.exe").status_code == 404
    assert client("agent").get("/quality/results/export.csv").status_code == 404


def test_the_number_of_queries_does_not_depend_on_the_rows(
    client: Clients, sampled: Made, counted: Callable[[Callable[[], Any]], int]
) -> None:
    visitors = {login: client(login) for login in ("supervisor", "inspector", "manager")}
    pages = (
        ("supervisor", "/quality/follow-ups"),
        ("inspector", "/quality/inspections"),
        ("manager", "/quality/results"),
        ("manager", "/quality/rules"),
    )
    sampled()
    for login, path in pages:  # what a first request looks up and keeps is not what is counted here
        visitors[login].get(path)
    few = [counted(lambda v=visitors[login], p=path: v.get(p)) for login, path in pages]
    for _ in range(6):
        sampled()
    assert [counted(lambda v=visitors[login], p=path: v.get(p)) for login, path in pages] == few


@pytest.fixture
def counted(maker: sessionmaker[Session]) -> Callable[[Callable[[], Any]], int]:
    """How many statements a deed sends."""

    def count(deed: Callable[[], Any]) -> int:
        with statements_sent(maker) as sent:
            deed()
        return len(sent)

    return count


# ── the API ──────────────────────────────────────────────────────────────────────────────────────


def test_the_api_reads_within_the_callers_rights(client: Clients, sampled: Made) -> None:
    number = sampled()

    def listed(login: str, what: str, **asked: str) -> list[dict[str, Any]]:
        answer = client(login).get(f"/api/v1/quality/{what}", query_string=asked)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json["items"]  # type: ignore[index]
        return items

    (call,) = listed("supervisor", "follow-ups")
    assert (call["ticket"], call["agent"], call["state"], call["new_ticket"]) == (
        number,
        "agent",
        "open",
        None,
    )
    assert listed("supervisor", "follow-ups", state="reached") == []
    assert listed("agent", "inspections") == []
    scored(client("inspector"))
    (look,) = listed("agent", "inspections")
    assert (look["ticket"], look["score"], look["level"], look["appeal"]) == (number, 94.0, "优秀", None)
    for login in ("wang", "expert", "admin"):
        for what in ("follow-ups", "inspections"):
            assert client(login).get(f"/api/v1/quality/{what}").status_code == 404, (login, what)
    assert client("inspector").get("/api/v1/quality/inspections?state=nonsense").status_code == 422


def test_the_managers_page_tells_both_figures(client: Clients, sampled: Made) -> None:
    sampled()
    scored(client("inspector"))
    heard = {"reached": "1", "solved": "1", "satisfaction": "4"}
    assert client("supervisor").submit("/quality/follow-ups/1/calls", heard).status_code == 302
    page = client("manager").get("/figures").text
    assert (
        "质检平均分" in page and "94.00" in page and "100.0%" in page and "/quality/results?days=30" in page
    )
    assert "质检平均分" not in client("analyst").get("/figures").text
