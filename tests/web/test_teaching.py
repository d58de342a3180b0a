"""The pages of learning over HTTP: the queue, mistakes struck out, learning asked for and taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects.models import Defect
from indexer.confidence import Calibration, shipped
from indexer.index import Index
from kb.columns import now
from portal.causes.teaching.gathering import keep_queue
from portal.causes.teaching.queue import Progress
from portal.db import transaction
from portal.finder.judgements import how_many_cases
from portal.finder.lessons import runs
from portal.finder.lessons.held_out import Foretold, figures_of
from portal.finder.lessons.models import LearningRun, RunState, StruckJudgement
from portal.finder.lessons.outcomes import Learning, Outcome, Verdict
from portal.people.models import AuditEntry
from portal.tickets import linking
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Writing
from tests.world import World

Maker = sessionmaker[Session]
THINGS = ("发票打出来二维码那里是空的", "传附件传到一半就不动了", "翻到第二页顺序全乱了")


@pytest.fixture
def asked(
    maker: Maker, index: Index, filed: Filing, known: Writing, reindex: Callable[[], None]
) -> list[str]:
    """Three records of the marketing system, a ticket about each, one of another system; and examined."""
    for said in THINGS:
        known(said, symptoms=[said])
    known("点开公文一片空白", system="oa")
    numbers = [filed(f"升级以后{said}") for said in THINGS]
    numbers.append(filed("点开公文一片空白，里面写着工资", system="oa"))
    reindex()
    assert keep_queue(maker, index) == 4
    return numbers


def links_of(maker: Maker) -> list[tuple[str, LinkVerdict]]:
    with maker() as session:
        rows = session.scalars(select(DefectLink).order_by(DefectLink.id))
        return [(row.ticket.number, row.verdict) for row in rows]


def on_table(page: str) -> str:
    found = re.search(r'id="q-ticket">([^<]+)', page)
    return found[1] if found else ""


def record_shown(page: str) -> str:
    found = re.search(r'name="shown" value="([^"]+)"', page)
    assert found, page
    return found[1]


def ticket_shown(page: str) -> str:
    found = re.search(r"/learning/queue/(GD[^/]+)/skip", page)
    assert found, page
    return found[1]


# ------------------------------------------------------------------ the queue


def test_an_expert_judges_one_after_the_other_and_takes_back(
    client: Clients, maker: Maker, asked: list[str]
) -> None:
    expert = client("expert")
    page = expert.get("/learning/queue").text
    assert "这 3 条判断最有帮助" in page
    assert "还差" in page
    assert "里面写着工资" not in page
    assert "为什么问这条" in page
    first, record = ticket_shown(page), record_shown(page)
    linked = expert.submit_fragment(
        f"/learning/queue/{first}/link", {"record": record, f"chance-{record}": "0.4"}
    )
    assert linked.status_code == 200
    assert "就是它" in linked.text
    assert "撤销" in linked.text
    assert links_of(maker) == [(first, LinkVerdict.LINKED)]
    second = ticket_shown(linked.text)
    assert second != first
    undone = expert.submit_fragment(f"/learning/queue/{first}/undo")
    assert ticket_shown(undone.text) == first
    assert links_of(maker) == [(first, LinkVerdict.UNDONE)]
    rejected = expert.submit_fragment(f"/learning/queue/{first}/reject", {"record": record})
    assert ticket_shown(rejected.text) == second
    skipped = expert.submit_fragment(f"/learning/queue/{second}/skip")
    third = ticket_shown(skipped.text)
    assert third not in (first, second)
    shown = re.findall(r'name="shown" value="([^"]+)"', skipped.text)
    none = expert.submit_fragment(f"/learning/queue/{third}/none", {"shown": shown})
    assert "现在没有要您判断的" in none.text
    assert "都不是" not in none.text
    with maker() as session:
        together = [row for row in session.scalars(select(DefectLink)) if row.together is not None]
        assert len(together) == len(shown)
    taken_up = expert.submit_fragment(f"/learning/queue/{second}/undo")
    assert ticket_shown(taken_up.text) == second


def test_without_a_script_the_forms_do_the_same(client: Clients, maker: Maker, asked: list[str]) -> None:
    expert = client("expert")
    page = expert.get("/learning/queue").text
    first, record = ticket_shown(page), record_shown(page)
    answer = expert.submit(f"/learning/queue/{first}/link", {"record": record}, follow_redirects=True)
    assert answer.status_code == 200
    assert "已关联到缺陷" in answer.text
    assert links_of(maker) == [(first, LinkVerdict.LINKED)]


def test_nobody_judges_or_sees_what_is_not_theirs(client: Clients, maker: Maker, asked: list[str]) -> None:
    expert, foreign = client("expert"), asked[3]
    record = record_shown(expert.get("/learning/queue").text)
    for deed in ("link", "reject", "none", "skip", "undo"):
        assert expert.submit(f"/learning/queue/{foreign}/{deed}", {"record": record}).status_code == 404
    assert expert.submit(f"/learning/queue/{asked[0]}/explode", {"record": record}).status_code == 404
    assert expert.submit(f"/learning/queue/{asked[0]}/link", {"record": "QX999999"}).status_code == 404
    assert on_table(expert.get(f"/learning/queue?ticket={foreign}").text) != ""
    assert foreign not in expert.fragment(f"/learning/queue?ticket={foreign}").text
    assert links_of(maker) == []
    analyst = client("analyst")
    assert foreign in analyst.get(f"/learning/queue?ticket={foreign}").text
    for login in ("wang", "agent", "engineer", "manager", "admin"):
        assert client(login).get("/learning/queue").status_code == 404


def test_a_refusal_is_a_sentence_and_the_question_stays(client: Clients, asked: list[str]) -> None:
    expert = client("expert")
    first = ticket_shown(expert.get("/learning/queue").text)
    refused = expert.submit_fragment(f"/learning/queue/{first}/undo")
    assert refused.status_code == 422
    assert "没有可以撤销的关联" in refused.text
    assert ticket_shown(refused.text) == first


# ------------------------------------------------------------------ mistakes struck out


@pytest.fixture
def judged(maker: Maker, filed: Filing, known: Writing) -> int:
    """One link by an expert; returns its number."""
    record, number = known("发票二维码打印空白"), filed("二维码那里是空的")
    with transaction(maker) as session:
        people = World.of(session).people
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        defect = session.get_one(Defect, record)
        return linking.link(session, ticket, defect, by=people["expert"]).id


def test_a_mistake_is_struck_out_marked_and_restored(client: Clients, maker: Maker, judged: int) -> None:
    analyst = client("analyst")
    page = analyst.get("/learning/judgements").text
    assert "二维码那里是空的" in page
    assert "判错了" in page
    empty = analyst.submit(f"/learning/judgements/link/{judged}/strike?kind=linked", {"reason": ""})
    assert empty.status_code == 422
    assert "请写明为什么判错了" in empty.text
    done = analyst.submit(
        f"/learning/judgements/link/{judged}/strike?kind=linked&days=30", {"reason": "<b>点错</b>"}
    )
    assert done.location.endswith("/learning/judgements?kind=linked&days=30")
    page = analyst.get("/learning/judgements?struck=1").text
    assert "已划掉，不再学" in page
    assert "&lt;b&gt;点错&lt;/b&gt;" in page
    assert "现在划掉了 1 条" in page
    assert analyst.submit(f"/learning/judgements/link/{judged}/restore").status_code == 302
    with maker() as session:
        assert session.scalars(select(StruckJudgement)).one().restored_at is not None
        deeds = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "judgement"))
        assert list(deeds) == ["strike", "restore"]


def test_who_reads_and_who_steers(client: Clients, judged: int) -> None:
    expert = client("expert")
    page = expert.get("/learning/judgements").text
    assert "二维码那里是空的" in page
    assert "判错了" not in page
    assert "看过仍提单" in page  # counted …
    assert "kind=in_vain" not in page  # … and not read one by one
    assert "二维码" not in expert.get("/learning/judgements?system=oa").text
    for path in (
        f"/learning/judgements/link/{judged}/strike",
        "/learning/runs",
        "/learning/rollback/lexical",
    ):
        assert expert.submit(path, {"reason": "x"}).status_code == 404
    manager = client("manager")
    assert manager.submit("/learning/judgements/link/424242/strike", {"reason": "x"}).status_code == 422
    assert manager.submit("/learning/judgements/soup/1/strike", {"reason": "x"}).status_code == 404
    for path in (
        "/learning",
        "/learning/judgements?kind=soup&system=%00&days=x&page=999",
        "/learning/runs?page=99",
    ):
        assert manager.get(path).status_code == 200
    for login in ("wang", "agent", "engineer", "editor", "admin"):
        for path in ("/learning", "/learning/judgements", "/learning/runs"):
            assert client(login).get(path).status_code == 404


def test_every_kind_is_drawn(client: Clients, judged: int) -> None:
    analyst = client("analyst")
    for kind in ("linked", "rejected", "none", "answered", "solved", "in_vain", "merged"):
        assert analyst.get(f"/learning/judgements?kind={kind}").status_code == 200, kind


# ------------------------------------------------------------------ learning now, and back


def test_learning_is_asked_for_shown_while_it_goes_on_and_told(client: Clients, maker: Maker) -> None:
    manager = client("manager")
    assert "还没有学习过" in manager.get("/learning/runs").text
    assert manager.submit("/learning/runs").status_code == 302
    page = manager.get("/learning/runs").text
    assert "等待后台进程" in page
    assert "马上学一次" not in page
    again = manager.submit("/learning/runs")
    assert again.status_code == 422
    assert "已经有一次学习" in again.text
    with transaction(maker) as session:
        run = runs.begin(session)
        number = run.id
        runs.beat(session, number, "lexical", done=3, total=12)
    assert "3 / 12" in manager.fragment("/learning/runs").text
    with transaction(maker) as session:
        figures = {"pairs": 30, "log_loss": 0.2, "calibration_error": 0.02, "shown": 12, "precision": 0.98}
        outcomes = (
            Outcome(
                "links_lexical",
                120,
                Verdict.BETTER,
                version="links-90-ab",
                figures={"new": figures, "serving": figures | {"log_loss": 0.5}},
            ),
            Outcome("lexical", 63, Verdict.TOO_FEW, least=100),
        )
        runs.finish(session, number, Learning({"linked": 120}, outcomes))
    assert "学习完了" in manager.fragment("/learning/runs").text
    page = manager.get("/learning/runs").text
    for told in ("已启用", "links-90-ab", "0.500 →", "判断太少", "还差 37 条", "马上学一次"):
        assert told in page, told
    with maker() as session:
        asked = session.scalars(select(AuditEntry).where(AuditEntry.action == "ask")).one()
        assert asked.subject_id == str(number)
        assert session.get_one(LearningRun, number).state == RunState.DONE


def test_what_was_learned_can_be_taken_back(client: Clients, maker: Maker, index: Index) -> None:
    manager = client("manager")
    refused = manager.submit("/learning/rollback/lexical")
    assert refused.status_code == 422
    assert "没有可以退回的" in refused.text
    assert manager.submit("/learning/rollback/soup").status_code == 404
    made = Calibration({"cosine": 1.0}, 0.0, 0.9, cold_start=False, made_from="here", pairs=120)
    index.promotions.promote("lexical", made)
    assert "退回上一个" in manager.get("/learning/runs").text
    assert manager.submit("/learning/rollback/lexical").status_code == 302
    assert index.promotions.serving("lexical") == shipped("lexical")
    page = manager.get("/learning/runs").text
    assert shipped("lexical").version in page
    with maker() as session:
        back = session.scalars(select(AuditEntry).where(AuditEntry.action == "rollback")).one()
        assert back.by_id == World.of(session).people["manager"].id


# ------------------------------------------------------------------ how far it can be trusted


def measured(maker: Maker, index: Index, *, cases: int) -> None:
    """A learning that is on its row, with figures of what serves now."""
    held = [
        Foretold(n / cases, n % 4 != 0, n * 2 > cases, "defect" if n % 9 else "data", possible=n % 3 != 0)
        for n in range(cases)
    ]
    with transaction(maker) as session:
        number = runs.begin(session).id
        version = index.promotions.links("links_lexical").version
        outcome = Outcome(
            "links_lexical",
            4 * cases,
            Verdict.NO_BETTER,
            served=version,
            held_out={version: figures_of(held)},
        )
        runs.finish(session, number, Learning({"linked": 4 * cases}, (outcome,)))


def test_before_enough_was_judged_it_says_so_and_shows_no_share(client: Clients, judged: int) -> None:
    page = client("manager").get("/learning").text
    assert "还差 99 条就能给出百分比" in page
    assert "还没有学习过" in page
    assert page.count("去判最有帮助的") == 0, "a manager judges nothing"
    assert "已判过 1 个问题" in page
    assert client("expert").get("/learning").text.count('href="/learning/queue"') == 3
    assert "还差 99 条就能给出百分比" in client("manager").get("/learning/runs").text
    body = page[page.index("<main") :] if "<main" in page else page
    assert not re.search(r"\d%", re.sub(r"95% ?区间|95%", "", body))


def test_when_enough_was_judged_it_says_who_may_begin(
    client: Clients, judged: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.web.teaching.progress", lambda session: Progress(how_many_cases(session), 1))
    ask = 'action="/learning/runs"'
    page = client("manager").get("/learning").text
    assert page.count(ask) == 1
    assert "新判断满 50 条时夜里自动学一次。" in page
    page = client("expert").get("/learning").text
    assert ask not in page
    assert "数据分析岗和服务经理也可以马上学一次。" in page
    assert client("manager").submit("/learning/runs").status_code == 302
    page = client("analyst").get("/learning").text
    assert ask not in page
    assert page.count("看进度") == 1


def test_from_few_held_out_cases_nothing_is_drawn(client: Clients, maker: Maker, index: Index) -> None:
    measured(maker, index, cases=12)
    page = client("manager").get("/learning").text
    assert "还看不出来" in page
    assert "data-teaching=" not in page


def test_charts_have_tables_and_categories(client: Clients, maker: Maker, index: Index) -> None:
    measured(maker, index, cases=90)
    manager = client("manager")
    page = manager.get("/learning").text
    assert 'data-teaching="rel-links"' in page
    assert 'data-teaching="trade-links"' in page
    assert "90 条没有参与学习的判断" in page
    assert "按现在的门槛会自动关联 44 张" in page
    assert page.count("看数字") == 2
    assert "缺陷（80）" in page
    data = manager.get("/learning?category=data").text
    assert "data-teaching=" not in data
    assert "只有 10 条" in data
    assert 'data-teaching="rel-links"' in manager.get("/learning?category=soup").text


def test_pages_cost_the_same_for_many_runs(app: Flask, client: Clients, maker: Maker, index: Index) -> None:
    manager = client("manager")
    assert manager.get("/learning/runs").status_code == 200  # what is asked once and kept
    counts = []
    for _ in range(2):
        for _ in range(3):
            measured(maker, index, cases=30)
        with statements_sent(maker) as seen:
            assert manager.get("/learning/runs").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_what_was_cut_off_is_told(client: Clients, maker: Maker) -> None:
    with transaction(maker) as session:
        run = runs.begin(session)
        run.beat_at = now(session) - runs.LOST - timedelta(minutes=1)
    with transaction(maker) as session:
        runs.fail(session, runs.begin(session).id, runs.CUT_OFF)
    assert client("manager").get("/learning/runs").text.count("学习中途断了") == 2
