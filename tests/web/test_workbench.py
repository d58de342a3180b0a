"""The workbench over HTTP: piles, deeds, judgements on defects; each refusal beside its control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects.models import Defect
from indexer.index import Index
from indexer.linking import cold_start
from portal.db import transaction
from portal.finder import linking
from portal.finder.found import Result
from portal.finder.linking import Decision
from portal.people.roles import Permission
from portal.tickets import piles
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.words import Action, Category, State, Tier
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing, Moving, Writing
from tests.world import World

Maker = sessionmaker[Session]
Reindex = Callable[[], None]


@pytest.fixture
def escalated(filed: Filing, moved: Moving) -> Filing:
    """A ticket on the middle's table."""

    def make(text: str = "电费核算页面一直转圈，报错 0x80070005", *, by: str = "wang", **more: object) -> str:
        number = filed(text, by=by, **more)
        moved(number, Action.TAKE, "agent")
        moved(number, Action.ESCALATE, "agent", note="前台问清了，重启无效")
        return number

    return make


@pytest.fixture
def at_the_back(escalated: Filing, moved: Moving) -> Filing:
    """A ticket on the back's table."""

    def make(text: str = "电费核算页面一直转圈") -> str:
        number = escalated(text)
        moved(number, Action.RULE, "expert", category=Category.DEFECT)
        moved(number, Action.TO_BACK, "expert", note="请修复")
        return number

    return make


def ticket_of(session: Session, number: str) -> Ticket:
    return session.scalars(select(Ticket).where(Ticket.number == number)).one()


def number_of(maker: Maker, defect: int) -> str:
    with maker() as session:
        return session.get_one(Defect, defect).number


# ── who has it, what lies in it ──────────────────────────────────────────────────────────────────


def test_experts_and_engineers_have_the_bench(client: Clients) -> None:
    for login in ("expert", "engineer"):
        assert client(login).get("/workbench").status_code == 200
    for login in ("wang", "agent", "manager", "dispatcher", "admin"):
        assert client(login).get("/workbench").status_code == 404, login


def test_the_first_ticket_of_the_pile_lies_on_the_table(client: Clients, escalated: Filing) -> None:
    number = escalated()
    shown = client("expert").get("/workbench").text
    assert number in shown
    assert "前台问清了" in shown
    assert "研判定类" in shown


def test_an_expert_of_other_systems_finds_nothing(client: Clients, escalated: Filing, maker: Maker) -> None:
    number, foreign = escalated(), escalated("公文打不开", system="oa")
    expert = client("expert")
    assert foreign not in expert.get("/workbench").text
    assert expert.get(f"/workbench/{foreign}").status_code == 404
    assert expert.get(f"/workbench?ticket={foreign}").status_code == 404
    assert expert.submit_fragment(f"/workbench/{foreign}/moves/take").status_code == 404
    assert expert.get(f"/workbench/{number}").status_code == 200
    with transaction(maker) as session:
        World.of(session).people["expert"].posts[0].systems = ["oa"]
    assert expert.get(f"/workbench/{number}").status_code == 404
    assert expert.get(f"/workbench/{foreign}").status_code == 200


def test_the_two_shapes_of_serving_with_a_permission_are_equal(
    maker: Maker, escalated: Filing, filed: Filing
) -> None:
    escalated(), filed("公文", system="oa"), filed("别省", by="zhao")
    with maker() as session:
        tickets = list(session.scalars(select(Ticket)))
        for person in World.of(session).people.values():
            for permission in (Permission.WORK_MIDDLE, Permission.WORK_BACK, Permission.LINK_DEFECTS):
                rows = set(session.scalars(select(Ticket).where(piles.served_with(person, permission))))
                kept = {ticket for ticket in tickets if piles.serves_with(person, ticket, permission)}
                assert rows == kept, (person.login, permission)


# ── deeds ────────────────────────────────────────────────────────────────────────────────────────


def test_after_a_deed_the_next_ticket_lies_on_the_table(client: Clients, escalated: Filing) -> None:
    first, second = escalated("第一张"), escalated("第二张")
    expert = client("expert")
    fields = {"ruling": "defect:function", "priority": 2, "pile": "rule"}
    ruled = expert.submit_fragment(f"/workbench/{first}/moves/rule", fields)
    assert f'data-number="{first}"' in ruled.text  # still this one: it has to be sent on
    sent = expert.submit_fragment(f"/workbench/{first}/moves/to_back", {"note": "请修复", "pile": "rule"})
    assert sent.status_code == 200
    assert f'id="table" class="bench-table" data-number="{second}"' in sent.text


def test_ruling_writes_category_sub_and_priority(client: Clients, escalated: Filing, maker: Maker) -> None:
    number = escalated()
    fields = {"ruling": "data:modify", "priority": 1, "pile": "rule"}
    assert client("expert").submit_fragment(f"/workbench/{number}/moves/rule", fields).status_code == 200
    with maker() as session:
        ticket = ticket_of(session, number)
        assert (ticket.ruled_category, ticket.sub, ticket.priority) == (Category.DATA, "modify", 1)


def test_a_refusal_keeps_the_ticket_and_the_words(client: Clients, escalated: Filing, maker: Maker) -> None:
    number, expert = escalated(), client("expert")
    refused = expert.submit_fragment(
        f"/workbench/{number}/moves/to_back", {"note": "写了很久的分析", "pile": "rule"}
    )
    assert refused.status_code == 422
    assert "请先研判定类" in refused.text
    assert "写了很久的分析" in refused.text
    with maker() as session:
        assert ticket_of(session, number).tier == Tier.MIDDLE


def test_who_was_overtaken_is_told(client: Clients, escalated: Filing, moved: Moving, maker: Maker) -> None:
    number = escalated()
    with maker() as session:
        seen = ticket_of(session, number).version
    moved(number, Action.RULE, "expert", category=Category.DEFECT)
    fields = {"note": "退回", "seen": seen, "pile": "rule"}
    late = client("expert").submit_fragment(f"/workbench/{number}/moves/to_front", fields)
    assert late.status_code == 409
    assert "研判定类" in late.text


def test_an_unknown_step_is_not_there(client: Clients, escalated: Filing) -> None:
    assert client("expert").submit_fragment(f"/workbench/{escalated()}/moves/explode").status_code == 404


def test_an_engineer_takes_writes_and_finishes(client: Clients, at_the_back: Filing, maker: Maker) -> None:
    number, engineer = at_the_back(), client("engineer")
    shown = engineer.get("/workbench").text
    assert number in shown
    assert "处置完成" in shown
    assert engineer.submit_fragment(f"/workbench/{number}/moves/take", {"pile": "back"}).status_code == 200
    empty = engineer.submit_fragment(f"/workbench/{number}/moves/finish", {"pile": "back"})
    assert empty.status_code == 422
    done = engineer.submit_fragment(f"/workbench/{number}/moves/finish", {"note": "换了索引", "pile": "back"})
    assert done.status_code == 200
    with maker() as session:
        ticket = ticket_of(session, number)
        assert (ticket.state, ticket.work_note) == (State.VERIFYING, "换了索引")


def test_an_engineer_neither_rules_nor_tells(client: Clients, at_the_back: Filing) -> None:
    number, engineer = at_the_back(), client("engineer")
    assert engineer.submit_fragment(f"/workbench/{number}/moves/rule", {"pile": "back"}).status_code == 422
    fields = {"note": "好了", "pile": "back"}
    assert engineer.submit_fragment(f"/workbench/{number}/moves/tell", fields).status_code == 422


def test_it_works_without_javascript(client: Clients, escalated: Filing) -> None:
    number, expert = escalated(), client("expert")
    assert "<!doctype html>" in expert.get(f"/workbench/{number}").text
    done = expert.submit(f"/workbench/{number}/moves/take", {"pile": "rule"})
    assert done.status_code == 302
    assert f"ticket={number}" in done.location


# ── judgements ───────────────────────────────────────────────────────────────────────────────────


def test_likely_defects_stand_beside_with_their_evidence(
    client: Clients, escalated: Filing, known: Writing, reindex: Reindex
) -> None:
    known("核算页面一直转圈", symptoms=["电费核算页面一直转圈，点不动"], codes=["0x80070005"])
    number = escalated()
    reindex()
    shown = client("expert").fragment(f"/workbench/{number}").text
    assert "核算页面一直转圈" in shown
    assert "<mark>" in shown
    assert "0x80070005" in shown


def test_a_percentage_is_shown_only_when_it_was_counted(
    client: Clients, escalated: Filing, known: Writing, reindex: Reindex, index: Index
) -> None:
    known("核算页面一直转圈", symptoms=["电费核算页面一直转圈，点不动"], codes=["0x80070005"])
    number = escalated()
    reindex()
    expert = client("expert")
    pages = (f"/workbench/{number}", f"/tickets/{number}")
    assert "核算页面一直转圈" in expert.get(pages[0]).text
    assert not any("把握" in expert.get(page).text for page in pages)
    index.promotions.promote("links_lexical", replace(cold_start(), cold_start=False, bias=9.0, pairs=120))
    assert all("把握" in expert.get(page).text for page in pages)


def test_no_trustworthy_match_is_a_normal_answer(client: Clients, escalated: Filing) -> None:
    assert "没有可信的匹配" in client("expert").fragment(f"/workbench/{escalated()}").text


def test_link_reject_and_undo(client: Clients, escalated: Filing, known: Writing, maker: Maker) -> None:
    number, record = escalated(), known("核算页面一直转圈")
    qx, expert = number_of(maker, record), client("expert")
    path = f"/workbench/{number}/defects/{qx}"

    def verdicts() -> list[LinkVerdict]:
        with maker() as session:
            return [row.verdict for row in session.scalars(select(DefectLink).order_by(DefectLink.id))]

    linked = expert.submit_fragment(f"{path}/link", {"pile": "rule", "probability": "0.91"})
    assert linked.status_code == 200
    assert "已关联" in linked.text
    assert verdicts() == [LinkVerdict.LINKED]
    assert expert.submit_fragment(f"{path}/undo", {"pile": "rule"}).status_code == 200
    assert expert.submit_fragment(f"{path}/reject", {"pile": "rule"}).status_code == 200
    assert verdicts() == [LinkVerdict.UNDONE, LinkVerdict.REJECTED]
    assert expert.submit_fragment(f"{path}/undo", {"pile": "rule"}).status_code == 200
    again = expert.submit_fragment(f"{path}/undo", {"pile": "rule"})
    assert again.status_code == 422
    assert "没有可以撤销的关联" in again.text


def test_engineers_and_foreign_experts_do_not_judge(
    client: Clients, at_the_back: Filing, escalated: Filing, known: Writing, maker: Maker
) -> None:
    number, qx = at_the_back(), number_of(maker, known("x"))
    foreign = escalated("公文打不开", system="oa")
    assert client("engineer").submit_fragment(f"/workbench/{number}/defects/{qx}/link").status_code == 404
    assert 'data-judge="l"' not in client("engineer").get(f"/workbench/{number}").text
    expert = client("expert")
    assert expert.submit_fragment(f"/workbench/{foreign}/defects/{qx}/link").status_code == 404
    assert expert.submit_fragment(f"/workbench/{number}/defects/QX999999/link").status_code == 404
    assert expert.submit_fragment(f"/workbench/{number}/defects/{qx}/marry").status_code == 404
    assert expert.submit_fragment(f"/workbench/{number}/defects/{qx}/link").status_code == 200


def test_a_decision_follows_what_measured_precision_has_earned(known: Writing, maker: Maker) -> None:
    first, second = known("一"), known("二")
    with maker() as session:
        records = {number: session.get_one(Defect, number) for number in (first, second)}

    def candidate(number: int, probability: float, **more: bool) -> Result:
        row = records[number]
        return Result(
            "defect",
            number,
            row.number,
            row.title,
            probability=probability,
            updated_at=row.updated_at,
            subject=row,
            **more,  # type: ignore[arg-type]
        )

    decide = linking.decision_on
    assert decide(()) == Decision.NONE
    assert decide((candidate(first, 0.99),)) == Decision.NONE
    assert decide((candidate(first, 0.99, trusted=True), candidate(second, 0.1))) == Decision.SUGGEST
    assert decide((candidate(first, 0.97, trusted=True, certain=True),)) == Decision.LINK


def test_sentences_side_by_side_are_those_of_both_texts(
    escalated: Filing, known: Writing, maker: Maker
) -> None:
    number = escalated("昨天开始。电费核算页面一直转圈，点不动。请帮忙。")
    record = known("核算异常", symptoms=["打开后电费核算页面一直转圈"])
    with maker() as session:
        ticket, defect = ticket_of(session, number), session.get_one(Defect, record)
        pair = linking.side_by_side(ticket, defect)[0]
        assert "".join(text for text, _ in pair.ticket) in ticket.text
        assert "".join(text for text, _ in pair.defect) in defect.symptoms[0]
        assert any(hit for _, hit in pair.ticket)


def test_queries_do_not_grow_with_the_pile(client: Clients, maker: Maker, escalated: Filing) -> None:
    expert = client("expert")

    def counted(path: str) -> int:
        with statements_sent(maker) as seen:
            assert expert.get(path).status_code == 200
        return len(seen)

    first = escalated("抄表数据导入后电量翻倍", module="meter")
    escalated("导入抄表数据之后电量翻倍", module="meter")
    few = counted(f"/workbench?ticket={first}")
    for n in range(6):
        escalated(f"导入抄表数据之后电量又翻倍 {n}", module="meter")
    assert counted(f"/workbench?ticket={first}") <= few
