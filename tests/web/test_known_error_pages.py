"""From a record to what users read, over HTTP: one click, a comparison, who is offered it, the way back."""

from __future__ import annotations

import io
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects import library
from defects.flow import DefectState
from defects.models import Defect
from defects.texts import DefectText
from indexer.index import Index
from kb.models import Article
from portal.catalogue.models import Deployment, System
from portal.catalogue.queries import today
from portal.causes.known import retiring
from portal.db import transaction
from portal.finder import sources
from portal.people.models import AuditEntry, Person
from tests.web.conftest import Clients, Filing, Visitor
from tests.world import World

WORDS = "点计算就报MKT-3021"
TEXT = DefectText(
    title="算费线程池耗尽",
    system="mkt",
    module="bill",
    symptoms=(WORDS,),
    codes=("MKT-3021",),
    workaround="先关掉别的页面；再点“重新计算”。",
    fixed_in="6.2.0",
)


@pytest.fixture
def number(maker: sessionmaker[Session], desk_world: World) -> str:
    with transaction(maker) as session:
        expert = session.scalars(select(Person).where(Person.login == "expert")).one()
        row = library.open_record(session, TEXT, by=expert.id)
        row.state = DefectState.CONFIRMED
        return row.number


def changed(maker: sessionmaker[Session], **values: object) -> None:
    with transaction(maker) as session:
        row = session.scalars(select(Defect)).one()
        for name, value in values.items():
            setattr(row, name, value)


def reindexed(maker: sessionmaker[Session], index: Index) -> None:
    with maker() as session:
        index.rebuild(list(sources.every_document(session)))


def suggested(visitor: Visitor) -> str:
    data = {"text": WORDS, "place": "ask", "csrf_token": visitor.token()}
    return visitor.post("/ask/suggest", data=data).text


def test_one_click_and_everybody_reads_it_until_their_unit_runs_the_repair(
    client: Clients, maker: sessionmaker[Session], index: Index, number: str
) -> None:
    editor, wang, zhao, agent = client("editor"), client("wang"), client("zhao"), client("agent")
    page = editor.get(f"/defects/{number}").text
    assert "发布成知识" in page
    done = editor.submit(f"/defects/{number}/known", follow_redirects=True)
    assert "已发布 KB000001" in done.text
    again = editor.submit(f"/defects/{number}/known")
    assert again.status_code == 422
    assert "已经在讲这条缺陷" in again.text
    reindexed(maker, index)
    offered = (
        lambda who: suggested(who),
        lambda who: who.get(f"/search?q={WORDS}").text,
        lambda who: who.get(f"/kb?q={WORDS}").text,
        lambda who: who.get("/kb?sort=new").text,
        lambda who: who.get("/kb/feed").text,
        lambda who: who.get(f"/search/typing?q={WORDS}").text,
    )
    assert all("KB000001" in ask(who) for ask in offered for who in (wang, zhao))
    changed(maker, state=DefectState.VERIFIED)  # wang's unit runs 6.2.1, zhao's 6.1.8
    assert not any("KB000001" in ask(wang) for ask in offered)
    assert all("KB000001" in ask(zhao) for ask in offered)
    assert "KB000001" in agent.get(f"/search?q={WORDS}").text
    assert "KB000001" in wang.get("/search?q=KB000001").text
    there = wang.get("/kb/KB000001").text
    assert "您单位已升级到修复版本 6.2.1" in there
    assert "article=KB000001" in there
    assert "已升级到修复版本" not in zhao.get("/kb/KB000001").text
    record = editor.get(f"/defects/{number}").text
    assert "4 个单位中 3 个已用上修复版本" in record
    changed(maker, state=DefectState.CONFIRMED)
    assert all("KB000001" in ask(wang) for ask in offered)


def test_answers_on_a_call_and_on_a_ticket_follow_the_callers_unit(
    client: Clients, maker: sessionmaker[Session], index: Index, number: str, filed: Filing
) -> None:
    client("editor").submit(f"/defects/{number}/known")
    changed(maker, state=DefectState.VERIFIED)
    reindexed(maker, index)
    agent = client("agent")

    def heard(login: str) -> str:
        data = {"notes": WORDS, "caller": login, "csrf_token": agent.token()}
        return agent.post("/console/answers", data=data).text

    with maker() as session:
        ids = {row.login: str(row.id) for row in session.scalars(select(Person))}
    assert "KB000001" in heard("")
    assert "KB000001" not in heard(ids["wang"])
    ticket = filed(WORDS, by="wang")
    answers = agent.get(f"/tickets/{ticket}/inline-answers?q={WORDS}").text
    assert "KB000001" not in answers
    with transaction(maker) as session:
        session.scalars(select(System).where(System.code == "mkt")).one().version = "6.1.0"
    assert "KB000001" in heard(ids["wang"])
    assert "KB000001" in agent.get(f"/tickets/{ticket}/inline-answers?q={WORDS}").text


def test_the_article_is_compared_renewed_retired_and_put_back(
    client: Clients, maker: sessionmaker[Session], number: str
) -> None:
    editor, expert = client("editor"), client("expert")
    editor.submit(f"/defects/{number}/known")
    page = editor.get(f"/defects/{number}/known/KB000001").text
    assert "说的一样" in page
    changed(maker, workaround="改用旧版页面。", codes=["MKT-3021", "MKT-9"])
    assert "文章比记录旧" in editor.get(f"/defects/{number}").text
    page = editor.get(f"/defects/{number}/known/KB000001").text
    assert "<ins>" in page
    assert "MKT-9" in page
    asked = expert.submit(f"/defects/{number}/known/KB000001", {"seen": "0"}, follow_redirects=True)
    assert "已请知识编辑采用" in asked.text
    late = editor.submit(f"/defects/{number}/known/KB000001", {"seen": "1"})
    assert late.status_code == 422
    assert "同事改过" in late.text
    with maker() as session:
        version = session.scalars(select(Article)).one().version
    done = editor.submit(f"/defects/{number}/known/KB000001", {"seen": str(version)}, follow_redirects=True)
    assert "已按缺陷更新" in done.text
    assert "改用旧版页面" in editor.get("/kb/KB000001").text
    assert "文章比记录旧" not in editor.get(f"/defects/{number}").text
    changed(maker, state=DefectState.VERIFIED)
    with transaction(maker) as session:
        for row in session.scalars(select(Deployment)):
            row.version = "6.2.0"
        session.flush()
        assert retiring.settle(session).retired
    page = editor.get(f"/defects/{number}").text
    assert "自动下线" in page
    assert client("wang").get("/kb/KB000001").status_code == 404
    back = editor.submit(f"/defects/{number}/known/KB000001/back", follow_redirects=True)
    assert "重新上线了" in back.text
    assert client("wang").get("/kb/KB000001").status_code == 200


def test_what_cannot_be_told_says_why_and_strangers_find_nothing(
    client: Clients, maker: sessionmaker[Session], number: str
) -> None:
    changed(maker, workaround="")
    editor = client("editor")
    assert "还没有规避方案。请先写上" in editor.get(f"/defects/{number}").text
    refused = editor.submit(f"/defects/{number}/known")
    assert refused.status_code == 422
    assert "还没有规避方案" in refused.text
    assert editor.get(f"/defects/{number}/known/KB000009").status_code == 404
    for login in ("wang", "agent", "engineer"):
        assert client(login).submit(f"/defects/{number}/known").status_code == 404
        assert client(login).get(f"/defects/{number}/known/KB000001").status_code == 404


# ── which unit runs what ─────────────────────────────────────────────────────────────────────────

LINES = "岭东省公司\tmkt\t6.3.0\t2099-01-05\nhl,营销业务应用系统,6.2.0,\n不知道,mkt,6.2.0,\nld-cy,mkt,6.2 0,"


def test_many_deployments_are_looked_at_and_then_written(
    client: Clients, maker: sessionmaker[Session]
) -> None:
    admin = client("admin")
    lines = LINES.replace("2099", str(_next_year(maker)))
    seen = admin.submit("/defects/rollouts/new", {"text": lines, "step": "look"})
    assert seen.status_code == 200
    assert "没有“不知道”这个单位" in seen.text
    assert "登记 2 行" in seen.text
    with maker() as session:
        assert session.scalars(select(Deployment)).one().version == "6.1.8"
    kept = admin.submit("/defects/rollouts/new", {"text": lines, "step": "save"})
    assert kept.status_code == 422
    assert "什么都没有登记" in kept.text
    assert "不知道,mkt" in kept.text
    done = admin.submit(
        "/defects/rollouts/new", {"text": lines, "step": "save", "skip": "1"}, follow_redirects=True
    )
    assert "已登记 2 行" in done.text
    with maker() as session:
        rows = {row.unit.code: row for row in session.scalars(select(Deployment))}
        assert rows["hl"].version == "6.2.0"
        assert rows["ld"].version == "6.3.0"
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.action == "deploy")).all()) == 2
    page = admin.get("/defects/rollouts/mkt").text
    assert "6.3.0" in page
    assert "6.2.0" in page
    again = admin.submit("/defects/rollouts/new", {"text": "hl,mkt,6.2.0,", "step": "look"})
    assert "没有变化" in again.text


def _next_year(maker: sessionmaker[Session]) -> int:
    with maker() as session:
        return today(session).year + 1


def test_engineers_enter_their_own_systems_and_staff_read_all(client: Clients) -> None:
    engineer = client("engineer")
    assert engineer.get("/defects/rollouts").status_code == 200
    seen = engineer.submit("/defects/rollouts/new", {"text": "hl,oa,3.5\nhl,mkt,6.3.0", "step": "look"})
    assert "您不负责“协同办公系统”" in seen.text
    assert "登记 1 行" in seen.text
    only = engineer.submit("/defects/rollouts/new", {"system": "mkt", "text": "hl 6.3.0\nhl,6.3.0"})
    assert "没有“hl 6.3.0”这个单位" in only.text
    for login in ("agent", "expert", "manager"):
        assert client(login).get("/defects/rollouts/mkt").status_code == 200
        assert client(login).get("/defects/rollouts/new").status_code == 404
    assert client("wang").get("/defects/rollouts").status_code == 404
    assert client("agent").get("/defects/rollouts/nothing").status_code == 404
    table = client("agent").get("/defects/rollouts/mkt/units.csv").text
    assert "hl,mkt,6.1.8" in table


def test_a_file_is_shown_in_the_field(client: Clients) -> None:
    content = "单位,版本,日期\nhl,6.3.0,2026/13/40\n岭东省公司,6.3.0,\n岭东省公司,6.3.1,\n".encode("gb18030")
    admin = client("admin")
    data = {
        "csrf_token": admin.token(),
        "system": "mkt",
        "step": "look",
        "file": (io.BytesIO(content), "一月.csv"),
    }
    seen = admin.post("/defects/rollouts/new", data=data, content_type="multipart/form-data").text
    assert "看不懂日期“2026/13/40”" in seen
    assert "和第 3 行说的是同一个单位" in seen
    assert "岭东省公司,6.3.1" in seen


def test_squares_say_when_the_repair_arrives(
    client: Clients, maker: sessionmaker[Session], number: str
) -> None:
    with transaction(maker) as session:
        row = session.scalars(select(Deployment)).one()
        row.next_version, row.next_on = "6.2.2", date(2099, 1, 5)
    page = client("expert").get(f"/defects/{number}").text
    assert "计划" in page
    assert "6.2.2" in page
