"""“没解决” and why: the reason is kept, the way to the ticket carries everything, a mind may be changed."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.models import Article, Feedback, Reason
from portal.db import transaction
from portal.finder import suggest
from portal.finder.models import Consultation, Outcome
from portal.people.models import Person
from portal.tickets.models import Ticket
from tests.web.conftest import Clients, Visitor, Writing

TITLE = "电费发票怎么下载"


@pytest.fixture
def number(published: Writing, maker: sessionmaker[Session]) -> str:
    published(
        TITLE,
        "1. 打开电费核算。\n2. 点发票，再点下载。",
        system="mkt",
        module="bill",
        category="consultation",
    )
    with maker() as session:
        return session.scalars(select(Article.number)).one()


def _verdicts(maker: sessionmaker[Session]) -> list[tuple[bool | None, Reason | None, str]]:
    with maker() as session:
        rows = session.scalars(select(Feedback))
        return [(row.solved, row.reason, row.words) for row in rows]


def _figures(maker: sessionmaker[Session]) -> tuple[int, int]:
    with maker() as session:
        solved, not_solved = session.execute(select(Article.solved, Article.not_solved)).one()
        return solved, not_solved


def test_a_reason_and_words_are_kept_with_the_verdict(
    client: Clients, number: str, maker: sessionmaker[Session]
) -> None:
    visitor = client("wang")
    part = visitor.submit_fragment(f"/kb/{number}/verdict", {"solved": "no"}).text
    for reason in Reason:
        assert f'value="{reason.value}"' in part
    told = {"solved": "no", "reason": "steps", "words": "没有“发票”这一项"}
    part = visitor.submit_fragment(f"/kb/{number}/verdict", told).text
    assert "会看到您说的原因" in part
    assert _verdicts(maker) == [(False, Reason.STEPS, "没有“发票”这一项")]
    assert "会看到您说的原因" in visitor.get(f"/kb/{number}").text, "the page remembers it"


def test_editors_hear_reasons_that_speak_of_the_article(client: Clients, number: str) -> None:
    client("wang").submit(f"/kb/{number}/verdict", {"solved": "no", "reason": "not_mine"})
    assert "不是我的问题" not in client("editor").get("/knowledge?list=feedback").text
    client("zhao").submit(f"/kb/{number}/verdict", {"solved": "no", "reason": "unclear"})
    page = client("editor").get("/knowledge?list=feedback").text
    assert "看不懂" in page
    assert "没有留话" not in page


def test_nonsense_is_no_reason_and_what_solved_it_has_none(
    client: Clients, number: str, maker: sessionmaker[Session]
) -> None:
    visitor = client("wang")
    visitor.submit(f"/kb/{number}/verdict", {"solved": "no", "reason": "because"})
    assert _verdicts(maker) == [(False, None, "")]
    visitor.submit(f"/kb/{number}/verdict", {"solved": "yes", "reason": "steps"})
    assert _verdicts(maker) == [(True, None, "")]
    assert _figures(maker) == (1, 0)


def test_a_verdict_is_taken_back(client: Clients, number: str, maker: sessionmaker[Session]) -> None:
    visitor = client("wang")
    client("zhao").submit(f"/kb/{number}/verdict", {"solved": "yes"})
    visitor.submit(f"/kb/{number}/verdict", {"solved": "no", "reason": "outdated"})
    assert _figures(maker) == (1, 1)
    part = visitor.submit_fragment(f"/kb/{number}/verdict/back").text
    assert "这篇解决您的问题了吗" in part
    assert _figures(maker) == (1, 0)
    assert [row[0] for row in _verdicts(maker)] == [True], "a colleague's stays"
    answer = visitor.submit(f"/kb/{number}/verdict/back")
    assert answer.status_code == 302, "twice is no fault"


# ── from “not solved” to the ticket ──────────────────────────────────────────────────────────────


def _on_to_asking(visitor: Visitor, number: str, **more: str) -> tuple[str, dict[str, list[str]]]:
    form = {"solved": "no", "reason": "steps", "then": "ask", **more}
    answer = visitor.submit(f"/kb/{number}/verdict", form)
    assert answer.status_code == 302
    return answer.location, parse_qs(urlsplit(answer.location).query)


def test_one_click_carries_words_and_article_into_the_ticket(
    client: Clients, number: str, maker: sessionmaker[Session]
) -> None:
    visitor = client("wang")
    address, carried = _on_to_asking(visitor, number, words="点了下载没有反应")
    assert carried == {"text": ["点了下载没有反应"], "system": ["mkt"], "article": [number]}
    page = visitor.get(address).text
    assert "点了下载没有反应" in page
    assert "告诉服务台我看过这篇" in page
    assert TITLE in page
    form = {"step": "file", "text": "点了下载没有反应", "system": "mkt", "category": "consultation"}
    filed = visitor.submit("/ask", {**form, "article": number})
    assert filed.status_code == 302, filed.text
    with maker() as session:
        ticket = session.scalars(select(Ticket)).one()
        asked = session.scalars(select(Consultation)).one()
        assert (asked.outcome, asked.ticket_id) == (Outcome.FILED, ticket.id)
        assert [(row.kind, row.opened_at is not None) for row in asked.shown] == [("article", True)]
    page = client("agent").get(f"/tickets/{ticket.number}").text
    for expected in ("提交前看过", TITLE, "步骤对不上", "点了下载没有反应"):
        assert expected in page, expected


def test_the_htmx_way_leads_there_too_and_later_reasons_stay(
    client: Clients, number: str, maker: sessionmaker[Session]
) -> None:
    visitor = client("wang")
    visitor.submit(f"/kb/{number}/verdict", {"solved": "no", "reason": "unclear", "words": "看不懂第二步"})
    answer = visitor.submit_fragment(f"/kb/{number}/verdict", {"solved": "no", "keep": "1", "then": "ask"})
    assert "/ask?" in answer.headers["HX-Redirect"]
    assert _verdicts(maker) == [(False, Reason.UNCLEAR, "看不懂第二步")]


def test_what_was_asked_before_goes_along_and_ends_with_the_ticket(
    client: Clients, number: str, maker: sessionmaker[Session], app: Flask, reindex: Callable[[], None]
) -> None:
    reindex()
    finder = app.extensions["tierdesk"].finder
    with transaction(maker) as session:
        wang = session.scalars(select(Person).where(Person.login == "wang")).one()
        found = finder.suggest(session, wang, "电费发票下载不了")
        token = suggest.begin(session, found, by=wang, text="电费发票下载不了").token
    visitor = client("wang")
    address, carried = _on_to_asking(visitor, number, token=token)
    assert (carried["text"], carried["token"]) == (["电费发票下载不了"], [token])
    assert f'name="token" value="{token}"' in visitor.get(address).text
    form = {"step": "file", "text": "电费发票下载不了", "system": "mkt", "category": "consultation"}
    visitor.submit("/ask", {**form, "article": number, "token": token})
    with maker() as session:
        asked = session.scalars(select(Consultation)).one()
        assert asked.token == token
        assert asked.outcome == Outcome.FILED
        assert all(row.opened_at for row in asked.shown if row.kind == "article")


def test_an_article_that_one_may_not_read_is_not_carried(
    client: Clients, published: Writing, maker: sessionmaker[Session]
) -> None:
    published("只给海陵看的办法", "正文", units=["hl"])
    with maker() as session:
        number = session.scalars(select(Article.number)).one()
    visitor = client("wang")
    assert "只给海陵看的办法" not in visitor.get(f"/ask?text=x&article={number}").text
    assert "只给海陵看的办法" in client("zhao").get(f"/ask?text=x&article={number}").text
    form = {"step": "file", "text": "打不开", "system": "mkt", "category": "consultation", "article": number}
    assert visitor.submit("/ask", form).status_code == 302
    with maker() as session:
        assert session.scalars(select(Consultation)).all() == []


def test_foreign_words_of_a_session_are_not_carried(
    client: Clients, number: str, maker: sessionmaker[Session]
) -> None:
    with transaction(maker) as session:
        zhao = session.scalars(select(Person).where(Person.login == "zhao")).one()
        token = suggest.begin(session, suggest.Found(), by=zhao, text="赵海陵的问题").token
    _address, carried = _on_to_asking(client("wang"), number, token=token)
    assert "token" not in carried
    assert "赵海陵" not in carried["text"][0]


# ── what somebody does next is the truth ─────────────────────────────────────────────────────────


@pytest.fixture
def ended(
    client: Clients, number: str, maker: sessionmaker[Session], app: Flask, reindex: Callable[[], None]
) -> str:
    """The token of 王小雨's session of suggestion, which this article has ended."""
    reindex()
    finder = app.extensions["tierdesk"].finder
    with transaction(maker) as session:
        wang = session.scalars(select(Person).where(Person.login == "wang")).one()
        article = session.scalars(select(Article)).one()
        found = finder.suggest(session, wang, article.number)
        token = suggest.begin(session, found, by=wang, text="电费发票下载不了").token
    answer = client("wang").submit(f"/kb/{number}/verdict", {"solved": "yes", "token": token})
    assert answer.status_code == 302
    assert _outcomes(maker) == [Outcome.SOLVED]
    return token


def _outcomes(maker: sessionmaker[Session]) -> list[Outcome]:
    with maker() as session:
        return list(session.scalars(select(Consultation.outcome).order_by(Consultation.id)))


@pytest.mark.parametrize("with_token", [True, False])
@pytest.mark.parametrize(("path", "form"), [("verdict/back", {}), ("verdict", {"solved": "no"})])
def test_a_word_taken_back_reopens_what_it_had_ended(
    client: Clients,
    number: str,
    ended: str,
    maker: sessionmaker[Session],
    *,
    with_token: bool,
    path: str,
    form: dict[str, str],
) -> None:
    known = {"token": ended} if with_token else {}
    client("zhao").submit(f"/kb/{number}/{path}", {**form, **known})
    assert _outcomes(maker) == [Outcome.SOLVED], "a colleague's word is no word of theirs"
    wang = client("wang")
    wang.submit(f"/kb/{number}/{path}", {**form, **known})
    assert _outcomes(maker) == [Outcome.OPEN]
    filed = {"step": "file", "text": "电费发票下载不了", "system": "mkt", "category": "consultation"}
    wang.submit("/ask", {**filed, "token": ended})
    assert _outcomes(maker) == [Outcome.FILED]


def test_what_was_judged_for_good_and_other_sessions_stay(
    client: Clients, number: str, ended: str, maker: sessionmaker[Session]
) -> None:
    wang = client("wang")
    with transaction(maker) as session:
        person = session.scalars(select(Person).where(Person.login == "wang")).one()
        other = suggest.begin(session, suggest.Found(), by=person, text="另一件事").token
    wang.submit(f"/kb/{number}/verdict", {"solved": "no", "token": other})
    assert _outcomes(maker) == [Outcome.SOLVED, Outcome.OPEN]
    with transaction(maker) as session:
        first = session.scalars(select(Consultation).where(Consultation.token == ended)).one()
        first.settled_at = first.ended_at
    wang.submit(f"/kb/{number}/verdict/back", {"token": ended})
    assert _outcomes(maker) == [Outcome.SOLVED, Outcome.OPEN]


def test_from_the_thanks_back_to_the_answers(
    client: Clients, number: str, ended: str, maker: sessionmaker[Session]
) -> None:
    with maker() as session:
        article = session.scalars(select(Article.id)).one()
    form = {"answer": f"article:{article}", "token": ended}
    assert client("zhao").submit("/ask/solved/back", form).status_code == 404
    wang = client("wang")
    assert "其实没解决" in wang.submit_fragment("/ask/solved", form).text
    back = wang.submit("/ask/solved/back", form)
    assert back.status_code == 302
    assert parse_qs(urlsplit(back.location).query) == {"text": ["电费发票下载不了"], "token": [ended]}
    assert "电费发票下载不了" in wang.get(back.location).text
    assert _outcomes(maker) == [Outcome.OPEN]
    assert _figures(maker) == (0, 0)
    assert wang.submit("/ask/solved/back", form).status_code == 404, "nothing is left to take back"
    for nonsense in ("", "article:", "article:x", "article:" + "9" * 40):
        assert wang.submit("/ask/solved/back", {**form, "answer": nonsense}).status_code == 404
