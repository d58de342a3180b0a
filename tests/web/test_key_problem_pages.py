"""Key problems, merging, history, the recipe and the list over HTTP: page and API say the same sentence."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from defects import library, moves
from defects.flow import NEEDS, QUIET_DAYS, DefectAction, DefectDuty, DefectState
from defects.models import Countermeasure, Defect, DefectChange
from defects.texts import DefectText, text_of
from kb.columns import now
from portal.catalogue.queries import ZONE
from portal.db import transaction
from portal.people.models import Person
from portal.tickets import linking
from portal.tickets.models import Ticket
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing

ROAD = (DefectAction.CONFIRM, DefectAction.START, DefectAction.FIX, DefectAction.VERIFY)
Recording = Any


@pytest.fixture
def recorded(maker: sessionmaker[Session], desk_world: object) -> Recording:
    """A key problem of the marketing system, led along its life; gives its number."""

    def record(*actions: DefectAction, **changes: Any) -> str:
        with transaction(maker) as session:
            expert, engineer = _person(session, "expert"), _person(session, "engineer")
            text = DefectText(
                title="阶梯重复累计",
                system="mkt",
                module="bill",
                symptoms=("电费多算一个月",),
                codes=("BILL-5208",),
                cause="缓存没清",
                fixed_in="6.2.1",
                data_fix="按户重算",
                workaround="先挂起",
                key=True,
                due_on=now(session).astimezone(ZONE).date() + timedelta(days=9),
                owner_middle_id=expert.id,
                owner_back_id=engineer.id,
            )
            defect = library.open_record(session, replace(text, **changes), by=expert.id)
            for action in actions:
                moves.move(session, defect, action, by=expert.id, duties=set(DefectDuty), note="因为")
            return defect.number

    return record


def _person(session: Session, login: str) -> Person:
    return session.scalars(select(Person).where(Person.login == login)).one()


def _defect(session: Session, number: str) -> Defect:
    return session.scalars(select(Defect).where(Defect.number == number)).one()


def _json(answer: TestResponse) -> Any:
    return answer.json


def _linked(maker: sessionmaker[Session], ticket: str, defect: str) -> None:
    with transaction(maker) as session:
        row = session.scalars(select(Ticket).where(Ticket.number == ticket)).one()
        linking.link(session, row, _defect(session, defect), by=None)


def test_a_key_problem_from_plan_to_close(
    client: Clients, recorded: Recording, maker: sessionmaker[Session]
) -> None:
    number = recorded(*ROAD)
    expert, engineer, agent = client("expert"), client("engineer"), client("agent")
    with maker() as session:
        who = str(_person(session, "engineer").id)
    path = f"/defects/{number}"
    plan = {"what": "补上清缓存的任务", "who": who, "due_on": "2030-01-02", "done_when": "抽查三天无重复"}
    for wrong, sentence in (
        ({**plan, "what": " "}, "要做什么"),
        ({**plan, "who": ""}, "由谁来做"),
        ({**plan, "due_on": "下周"}, "日期要写成"),
        ({**plan, "done_when": ""}, "怎样算完成"),
    ):
        answer = expert.submit(f"{path}/measures", wrong)
        assert (answer.status_code, sentence in answer.text) == (422, True), sentence
        assert wrong["what"].strip() in answer.text, "what was typed is still there"
    assert expert.submit(f"{path}/measures", plan).status_code == 302
    assert agent.submit(f"{path}/measures", plan).status_code == 404
    page = expert.get(path).text
    for expected in ("补上清缓存的任务", "抽查三天无重复", "措施 0 / 1", "整改期限"):
        assert expected in page, expected
    assert "补上清缓存的任务" in agent.get(path).text
    assert "加一项措施" not in agent.get(path).text
    with maker() as session:
        measure = session.scalars(select(Countermeasure)).one().id

    proof = {"evidence": "抽查两周，没有重复"}
    answer = expert.submit(f"{path}/moves/close", proof)
    assert (answer.status_code, NEEDS["measures"] in answer.text) == (422, True)
    assert "抽查两周，没有重复" in answer.text
    token = {"X-CSRFToken": expert.token()}
    told = expert.post(f"/api/v1{path}/moves", json={"action": "close", **proof}, headers=token)
    assert (told.status_code, _json(told)["detail"]) == (422, NEEDS["measures"])
    there = f"{path}/measures/{measure}"
    assert engineer.submit(f"{there}/finish", {"result": ""}).status_code == 422
    assert engineer.submit(f"{there}/drop", {"why": "不想做"}).status_code == 422
    assert engineer.submit(f"{there}/finish", {"result": "抽查通过"}).status_code == 302
    assert expert.submit(f"{there}/fly").status_code == 404
    other = recorded()
    assert expert.submit(f"/defects/{other}/measures/{measure}/take_back").status_code == 404
    assert f"连续 {QUIET_DAYS} 天" in expert.submit(f"{path}/moves/close", proof).text
    with transaction(maker) as session:
        earlier = now(session) - timedelta(days=QUIET_DAYS + 1)
        session.execute(update(Defect).where(Defect.number == number).values(fixed_at=earlier))
    assert NEEDS["evidence"] in expert.submit(f"{path}/moves/close").text
    assert engineer.submit(f"{path}/moves/close", proof).status_code == 422
    assert expert.submit(f"{path}/moves/close", proof).status_code == 302
    page = expert.get(path).text
    assert "关闭依据" in page
    assert "抽查两周，没有重复" in page
    with maker() as session:
        assert _defect(session, number).state == DefectState.CLOSED


def test_the_list_of_key_problems(
    client: Clients, recorded: Recording, filed: Filing, maker: sessionmaker[Session]
) -> None:
    with maker() as session:
        today = now(session).astimezone(ZONE).date()
    late = recorded(title="晚了的", due_on=today - timedelta(days=2))
    fine = recorded(title="不急的")
    recorded(title="普通的", key=False)
    _linked(maker, filed(), late)
    for login, status in (
        ("agent", 404),
        ("wang", 404),
        ("supervisor", 404),
        ("expert", 200),
        ("manager", 200),
    ):
        assert client(login).get("/key-problems").status_code == status, login
    analyst = client("analyst")
    page = analyst.get("/key-problems").text
    assert page.index("晚了的") < page.index("不急的")
    assert "普通的" not in page
    for expected in ("逾期 2 天", "还没有", "前 30 天 0"):
        assert expected in page, expected
    assert "不急的" not in analyst.get("/key-problems?which=overdue").text
    assert "没有等着关闭的" in analyst.get("/key-problems?which=to_close").text
    assert "晚了的" not in analyst.get("/key-problems?system=oa&which=nonsense").text
    assert "晚了的" not in analyst.get("/key-problems?mine=1").text
    engineer = client("engineer")
    assert "晚了的" in engineer.get("/key-problems?mine=1").text

    def queries() -> int:
        with statements_sent(maker) as ran:
            analyst.get("/key-problems")
        return len(ran)

    few = queries()
    for extra in range(4):
        recorded(title=f"第 {extra} 条")
    assert queries() == few

    expert = client("expert")
    day = (today + timedelta(days=30)).isoformat()
    answer = expert.submit(f"/defects/{fine}/due", {"due_on": day, "reason": ""})
    assert (answer.status_code, "写明原因" in answer.text) == (422, True)
    assert engineer.submit(f"/defects/{fine}/due", {"due_on": day, "reason": "x"}).status_code == 404
    assert expert.submit(f"/defects/{fine}/due", {"due_on": day, "reason": "供应商延期"}).status_code == 302
    assert "供应商延期" in expert.get(f"/defects/{fine}").text


def test_the_history_is_compared_and_a_field_given_back(
    client: Clients, recorded: Recording, maker: sessionmaker[Session]
) -> None:
    number = recorded()
    with transaction(maker) as session:
        defect = _defect(session, number)
        text = replace(text_of(defect), cause="缓存没有按月清", data_fix="按台区重算")
        library.describe(session, defect, text, by=_person(session, "engineer").id, reason="复盘")
        change = session.scalars(select(DefectChange)).one().id
    expert, agent = client("expert"), client("agent")
    page = expert.get(f"/defects/{number}/history").text
    for expected in ("复盘", "根因", "缓存没<ins>有按月</ins>清", "台区", "恢复成改动前"):
        assert expected in page, expected
    page = agent.get(f"/defects/{number}/history").text
    assert "复盘" in page
    assert "台区" not in page, "recipes are not for everybody"
    assert "恢复成改动前" not in page
    assert "台区" not in agent.get(f"/defects/{number}").text
    assert "按台区重算" in expert.get(f"/defects/{number}").text
    assert client("wang").get(f"/defects/{number}/history").status_code == 404
    there = f"/defects/{number}/changes/{change}"
    assert agent.submit(f"{there}/cause/restore").status_code == 404
    assert expert.submit(f"{there}/title/restore").status_code == 404
    assert expert.submit(f"/defects/{recorded()}/changes/{change}/cause/restore").status_code == 404
    assert expert.submit(f"{there}/cause/restore").status_code == 302
    answer = expert.submit(f"{there}/cause/restore")
    assert (answer.status_code, "现在就是" in answer.text) == (422, True)
    with maker() as session:
        assert _defect(session, number).cause == "缓存没清"
    told = _json(expert.get(f"/api/v1/defects/{number}/revisions"))
    assert told[0]["fields"] == {"cause": ["缓存没有按月清", "缓存没清"]}
    assert "data_fix" not in _json(agent.get(f"/api/v1/defects/{number}/revisions"))[1]["fields"]
    assert "data_fix" not in _json(agent.get(f"/api/v1/defects/{number}"))
    assert _json(expert.get(f"/api/v1/defects/{number}"))["data_fix"] == "按台区重算"


def test_the_other_record_is_found_by_words_and_the_merged_one_leads_on(
    client: Clients, recorded: Recording, filed: Filing, maker: sessionmaker[Session]
) -> None:
    kept = recorded(DefectAction.CONFIRM, title="抄表跨月重复")
    double = recorded(DefectAction.CONFIRM, title="电费翻倍")
    gone = recorded(DefectAction.REJECT, title="抄表按规定如此")
    ticket = filed()
    _linked(maker, ticket, double)
    expert = client("expert")
    there = f"/defects/{double}/merge"
    found = expert.fragment(f"{there}?q=抄表").text
    assert kept in found
    assert double not in found
    assert gone not in found
    assert "没有找到说" in expert.fragment(f"{there}?q=<script>x").text
    assert "<script>x" not in expert.fragment(f"{there}?q=<script>x").text
    assert expert.fragment(there).status_code == 200
    assert expert.get(there).location == f"/defects/{double}"
    assert client("engineer").fragment(there).status_code == 404
    answer = expert.submit(there, {"into": "QX999999", "note": "写了很多"})
    assert (answer.status_code, "写了很多" in answer.text) == (422, True)
    assert expert.submit(there, {"q": kept.lower()}).location == f"/defects/{kept}"
    assert kept in expert.get(f"/defects/{double}").text
    assert client("wang").get(f"/defects/{double}").location == f"/defects/{kept}", "theirs to read"
    assert expert.submit(f"/defects/{double}/moves/reopen", {"note": "是两处"}).status_code == 302
    with maker() as session:
        row = session.scalars(select(Ticket).where(Ticket.number == ticket)).one()
        assert row.defect is not None
        assert row.defect.number == double
    assert client("wang").get(f"/defects/{double}").status_code == 404


def test_words_and_recipes_on_the_page(
    client: Clients, recorded: Recording, filed: Filing, maker: sessionmaker[Session]
) -> None:
    number = recorded(DefectAction.CONFIRM)
    mine, foreign = filed("电费单重复了两遍"), filed("公文打不开", system="oa")
    _linked(maker, mine, number)
    expert, engineer = client("expert"), client("engineer")
    path = f"/defects/{number}"
    assert expert.submit(f"{path}/symptoms", {"ticket": foreign}).status_code == 404
    assert expert.submit(f"{path}/symptoms", {"ticket": mine}).status_code == 302
    with maker() as session:
        assert "电费单重复了两遍" in _defect(session, number).symptoms
    assert engineer.submit(f"{path}/notes", {"words": " "}).status_code == 422
    assert engineer.submit(f"{path}/notes", {"words": "周五出补丁<b>"}).status_code == 302
    assert "周五出补丁&lt;b&gt;" in expert.get(path).text
    for ticket, sentence in (("GD0", "没有这个编号"), (foreign, "没有这个编号")):
        answer = engineer.submit(f"{path}/recipe", {"ticket": ticket, "note": "补了三条"})
        assert (answer.status_code, sentence in answer.text) == (422, True)
        assert "补了三条" in answer.text
    assert engineer.submit(f"{path}/recipe", {"ticket": mine.lower(), "note": "补了三条"}).status_code == 302
    page = expert.get(path).text
    assert "已按此处理 1 次" in page
    assert "补了三条" in page
    assert "已按此处理" not in client("agent").get(path).text
    assert client("agent").submit(f"{path}/recipe", {"ticket": mine}).status_code == 404
    assert engineer.submit(f"{path}/recipe", {"ticket": mine, "undo": "1"}).status_code == 302
    assert "已按此处理 1 次" not in expert.get(path).text


def test_the_list_is_narrowed_and_leaves_as_a_file(
    client: Clients, recorded: Recording, maker: sessionmaker[Session]
) -> None:
    with maker() as session:
        today = now(session).astimezone(ZONE).date()
    one = recorded(title="=HYPERLINK(1)", due_on=today - timedelta(days=1))
    other = recorded(title="用印卡住", system="oa", module=None, codes=(), symptoms=("卡",), key=False,
                     owner_middle_id=None, owner_back_id=None)  # fmt: skip
    with transaction(maker) as session:
        expert = _person(session, "expert").id
        session.execute(update(Defect).where(Defect.number == other).values(recurrences=2))
    manager = client("manager")
    for path, present, absent in (
        ("q=bill5208", one, other),
        ("q=电费 一个月", one, other),
        ("q=卡", other, one),
        ("overdue=1", one, other),
        ("recurred=1", other, one),
        ("module=bill", one, other),
        (f"owner={expert}", one, other),
        ("owner=0", other, one),
        ("owner=x&sort=severity", one, ""),
    ):
        page = manager.get(f"/defects?{path}").text
        assert present in page, path
        assert not absent or absent not in page, path
    assert one not in manager.get("/defects?owner=me").text
    assert one in client("expert").get("/defects?owner=me").text
    answer = manager.submit("/defects/export/csv", {"q": "bill5208"})
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["编号", one]
    assert rows[1][1] == "'=HYPERLINK(1)"
    assert "按户重算" in rows[1]
    assert manager.submit("/defects/export/exe").status_code == 404
    plain = client("supervisor").submit("/defects/export/csv", {"q": "bill5208"}).data.decode("utf-8-sig")
    assert one in plain
    assert "按户重算" not in plain, "recipes are not for everybody"
    assert client("agent").submit("/defects/export/csv").status_code == 404
    told = _json(client("expert").get("/api/v1/defects?q=ora&key=true"))
    assert told["items"] == []
    told = _json(client("expert").get("/api/v1/defects?q=bill-5208&overdue=true&owner=expert"))
    assert [row["number"] for row in told["items"]] == [one]
    assert _json(client("wang").get("/api/v1/defects?key=true"))["items"] == []
