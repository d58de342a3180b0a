"""Links by the system as people meet them: marked, confirmed or taken back by a key, never told to users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects.models import Defect
from indexer.index import Index
from indexer.linking import cold_start
from portal.causes.autolink.rounds import one_round
from portal.db import transaction
from portal.tickets import linking
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.words import Action
from tests.web.conftest import Clients, Filing, Moving, Visitor, Writing
from tests.world import World

Maker = sessionmaker[Session]
Reindex = Callable[[], None]
SAID = "电费核算页面一直转圈，报错 0x80070005"


@pytest.fixture
def escalated(filed: Filing, moved: Moving) -> Filing:
    """A ticket on the middle's table."""

    def make(text: str = SAID, **more: object) -> str:
        number = filed(text, **more)
        moved(number, Action.TAKE, "agent")
        moved(number, Action.ESCALATE, "agent", note="前台问清了")
        return number

    return make


@pytest.fixture
def by_itself(known: Writing, reindex: Reindex, index: Index, maker: Maker) -> Callable[[], str]:
    """One known record, a model that is sure of itself, and a round of it; the record's number."""
    record = known("核算页面一直转圈", symptoms=["电费核算页面一直转圈，点不动"], codes=["0x80070005"])
    known("公文打不开，页面一直转圈", symptoms=["公文页面一直转圈打不开"], system="oa")

    def link() -> str:
        reindex()
        sure = replace(cold_start(), cold_start=False, bias=9.0, link_from=0.5, pairs=200)
        index.promotions.promote("links_lexical", sure)
        one_round(maker, index)
        with maker() as session:
            return session.get_one(Defect, record).number

    return link


def verdicts(maker: Maker) -> list[tuple[LinkVerdict, bool]]:
    with maker() as session:
        rows = session.scalars(select(DefectLink).order_by(DefectLink.id))
        return [(row.verdict, row.by_id is None) for row in rows]


def test_on_the_bench_it_is_marked_confirmed_by_one_key_and_taken_back_by_another(
    client: Clients, escalated: Filing, by_itself: Callable[[], str], maker: Maker
) -> None:
    number = escalated()
    qx, expert = by_itself(), client("expert")
    shown = expert.fragment(f"/workbench/{number}").text
    assert "系统自动关联" in shown
    assert "对，就是它" in shown
    assert "judge-auto" in shown
    assert f"系统：{qx}" not in shown
    confirmed = expert.submit_fragment(f"/workbench/{number}/defects/{qx}/link", {"pile": "rule"})
    assert "已确认就是缺陷" in confirmed.text
    assert "对，就是它" not in confirmed.text
    assert verdicts(maker) == [(LinkVerdict.UNDONE, True), (LinkVerdict.LINKED, False)]
    undone = expert.submit_fragment(f"/workbench/{number}/undo", {"pile": "rule"})
    assert undone.status_code == 200
    assert verdicts(maker) == [(LinkVerdict.UNDONE, True), (LinkVerdict.UNDONE, False)]
    assert expert.submit_fragment(f"/workbench/{number}/undo", {"pile": "rule"}).status_code == 422


def test_none_of_these_is_one_answer_and_other_systems_are_named(
    client: Clients, escalated: Filing, by_itself: Callable[[], str], maker: Maker
) -> None:
    number = escalated()
    qx, expert = by_itself(), client("expert")
    with maker() as session:
        other = session.scalars(select(Defect.number).where(Defect.system == "oa")).one()
    shown = expert.fragment(f"/workbench/{number}").text
    assert other in shown
    assert "系统不同" in shown
    assert 'data-key="0"' in shown
    fields = {"pile": "rule", "shown": [f"{qx}:0.98", f"{other}:nonsense"]}
    said = expert.submit_fragment(f"/workbench/{number}/none-of-these", fields)
    assert "已判：都不是" in said.text
    assert "撤销“都不是”" in said.text
    with maker() as session:
        rows = session.scalars(select(DefectLink).where(DefectLink.verdict == LinkVerdict.REJECTED)).all()
        assert [row.probability for row in rows] == [0.98, None]
        assert len({row.together for row in rows}) == 1
    assert "已判：都不是" in expert.get(f"/tickets/{number}").text
    assert expert.submit(f"/tickets/{number}/undo-judgement").status_code == 302
    assert {verdict for verdict, _system in verdicts(maker)} == {LinkVerdict.UNDONE}
    assert expert.submit(f"/tickets/{number}/none-of-these", {"shown": [qx]}).status_code == 302
    assert expert.submit(f"/tickets/{number}/none-of-these", {}).status_code == 422
    for path in (f"/tickets/{number}/none-of-these", f"/workbench/{number}/none-of-these"):
        assert expert.submit(path, {"shown": ["QX999999"]}).status_code == 404
        assert client("engineer").submit(path, {"shown": [qx]}).status_code == 404
        assert client("wang").submit(path, {"shown": [qx]}).status_code == 404


def read(visitor: Visitor, path: str) -> Any:
    answer = visitor.get(path)
    assert answer.status_code == 200, path
    return answer.json


def test_a_users_page_and_the_api_tell_no_machines_guess_to_users(
    client: Clients, escalated: Filing, by_itself: Callable[[], str], maker: Maker
) -> None:
    number = escalated()
    qx, wang, expert = by_itself(), client("wang"), client("expert")
    assert "系统自动关联" in expert.get(f"/tickets/{number}").text
    page = wang.get(f"/my/tickets/{number}").text
    assert qx not in page
    assert "自动关联" not in page
    assert "先用旧版页面打印" not in page
    links = f"/api/v1/tickets/{number}/links"
    assert read(wang, links) == {"articles": [], "defects": []}
    trail = f"/api/v1/tickets/{number}/trail"
    assert "auto_link" not in {row["action"] for row in read(wang, trail)}
    assert "auto_link" in {row["action"] for row in read(expert, trail)}
    (told,) = read(expert, links)["defects"]
    assert (told["number"], told["automatic"], told["confirmed"], told["by"]) == (qx, True, False, None)
    with transaction(maker) as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        defect = session.scalars(select(Defect).where(Defect.number == qx)).one()
        linking.link(session, ticket, defect, by=World.of(session).people["expert"])
    (told,) = read(expert, links)["defects"]
    assert (told["automatic"], told["confirmed"], told["by"]) == (True, True, "expert")
    assert "先用旧版页面打印" in wang.get(f"/my/tickets/{number}").text
    (known,) = read(wang, links)["defects"]
    assert (known["number"], known["automatic"], known["by"], known["probability"]) == (qx, False, None, None)
    on_record = read(expert, f"/api/v1/defects/{qx}/links")["items"]
    assert [(row["ticket"], row["automatic"], row["confirmed"]) for row in on_record] == [
        (number, True, True)
    ]
    assert wang.get(f"/api/v1/defects/{qx}/links").status_code == 404
    assert "系统自动关联" in expert.get(f"/defects/{qx}").text


def test_its_page_says_how_precise_it_was_and_who_stops_it(
    client: Clients, escalated: Filing, by_itself: Callable[[], str]
) -> None:
    number, foreign = escalated(), escalated("公文打不开，页面一直转圈", system="oa")
    by_itself()
    expert, manager = client("expert"), client("manager")
    shown = expert.get("/learning/automatic").text
    assert number in shown
    assert foreign not in shown
    assert "在运行" in shown
    assert "还没有人看过" in shown
    assert "暂停自动关联" not in shown
    assert foreign in manager.get("/learning/automatic").text
    for login in ("wang", "agent", "engineer", "admin"):
        assert client(login).get("/learning/automatic").status_code == 404, login
    assert expert.submit("/learning/automatic/pause", {"note": "先停"}).status_code == 404
    assert expert.submit("/learning/automatic/resume").status_code == 404
    assert manager.submit("/learning/automatic/resume").status_code == 422
    refused = manager.submit("/learning/automatic/pause", {"note": " "})
    assert refused.status_code == 422
    assert "请写明为什么暂停" in refused.text
    assert manager.submit("/learning/automatic/pause", {"note": "升级窗口"}).status_code == 302
    assert "升级窗口" in expert.get("/learning/automatic").text
    assert manager.submit("/learning/automatic/resume").status_code == 302
    assert "在运行" in expert.get("/learning/automatic").text
