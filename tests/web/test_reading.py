"""Reading over HTTP: who sees an article, its parts, the verdict, the flag, the count of readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from kb import articles
from kb.articles import ArticleText
from kb.audience import Audience
from kb.flow import ArticleAction, Duty
from kb.models import Article, Feedback
from portal.db import transaction
from portal.finder import suggest
from portal.finder.find import Finder
from portal.people.models import Person
from portal.web import reading
from tests.statements import statements_sent
from tests.web.conftest import Clients

BODY = (
    "## 现象\n\n报 ORA-01017\n\n## 步骤\n\n1. 打开门户\n2. 点修改\n\n"
    "## 仍不行\n\n找前台 <script>alert(1)</script>"
)
TEXT = ArticleText(title="密码过期怎么改", body=BODY, system="oa", module="mail", category="consultation")
Shelving = Callable[..., str]


@pytest.fixture
def shelved(maker: sessionmaker[Session], desk_world: object) -> Shelving:
    """Write an article and publish it; gives its number."""

    def shelve(*, state: str = "published", translation_of: str = "", **changes: Any) -> str:
        with transaction(maker) as session:
            article = articles.write(session, replace(TEXT, **changes), by=_id(session, "editor"))
            if translation_of:
                article.translation_of_id = _row(session, translation_of).id
            if state != "draft":
                articles.move(session, article, ArticleAction.SUBMIT, by=article.author_id, duties=set(Duty))
                articles.move(session, article, ArticleAction.PUBLISH, by=0, duties=set(Duty))
            return article.number

    return shelve


def _id(session: Session, login: str) -> int:
    return session.scalars(select(Person.id).where(Person.login == login)).one()


def _row(session: Session, number: str) -> Article:
    return session.scalars(select(Article).where(Article.number == number)).one()


def test_an_article_reads_like_a_page_of_a_manual(client: Clients, shelved: Shelving) -> None:
    number = shelved()
    related = shelved(title="公文打不开")
    english = shelved(title="Password expired", language="en", translation_of=number)
    page = client("wang").get(f"/kb/{number}").text
    for expected in (
        TEXT.title,
        "目录",
        'href="#s-步骤"',
        'id="s-步骤"',
        "协同办公系统",
        "公文",
        number,
        "解决了",
    ):
        assert expected in page, expected
    assert f"/kb/{related}" in page
    assert f"/kb/{english}" in page
    assert "<script>alert" not in page
    for jargon in ("读者范围", "请求更正", "版本记录", "审核", "作者"):
        assert jargon not in page, jargon


def test_a_translation_that_is_behind_says_so(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session]
) -> None:
    number = shelved()
    english = shelved(title="Password expired", language="en", translation_of=number)
    assert "译文比原文旧" not in client("wang").get(f"/kb/{english}").text
    with transaction(maker) as session:
        articles.revise(session, _row(session, number), replace(TEXT, body="新"), by=1)
    assert "译文比原文旧" in client("wang").get(f"/kb/{english}").text


@pytest.mark.parametrize(
    ("changes", "unseen_by", "seen_by"),
    [
        ({"audience": Audience.STAFF}, "wang", "agent"),
        ({"audience": Audience.EXPERTS}, "agent", "engineer"),
        ({"units": ["hl"]}, "wang", "zhao"),
        ({"units": ["ld"]}, "zhao", "wang"),
        ({"state": "draft"}, "agent", "editor"),
        ({"state": "draft"}, "wang", "expert"),
    ],
)
def test_what_one_may_not_read_is_not_there(
    client: Clients, shelved: Shelving, changes: dict[str, Any], unseen_by: str, seen_by: str
) -> None:
    number = shelved(**changes)
    stranger, reader = client(unseen_by), client(seen_by)
    assert stranger.get(f"/kb/{number}").status_code == 404
    assert stranger.submit(f"/kb/{number}/verdict", {"solved": "yes"}).status_code == 404
    assert TEXT.title not in stranger.get("/kb").text
    assert TEXT.title not in stranger.get("/kb?system=oa").text
    assert reader.get(f"/kb/{number}").status_code == 200
    if "state" not in changes:
        assert TEXT.title in reader.get("/kb?system=oa").text
        assert reader.submit(f"/kb/{number}/verdict", {"solved": "yes"}).status_code == 302


def test_numbers_nobody_has_are_not_there(client: Clients) -> None:
    visitor = client("wang")
    for number in ("KB999999", "x", "KB1' OR 1=1", "%00"):
        assert visitor.get(f"/kb/{number}").status_code == 404


def test_unpublished_articles_take_no_verdict(client: Clients, shelved: Shelving) -> None:
    number = shelved(state="draft")
    editor = client("editor")
    assert "只有知识编辑看得到" in editor.get(f"/kb/{number}").text
    assert editor.submit(f"/kb/{number}/verdict", {"solved": "yes"}).status_code == 404


# ── the verdict ──────────────────────────────────────────────────────────────────────────────────


def test_the_verdict_works_as_form_and_as_fragment(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session]
) -> None:
    number = shelved()
    visitor = client("wang")
    answer = visitor.submit(f"/kb/{number}/verdict", {"solved": "yes"})
    assert (answer.status_code, answer.location) == (302, f"/kb/{number}#verdict")
    part = visitor.submit_fragment(f"/kb/{number}/verdict", {"solved": "no"})
    assert "提交工单" in part.text
    assert "<html" not in part.text
    part = visitor.submit_fragment(f"/kb/{number}/verdict", {"solved": "no", "words": "第二步没有"})
    assert "知识编辑会看到" in part.text
    with maker() as session:
        assert (_row(session, number).solved, _row(session, number).not_solved) == (0, 1)
        assert session.scalars(select(Feedback.words)).all() == ["第二步没有"]


def test_solved_from_a_consultation_is_a_deflection(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session], app: Flask, reindex: Callable[[], None]
) -> None:
    number = shelved()
    reindex()
    finder: Finder = app.extensions["tierdesk"].finder
    with transaction(maker) as session:
        wang = session.scalars(select(Person).where(Person.login == "wang")).one()
        found = finder.suggest(session, wang, "密码过期怎么改")
        token = suggest.begin(session, found, by=wang, text="密码过期怎么改").token
    assert token in client("wang").get(f"/kb/{number}?token={token}").text
    client("zhao").submit(f"/kb/{number}/verdict", {"solved": "yes", "token": token})
    with maker() as session:
        assert session.scalars(select(suggest.Consultation.outcome)).one() == suggest.Outcome.OPEN
    client("wang").submit(f"/kb/{number}/verdict", {"solved": "yes", "token": token})
    with maker() as session:
        assert session.scalars(select(suggest.Consultation.outcome)).one() == suggest.Outcome.SOLVED


def test_staff_flag_and_employees_do_not(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session]
) -> None:
    number = shelved()
    assert client("wang").submit(f"/kb/{number}/flag", {"words": "旧"}).status_code == 404
    agent = client("agent")
    assert "请求更正" in agent.get(f"/kb/{number}").text
    assert agent.submit(f"/kb/{number}/flag", {"words": " "}).status_code == 422
    assert "已请编辑更正" in agent.submit_fragment(f"/kb/{number}/flag", {"words": "截图是旧版"}).text
    with maker() as session:
        assert session.scalars(select(Feedback.words).where(Feedback.flagged)).all() == ["截图是旧版"]
    assert "截图是旧版" in client("editor").get("/knowledge?list=feedback").text


# ── counting readers ─────────────────────────────────────────────────────────────────────────────


def test_a_reader_is_counted_once_a_day(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session]
) -> None:
    number = shelved()
    visitor = client("wang")
    for _ in range(3):
        assert visitor.get(f"/kb/{number}").status_code == 200
    client("zhao").get(f"/kb/{number}")
    with maker() as session:
        assert _row(session, number).views == 2


def test_a_page_is_read_when_it_cannot_be_counted(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = shelved()
    visitor = client("wang")

    def read_only(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("attempt to write a readonly database"))

    with monkeypatch.context() as patched:
        patched.setattr(reading, "count_view", read_only)
        assert visitor.get(f"/kb/{number}").status_code == 200
    visitor.get(f"/kb/{number}")
    with maker() as session:
        assert _row(session, number).views == 1, "what could not be counted is counted the next time"


# ── the library ──────────────────────────────────────────────────────────────────────────────────


def test_the_library_is_browsed_filtered_and_searched(
    client: Clients, shelved: Shelving, reindex: Callable[[], None]
) -> None:
    shelved()
    shelved(title="电费核算转圈", system="mkt", module="bill", category="defect", body="清缓存")
    reindex()
    visitor = client("wang")
    for path, present, absent in (
        ("/kb?system=mkt", "电费核算转圈", TEXT.title),
        ("/kb?category=consultation", TEXT.title, "电费核算转圈"),
        ("/kb?q=转圈", "电费核算转圈", ""),
        ("/kb?q=转圈&kind=policy", "还没有合适的知识", ""),
        ("/kb?kind=nonsense&sort=nonsense&page=x", TEXT.title, ""),
    ):
        page = visitor.get(path)
        assert page.status_code == 200
        listing = page.text.split('id="kb-list"')[1]
        assert present in listing, path
        assert not absent or absent not in listing, path
    assert "新上架" in visitor.get("/kb").text


def test_the_number_of_queries_does_not_grow(
    client: Clients, shelved: Shelving, maker: sessionmaker[Session]
) -> None:
    visitor = client("agent")
    number, _ = shelved(), shelved(title="相关的一篇", units=["ld"])
    visitor.get(f"/kb/{number}")

    def queries(path: str) -> int:
        with statements_sent(maker) as ran:
            visitor.get(path)
        return len(ran)

    few = [queries(path) for path in ("/kb", f"/kb/{number}")]
    for extra in range(12):
        shelved(title=f"第 {extra} 篇", units=["ld"])
    assert [queries(path) for path in ("/kb", f"/kb/{number}")] == few
