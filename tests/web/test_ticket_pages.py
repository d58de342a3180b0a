"""The staff's ticket page over HTTP: what is drawn, what is kept when refused, who is told they were late."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects.flow import DefectAction, DefectDuty
from defects.library import open_record
from defects.moves import move as move_defect
from defects.texts import DefectText
from kb.articles import ArticleText, write
from kb.articles import move as move_article
from kb.audience import Audience
from kb.flow import ArticleAction, Duty
from kb.models import ArticleKind
from portal.db import transaction
from portal.tickets.models import ArticleLink, Comment, DefectLink, LinkVerdict, Ticket
from portal.tickets.words import Action, Category
from tests.world import World


def row(maker: sessionmaker[Session], number: str) -> Ticket:
    with maker() as session:
        return session.scalars(select(Ticket).where(Ticket.number == number)).one()


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found
    return found[1]


# ── who comes in ─────────────────────────────────────────────────────────────────────────────────


def test_the_page_is_for_posts_that_serve_the_ticket(client: Any, filed: Any) -> None:
    number = filed()
    for login in ("agent", "expert", "manager", "inspector"):
        assert client(login).get(f"/tickets/{number}").status_code == 200, login
    for login in ("zhao", "admin"):
        assert client(login).get(f"/tickets/{number}").status_code == 404, login
    assert client("agent").get("/tickets/GD209901010001").status_code == 404
    assert client("agent").get(f"/tickets/{filed(by='zhao', text='海陵的事')}").status_code == 404


def test_its_own_user_is_sent_to_their_own_page(client: Any, filed: Any) -> None:
    number = filed()
    answer = client("wang").get(f"/tickets/{number}")
    assert answer.status_code == 302
    assert answer.location.endswith(f"/my/tickets/{number}")
    assert client("wang").submit(f"/tickets/{number}/moves/take").status_code == 404


def test_a_stranger_signs_in_first(client: Any, filed: Any) -> None:
    answer = client().get(f"/tickets/{filed()}")
    assert answer.status_code == 302
    assert "/sign-in" in answer.location


# ── what is on it ────────────────────────────────────────────────────────────────────────────────


def test_the_page_draws_what_the_table_opens(client: Any, filed: Any, moved: Any) -> None:
    number = filed()
    text = client("agent").get(f"/tickets/{number}").text
    assert "电费核算页面一直转圈" in text
    assert f"/tickets/{number}/moves/take" in text
    assert f"/tickets/{number}/moves/escalate" not in text
    moved(number, Action.TAKE, "agent")
    text = client("agent").get(f"/tickets/{number}").text
    assert f"/tickets/{number}/moves/escalate" in text
    assert 'data-key="e"' in text
    assert "这类请求前台不能直接答复办结" in text  # why there is no answer button
    assert f"/tickets/{number}/moves/" not in client("inspector").get(f"/tickets/{number}").text


def test_first_judgement_stands_beside_the_ruling(client: Any, filed: Any, moved: Any) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="x")
    assert judged(client("expert").get(f"/tickets/{number}").text) == ["前台初判 缺陷", "中台研判 还没有"]
    moved(number, Action.RULE, "expert", category=Category.DATA, sub="modify")
    text = client("expert").get(f"/tickets/{number}").text
    assert judged(text) == ["前台初判 缺陷", "中台研判 数据处理"]
    assert "数据修改" in text


def judged(page: str) -> list[str]:
    """What the page says of the front's judgement and of the middle's ruling."""
    said = re.search(r'<dd class="tk-judged.*?</dd>', page, re.S)
    assert said
    lines = [" ".join(re.sub(r"<[^>]+>", " ", part).split()) for part in said[0].split("<i ")]
    arrow = 'class="ti ti-arrow-narrow-right" aria-hidden="true">'
    return [line.removeprefix(arrow).strip() for line in lines]


def test_internal_remarks_stay_inside(client: Any, filed: Any, maker: Any) -> None:
    number, agent = filed(), client("agent")
    assert (
        agent.submit(f"/tickets/{number}/comments", {"text": "用户很急", "internal": "1"}).status_code == 302
    )
    assert agent.submit(f"/tickets/{number}/comments", {"text": "正在查"}).status_code == 302
    text = client("expert").get(f"/tickets/{number}").text
    assert "用户很急" in text
    assert "chip-internal" in text
    mine = client("wang").get(f"/my/tickets/{number}").text
    assert "正在查" in mine
    assert "用户很急" not in mine
    empty = agent.submit(f"/tickets/{number}/comments", {"text": "  "})
    assert empty.status_code == 422
    assert "留言是空的" in empty.text
    with maker() as session:
        assert len(list(session.scalars(select(Comment)))) == 2


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_what_people_write_is_text(client: Any, filed: Any, moved: Any, text: str) -> None:
    number = filed(text)
    client("agent").submit(f"/tickets/{number}/comments", {"text": text})
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note=text)
    page = client("expert").get(f"/tickets/{number}").text
    assert text not in page
    assert "&lt;" in page


def test_files_are_added_from_the_page(client: Any, filed: Any) -> None:
    number, agent = filed(), client("agent")
    path = f"/tickets/{number}/files"
    assert f'action="{path}"' in agent.get(f"/tickets/{number}").text

    def brought(name: str) -> tuple[BytesIO, str]:
        return BytesIO(b"line one\nline two\n"), name

    kept = agent.submit(path, {"files": brought("日志.txt"), "next": f"/tickets/{number}"})
    assert kept.location.endswith(f"/tickets/{number}")
    agent.submit_fragment(path, {"files": brought("内部.txt"), "internal": "1"})
    text = client("expert").get(f"/tickets/{number}").text
    assert "日志.txt" in text
    assert "内部.txt" in text
    mine = client("wang").get(f"/my/tickets/{number}").text
    assert "日志.txt" in mine
    assert "内部.txt" not in mine


# ── moves ────────────────────────────────────────────────────────────────────────────────────────


def test_the_form_of_a_move_is_a_fragment_and_a_page(client: Any, filed: Any, moved: Any) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    agent = client("agent")
    fragment = agent.fragment(f"/tickets/{number}/moves/escalate").text
    assert "<html" not in fragment
    assert 'name="note"' in fragment
    page = agent.get(f"/tickets/{number}/moves/escalate").text
    assert "<html" in page
    assert 'name="note"' in page
    assert agent.get(f"/tickets/{number}/moves/answer").status_code == 302  # not open: back to the page
    assert agent.get(f"/tickets/{number}/moves/explode").status_code == 404
    assert client("zhao").get(f"/tickets/{number}/moves/escalate").status_code == 404


def test_a_refused_move_keeps_what_was_typed(client: Any, filed: Any, moved: Any, maker: Any) -> None:
    number, agent = filed(), client("agent")
    moved(number, Action.TAKE, "agent")
    refused = agent.submit(f"/tickets/{number}/moves/escalate", {"note": " "})
    assert refused.status_code == 422
    assert "请写明内容" in refused.text
    wrong = agent.submit(f"/tickets/{number}/moves/answer", {"note": "我写了很多"})
    assert wrong.status_code == 422
    assert "我写了很多" in wrong.text
    right = agent.submit(f"/tickets/{number}/moves/escalate", {"note": "我写了很多"})
    assert right.status_code == 302
    assert row(maker, number).tier == "middle"


def test_who_was_late_is_told_and_keeps_the_words(client: Any, filed: Any, moved: Any, maker: Any) -> None:
    number, agent = filed(), client("agent")
    moved(number, Action.TAKE, "agent")
    old = seen(agent.get(f"/tickets/{number}").text)
    moved(number, Action.ASK, "agent", note="什么时候开始的？")
    late = agent.submit(f"/tickets/{number}/moves/escalate", {"note": "我的说明", "seen": old})
    assert late.status_code == 409
    assert "您刚刚已经对这张工单做了“请用户补充”" in late.text
    assert "我的说明" in late.text
    moved(number, Action.SUPPLY, "wang", note="今天")
    again = agent.submit(f"/tickets/{number}/moves/escalate", {"note": "我的说明", "seen": old})
    assert again.status_code == 409
    assert "我的说明" in again.text  # still open: the form comes back with the new version
    fresh = seen(again.text)
    done = agent.submit(f"/tickets/{number}/moves/escalate", {"note": "我的说明", "seen": fresh})
    assert done.status_code == 302


def test_a_move_needs_its_token(client: Any, filed: Any, maker: Any) -> None:
    number, agent = filed(), client("agent")
    assert agent.post(f"/tickets/{number}/moves/take").status_code == 400
    assert row(maker, number).holder_id is None
    assert agent.submit(f"/tickets/{number}/moves/take").status_code == 302


def test_the_lead_hands_a_ticket_on(
    client: Any, filed: Any, moved: Any, maker: Any, desk_world: World
) -> None:
    number, supervisor = filed(), client("supervisor")
    moved(number, Action.TAKE, "agent")
    form = supervisor.fragment(f"/tickets/{number}/moves/reassign").text
    assert "手上 0 张" in form
    people = desk_world.people
    wrong = supervisor.submit(f"/tickets/{number}/moves/reassign", {"person": str(people["inspector"].id)})
    assert wrong.status_code == 422
    assert "不负责这张工单" in wrong.text
    right = supervisor.submit(f"/tickets/{number}/moves/reassign", {"person": str(people["supervisor"].id)})
    assert right.status_code == 302
    assert row(maker, number).holder_id == people["supervisor"].id


def test_a_ruling_that_is_no_category_is_refused(client: Any, filed: Any, moved: Any, maker: Any) -> None:
    number, expert = filed(), client("expert")
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="x")
    for ruling in ("nonsense:x", "", "defect:modify"):
        assert expert.submit(f"/tickets/{number}/moves/rule", {"ruling": ruling}).status_code == 422
    assert expert.submit(f"/tickets/{number}/moves/rule", {"ruling": "data:modify"}).status_code == 302
    assert row(maker, number).ruled_category == Category.DATA


def test_the_next_one_is_taken_and_opened(client: Any, filed: Any, maker: Any) -> None:
    number, agent = filed(), client("agent")
    answer = agent.submit("/tickets/take-next")
    assert answer.status_code == 302
    assert answer.location.endswith(f"/tickets/{number}")
    assert row(maker, number).holder_id is not None
    assert agent.submit("/tickets/take-next").location.endswith("/queues")
    assert client("inspector").submit("/tickets/take-next").status_code == 404


# ── answering with an article ────────────────────────────────────────────────────────────────────


def article(maker: sessionmaker[Session], title: str, audience: Audience = Audience.EVERYONE) -> str:
    with transaction(maker) as session:
        body = "## 步骤\n\n1. 打开**电费核算**。\n2. 点“发票”。\n\n[更多](https://example.com)"
        text = ArticleText(kind=ArticleKind.HOWTO, title=title, body=body, system="mkt", audience=audience)
        made = write(session, text, by=1)
        move_article(session, made, ArticleAction.SUBMIT, by=1, duties={Duty.WRITE})
        move_article(session, made, ArticleAction.PUBLISH, by=2, duties={Duty.PUBLISH})
        return made.number


def test_an_answer_starts_from_an_article_its_user_may_read(
    client: Any, filed: Any, moved: Any, maker: Any, reindex: Callable[[], None]
) -> None:
    shown, hidden = article(maker, "电费发票下载"), article(maker, "电费发票内部口径", Audience.STAFF)
    reindex()
    number, agent = filed("电费发票怎么下载", category=Category.CONSULTATION), client("agent")
    moved(number, Action.TAKE, "agent")
    panel = agent.fragment(f"/tickets/{number}/moves/answer").text
    assert shown in panel
    assert hidden not in panel
    found = agent.fragment(f"/tickets/{number}/answers?q=发票").text
    assert shown in found
    assert hidden not in found
    started = agent.get(f"/tickets/{number}/moves/answer?article={shown}").text
    assert "1. 打开电费核算。" in started
    assert "https://example.com" not in started
    for picked in (hidden, shown):
        note = {"note": "请按步骤操作", "article": picked}
        if picked == shown:
            assert agent.submit(f"/tickets/{number}/moves/answer", note).status_code == 302
    with maker() as session:
        assert [link.article.number for link in session.scalars(select(ArticleLink))] == [shown]


def test_an_article_its_user_may_not_read_is_not_linked(
    client: Any, filed: Any, moved: Any, maker: Any
) -> None:
    hidden, number = article(maker, "内部口径", Audience.STAFF), filed(category=Category.CONSULTATION)
    moved(number, Action.TAKE, "agent")
    answer = client("agent").submit(f"/tickets/{number}/moves/answer", {"note": "请稍等", "article": hidden})
    assert answer.status_code == 302
    with maker() as session:
        assert list(session.scalars(select(ArticleLink))) == []


# ── likely defects ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def record(maker: sessionmaker[Session], reindex: Callable[[], None], desk_world: World) -> str:
    with transaction(maker) as session:
        text = DefectText(
            title="电费核算转圈",
            system="mkt",
            symptoms=["页面一直转圈，报错 0x80070005"],
            workaround="夜间核算",
        )
        made = open_record(session, text, by=1)
        move_defect(session, made, DefectAction.CONFIRM, by=1, duties={DefectDuty.CURATE})
        number = made.number
    reindex()
    return number


def verdicts(maker: sessionmaker[Session]) -> list[LinkVerdict]:
    with maker() as session:
        return [link.verdict for link in session.scalars(select(DefectLink).order_by(DefectLink.id))]


def test_a_likely_defect_is_linked_taken_back_and_rejected(
    client: Any, filed: Any, maker: Any, record: str
) -> None:
    number, expert = filed(), client("expert")
    text = expert.get(f"/tickets/{number}").text
    assert record in text
    assert "0x80070005" in text
    assert 'data-key="l"' in text
    assert expert.submit(f"/tickets/{number}/defects/{record}", {"probability": "0.8"}).status_code == 302
    assert "撤销关联" in expert.get(f"/tickets/{number}").text
    assert expert.submit(f"/tickets/{number}/defects/{record}/undo").status_code == 302
    assert expert.submit(f"/tickets/{number}/defects/{record}/reject").status_code == 302
    text = expert.get(f"/tickets/{number}").text
    assert "已排除 1 条" in text
    assert f"/defects/{record}/reject" not in text
    assert verdicts(maker) == [LinkVerdict.UNDONE, LinkVerdict.REJECTED]
    assert expert.submit(f"/tickets/{number}/defects/{record}/undo").status_code == 302
    assert expert.submit(f"/tickets/{number}/defects/{record}/undo").status_code == 422  # nothing left


def test_linking_by_number(client: Any, filed: Any, maker: Any, record: str) -> None:
    number, expert = filed(), client("expert")
    assert expert.submit(f"/tickets/{number}/defects", {"defect": "QX999999"}).status_code == 422
    assert expert.submit(f"/tickets/{number}/defects", {"defect": record.lower()}).status_code == 302
    assert verdicts(maker) == [LinkVerdict.LINKED]


def test_only_those_who_serve_the_ticket_judge_it(client: Any, filed: Any, maker: Any, record: str) -> None:
    other = filed("公文打不开", system="oa")
    assert client("expert").submit(f"/tickets/{other}/defects/{record}").status_code == 404
    assert client("inspector").submit(f"/tickets/{other}/defects/{record}").status_code == 404
    assert client("agent").submit(f"/tickets/{other}/defects/QX999999").status_code == 404
    assert client("agent").submit(f"/tickets/{other}/defects/{record}").status_code == 302
