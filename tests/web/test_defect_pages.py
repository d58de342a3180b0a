"""The defect library over HTTP: who sees what of a record, its life, merging, forms that lose nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects import library, moves
from defects.flow import DefectAction, DefectDuty, DefectState
from defects.models import Defect
from defects.texts import DefectText
from kb import articles
from portal.db import transaction
from portal.people.models import Person
from portal.tickets import linking
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from tests.statements import statements_sent
from tests.web.conftest import Clients, Filing

TEXT = DefectText(
    title="跨月抄表重复累计",
    system="mkt",
    module="bill",
    symptoms=("电费多算了一个月",),
    codes=("BILL-5208",),
    affected=("6.2.1",),
    workaround="1. 先挂起不发行",
    cause="阶梯缓存没有按月清",
    owner_middle_id=None,
)
Recording = Callable[..., str]


@pytest.fixture
def recorded(maker: sessionmaker[Session], desk_world: object) -> Recording:
    """Open a record and walk it along; gives its number."""

    def record(*actions: DefectAction, **changes: Any) -> str:
        with transaction(maker) as session:
            by = _person(session, "expert").id
            defect = library.open_record(session, replace(TEXT, **changes), by=by)
            for action in actions:
                moves.move(session, defect, action, by=by, duties=set(DefectDuty), note="因为")
            return defect.number

    return record


def _person(session: Session, login: str) -> Person:
    return session.scalars(select(Person).where(Person.login == login)).one()


def _defect(session: Session, number: str) -> Defect:
    return session.scalars(select(Defect).where(Defect.number == number)).one()


def _linked(maker: sessionmaker[Session], ticket: str, defect: str) -> None:
    with transaction(maker) as session:
        row = session.scalars(select(Ticket).where(Ticket.number == ticket)).one()
        linking.link(session, row, _defect(session, defect), by=None)


# ── who sees what ────────────────────────────────────────────────────────────────────────────────


def test_staff_see_the_record_and_employees_the_plain_page(
    client: Clients, recorded: Recording, filed: Filing, maker: sessionmaker[Session]
) -> None:
    number = recorded(DefectAction.CONFIRM)
    ticket = filed("电费多算，页面转圈")
    _linked(maker, ticket, number)
    whole = client("expert").get(f"/defects/{number}").text
    for expected in (
        TEXT.title,
        "阶梯缓存",
        ticket,
        "先挂起不发行",
        "海陵省公司",
        "6.1.8",
        "BILL-5208",
        "每周工单数",
    ):
        assert expected in whole, expected
    plain = client("wang").get(f"/defects/{number}").text
    for expected in (TEXT.title, "电费多算了一个月", "先挂起不发行", "正在安排修复"):
        assert expected in plain, expected
    for hidden in ("阶梯缓存", ticket, "负责人", "海陵省公司", "每周工单数", "根因"):
        assert hidden not in plain, hidden


@pytest.mark.parametrize(
    ("actions", "changes"),
    [
        ((), {}),
        ((DefectAction.CONFIRM,), {"shown_to_users": False}),
        ((DefectAction.CONFIRM,), {"workaround": ""}),
        ((DefectAction.REJECT,), {}),
    ],
)
def test_a_private_record_is_not_there_for_employees(
    client: Clients, recorded: Recording, actions: tuple[DefectAction, ...], changes: dict[str, Any]
) -> None:
    number = recorded(*actions, **changes)
    assert client("wang").get(f"/defects/{number}").status_code == 404
    assert client("admin").get(f"/defects/{number}").status_code == 404
    assert client("agent").get(f"/defects/{number}").status_code == 200


def test_tickets_outside_ones_posts_stay_unseen(
    client: Clients, recorded: Recording, filed: Filing, maker: sessionmaker[Session]
) -> None:
    number = recorded(DefectAction.CONFIRM)
    own, foreign = filed("岭东的话"), filed("海陵的话", by="zhao")
    _linked(maker, own, number)
    _linked(maker, foreign, number)
    page = client("agent").get(f"/defects/{number}").text
    assert own in page
    assert "岭东的话" in page
    assert foreign not in page
    assert "海陵的话" not in page


def test_employees_do_not_browse_or_write(client: Clients, recorded: Recording) -> None:
    number = recorded(DefectAction.CONFIRM)
    wang = client("wang")
    for path in ("/defects", "/defects/new", f"/defects/{number}/edit"):
        assert wang.get(path).status_code == 404
    for path in ("moves/start", "merge", "articles", "edit"):
        assert wang.submit(f"/defects/{number}/{path}").status_code == 404


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


def test_the_list_is_filtered_and_sorted(
    client: Clients, recorded: Recording, filed: Filing, maker: sessionmaker[Session]
) -> None:
    quiet = recorded(title="安静的", system="oa", module=None, codes=(), symptoms=("慢",), severity=4)
    loud = recorded(DefectAction.CONFIRM, title="吵闹的", severity=1)
    gone = recorded(DefectAction.REJECT, title="不算的")
    _linked(maker, filed(), loud)
    agent = client("agent")
    page = agent.get("/defects").text
    assert page.index(loud) < page.index(quiet)
    assert gone not in page
    for path, present, absent in (
        ("state=not_a_defect", gone, loud),
        ("state=", gone, ""),
        ("system=oa", quiet, loud),
        ("severity=1", loud, quiet),
        ("q=吵", loud, quiet),
        ("q=%25", "没有符合条件的缺陷", loud),
        ("key=1", "没有符合条件的缺陷", loud),
        ("sort=age&type=nonsense&severity=x&page=-1", quiet, ""),
    ):
        page = agent.get(f"/defects?{path}").text
        assert present in page, path
        assert not absent or absent not in page, path


def test_the_number_of_queries_does_not_grow(
    client: Clients, recorded: Recording, filed: Filing, maker: sessionmaker[Session]
) -> None:
    number = recorded(DefectAction.CONFIRM)
    _linked(maker, filed(), number)
    expert = client("expert")
    expert.get("/defects")

    def queries(path: str) -> int:
        with statements_sent(maker) as ran:
            expert.get(path)
        return len(ran)

    few = [queries("/defects"), queries(f"/defects/{number}")]
    for extra in range(6):
        recorded(title=f"第 {extra} 条")
        _linked(maker, filed(f"第 {extra} 张", by="zhao"), number)
    assert [queries("/defects"), queries(f"/defects/{number}")] == few


# ── its life ─────────────────────────────────────────────────────────────────────────────────────


def test_a_record_is_led_from_suspicion_to_verification(
    client: Clients, recorded: Recording, maker: sessionmaker[Session]
) -> None:
    number = recorded(cause="")
    expert, engineer = client("expert"), client("engineer")
    assert "确认缺陷" in expert.get(f"/defects/{number}").text
    assert "确认缺陷" not in engineer.get(f"/defects/{number}").text
    assert engineer.submit(f"/defects/{number}/moves/confirm").status_code == 422
    assert expert.submit(f"/defects/{number}/moves/confirm").status_code == 302
    assert engineer.submit(f"/defects/{number}/moves/start").status_code == 302
    assert engineer.submit(f"/defects/{number}/moves/fix").status_code == 422
    given = {"cause": "缓存", "fixed_in": "6.2.2"}
    assert engineer.submit(f"/defects/{number}/moves/fix", given).status_code == 302
    assert engineer.submit(f"/defects/{number}/moves/verify").status_code == 422
    assert expert.submit(f"/defects/{number}/moves/verify").status_code == 302
    for nonsense in ("recur", "merge"):
        assert expert.submit(f"/defects/{number}/moves/{nonsense}", {"note": "x"}).status_code == 422
    assert expert.submit(f"/defects/{number}/moves/fly").status_code == 404
    with maker() as session:
        assert _defect(session, number).state == DefectState.VERIFIED


def test_a_move_on_an_old_page_is_refused(
    client: Clients, recorded: Recording, maker: sessionmaker[Session]
) -> None:
    number = recorded()
    expert = client("expert")
    assert expert.submit(f"/defects/{number}/moves/confirm", {"seen": "99"}).status_code == 422
    with maker() as session:
        seen = _defect(session, number).version
    assert expert.submit(f"/defects/{number}/moves/confirm", {"seen": str(seen)}).status_code == 302


def test_merging_takes_the_tickets_along(
    client: Clients, recorded: Recording, filed: Filing, maker: sessionmaker[Session]
) -> None:
    survivor, double = recorded(), recorded(title="又一条")
    _linked(maker, filed(), double)
    expert = client("expert")
    assert expert.submit(f"/defects/{double}/merge", {"into": "QX999999"}).status_code == 422
    assert expert.submit(f"/defects/{double}/merge", {"into": double}).status_code == 422
    answer = expert.submit(f"/defects/{double}/merge", {"into": survivor.lower()})
    assert answer.location == f"/defects/{survivor}"
    with maker() as session:
        live = session.scalars(select(DefectLink).where(DefectLink.verdict == LinkVerdict.LINKED)).one()
        assert live.defect.number == survivor
        assert _defect(session, double).state == DefectState.DUPLICATE
    assert double in expert.get(f"/defects/{survivor}").text


def test_articles_are_tied_and_untied(
    client: Clients, recorded: Recording, maker: sessionmaker[Session]
) -> None:
    number = recorded(DefectAction.CONFIRM)
    with transaction(maker) as session:
        article = articles.write(session, articles.ArticleText(title="怎样绕过", body="文"), by=1).number
    expert = client("expert")
    assert expert.submit(f"/defects/{number}/articles", {"article": "KB999999"}).status_code == 422
    assert expert.submit(f"/defects/{number}/articles", {"article": article}).status_code == 302
    assert "怎样绕过" in expert.get(f"/defects/{number}").text
    assert "怎样绕过" not in client("agent").get(f"/defects/{number}").text, "a draft is the editors' own"
    assert expert.submit(f"/defects/{number}/articles", {"article": article, "untie": "1"}).status_code == 302
    assert "怎样绕过" not in expert.get(f"/defects/{number}").text


# ── writing ──────────────────────────────────────────────────────────────────────────────────────

FORM = {
    "title": "新的缺陷",
    "system": "mkt",
    "module": "bill",
    "type": "function",
    "severity": "2",
    "symptoms": "多算了\n报 ora 01017\n\n多算了",
    "codes": "0x80070005，PMS-E1043",
    "affected": "6.2.0, 6.2.1",
    "owner_middle_id": "0",
    "owner_back_id": "0",
    "shown_to_users": "y",
}


def test_a_record_is_opened_from_a_ticket_and_linked(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    ticket = filed("电费核算一直转圈，报错 0x80070005")
    expert = client("expert")
    page = expert.get(f"/defects/new?ticket={ticket}").text
    for expected in ("电费核算一直转圈", "0x80070005", ticket):
        assert expected in page, expected
    answer = expert.submit("/defects/new", {**FORM, "ticket": ticket})
    assert answer.status_code == 302
    with maker() as session:
        defect = session.scalars(select(Defect)).one()
        assert list(defect.symptoms) == ["多算了", "报 ora 01017"]
        assert set(defect.codes) == {"0x80070005", "PMS-E1043", "ORA-01017"}
        assert session.scalars(select(DefectLink)).one().defect_id == defect.id


def test_a_ticket_one_may_not_see_gives_nothing_away(client: Clients, filed: Filing) -> None:
    foreign = filed("公文打不开", system="oa")
    expert = client("expert")
    assert expert.get(f"/defects/new?ticket={foreign}").status_code == 404
    assert expert.submit("/defects/new", {**FORM, "ticket": foreign}).status_code == 404


def test_what_is_refused_keeps_what_was_typed(client: Clients, maker: sessionmaker[Session]) -> None:
    expert = client("expert")
    answer = expert.submit("/defects/new", {**FORM, "key": "y"})
    assert answer.status_code == 422
    for kept in ("新的缺陷", "报 ora 01017", "PMS-E1043", "整改期限"):
        assert kept in answer.text, kept
    assert expert.submit("/defects/new", {**FORM, "title": ""}).status_code == 422
    assert expert.submit("/defects/new", {**FORM, "system": "nowhere"}).status_code == 422
    promised = {**FORM, "key": "y", "due_on": "2026-12-01"}
    assert "中台负责人" in expert.submit("/defects/new", promised).text, "nobody would answer for it"
    with maker() as session:
        owner = str(_person(session, "expert").id)
    assert expert.submit("/defects/new", {**promised, "owner_middle_id": owner}).status_code == 302


def test_a_colleagues_newer_version_stands_beside_mine(
    client: Clients, recorded: Recording, maker: sessionmaker[Session]
) -> None:
    number = recorded()
    with maker() as session:
        seen = str(_defect(session, number).version)
    expert, engineer = client("expert"), client("engineer")
    assert (
        engineer.submit(f"/defects/{number}/edit", {**FORM, "cause": "同事写的", "seen": seen}).status_code
        == 302
    )
    answer = expert.submit(f"/defects/{number}/edit", {**FORM, "cause": "我写的", "seen": seen})
    assert answer.status_code == 422
    assert "同事写的" in answer.text
    assert "我写的" in answer.text
    with maker() as session:
        assert _defect(session, number).cause == "同事写的"
        now = str(_defect(session, number).version)
    assert (
        expert.submit(f"/defects/{number}/edit", {**FORM, "cause": "我写的", "seen": now}).status_code == 302
    )


def test_only_holders_of_a_post_become_owners(
    client: Clients, recorded: Recording, maker: sessionmaker[Session]
) -> None:
    number = recorded()
    with maker() as session:
        wang, expert = _person(session, "wang").id, _person(session, "expert").id
    given = {**FORM, "owner_middle_id": str(expert), "owner_back_id": str(wang)}
    assert client("expert").submit(f"/defects/{number}/edit", given).status_code == 302
    with maker() as session:
        defect = _defect(session, number)
        assert (defect.owner_middle_id, defect.owner_back_id) == (expert, None)


def test_hostile_words_stay_words(client: Clients, recorded: Recording) -> None:
    bad = "</script><script>alert(1)</script>"
    number = recorded(DefectAction.CONFIRM, title=bad, symptoms=(bad,), workaround=bad, cause=bad)
    for login in ("expert", "wang"):
        assert "<script>alert(1)" not in client(login).get(f"/defects/{number}").text
    assert "<script>alert(1)" not in client("expert").get(f"/defects/{number}/edit").text
