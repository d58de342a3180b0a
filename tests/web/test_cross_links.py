"""Cross-links on pages: the title of now for who may see it, words for everybody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from defects.cross_links import ARTICLE_PAGE, DEFECT_PAGE
from kb import articles
from kb.audience import Audience
from kb.flow import ArticleAction, Duty
from kb.models import Article
from portal.db import transaction
from tests.statements import statements_sent
from tests.web.conftest import Clients, Writing
from tests.world import World

Maker = sessionmaker[Session]
SECRET = "只给专家看的处置口令"


def number_of(maker: Maker, id_: int) -> str:
    with maker() as session:
        return session.scalars(select(Article.number).where(Article.id == id_)).one()


@pytest.fixture
def pair(published: Writing, maker: Maker) -> tuple[str, str]:
    """A text for experts alone, and one for everybody that points at it twice."""
    secret = number_of(maker, published(SECRET, audience=Audience.EXPERTS))
    body = f"先看 [[{secret}]]，再看 [[{secret}|处置办法]]。\n\n口令过期"
    return secret, number_of(maker, published("口令过期怎么办", body))


def renamed(maker: Maker, number: str, title: str) -> None:
    with transaction(maker) as session:
        article = session.scalars(select(Article).where(Article.number == number)).one()
        text = replace(articles.text_of(article), title=title)
        articles.revise(session, article, text, by=World.of(session).people["editor"].id)


def test_a_title_is_shown_to_those_who_may_read_it_and_follows_renaming(
    client: Clients, pair: tuple[str, str], maker: Maker
) -> None:
    secret, number = pair
    expert = client("expert")
    link = f'<a class="xref" href="/kb/{secret}" title="{secret} {SECRET}">{SECRET}</a>'
    assert link in expert.get(f"/kb/{number}").text
    renamed(maker, secret, "换了名字的口令")
    page = expert.get(f"/kb/{number}").text
    assert SECRET not in page
    assert link.replace(SECRET, "换了名字的口令") in page


def test_nobody_else_meets_the_title_anywhere(
    client: Clients, pair: tuple[str, str], reindex: Callable[[], None]
) -> None:
    secret, number = pair
    reindex()
    wang, agent = client("wang"), client("agent")
    page = wang.get(f"/kb/{number}").text
    assert f"先看 {secret}，再看 处置办法。" in page
    assert f"/kb/{secret}" not in page
    for visitor in (wang, agent):
        for address in (
            f"/kb/{number}",
            "/kb",
            "/kb?q=口令过期",
            "/search?q=口令过期",
            "/search?q=处置口令",
        ):
            assert SECRET not in visitor.get(address).text, address
    for path, fields in (("/ask/suggest", {"text": "口令过期怎么办", "place": "ask"}),):
        assert SECRET not in wang.submit_fragment(path, fields).text
    assert SECRET not in agent.submit_fragment("/console/answers", {"notes": "口令过期怎么办"}).text
    assert SECRET not in wang.get(f"/api/v1/articles/{number}").text


def test_nothing_tells_a_hidden_target_from_one_that_is_not_there(
    client: Clients, pair: tuple[str, str], published: Writing, maker: Maker
) -> None:
    secret, _ = pair
    number = number_of(maker, published("甲", f"[[{secret}]] [[KB999999]]"))
    assert f"<p>{secret} KB999999</p>" in client("wang").get(f"/kb/{number}").text
    editor = client("editor").get(f"/kb/{number}").text
    assert '<span class="xref is-lost">KB999999</span> <span class="xref-mark">没有这个编号</span>' in editor


def test_editors_see_what_became_of_a_target(client: Clients, pair: tuple[str, str], maker: Maker) -> None:
    secret, number = pair
    with transaction(maker) as session:
        article = session.scalars(select(Article).where(Article.number == secret)).one()
        articles.move(session, article, ArticleAction.RETIRE, by=0, duties=set(Duty), note="不用了")
    assert '<span class="xref-mark">已下线</span>' in client("editor").get(f"/kb/{number}").text
    assert "KB000002" in client("editor").get(f"/knowledge/{secret}/history").text, "who links here is listed"


def test_the_preview_knows_titles(client: Clients, pair: tuple[str, str]) -> None:
    shown = client("editor").submit_fragment("/knowledge/preview", {"body": f"[[{pair[0]}]]"}).text
    assert SECRET in shown


def test_a_page_of_many_links_asks_no_more_than_one_of_few(
    client: Clients, published: Writing, maker: Maker, engine: Engine
) -> None:
    numbers = [number_of(maker, published(f"第{n}篇")) for n in range(12)]
    few = number_of(maker, published("少", f"[[{numbers[0]}]]"))
    many = number_of(maker, published("多", " ".join(f"[[{number}]]" for number in numbers)))
    wang = client("wang")
    counts = []
    for address in (f"/kb/{few}", f"/kb/{many}", f"/kb/{few}", f"/kb/{many}"):
        with statements_sent(engine) as asked:
            assert wang.get(address).status_code == 200
        counts.append(len(asked))
    assert counts[2] == counts[3]


# ── choosing one ─────────────────────────────────────────────────────────────────────────────────


def test_targets_are_offered_by_number_by_title_and_by_meaning(
    client: Clients, pair: tuple[str, str], known: Writing, reindex: Callable[[], None]
) -> None:
    secret, number = pair
    known("重算后一直转圈", symptoms=["点重算没有反应"])
    reindex()
    editor = client("editor")
    for asked, found in (
        ("kb-1", secret),
        (number, number),
        ("处置口令", secret),
        ("口令过期怎么办", number),
        ("qx1", "QX000001"),
        ("点重算没有反应", "QX000001"),
    ):
        assert f'data-number="{found}"' in editor.get(f"/knowledge/targets?q={asked}").text, asked
    assert 'data-number="' in editor.get("/knowledge/targets?q=").text, "before a word: what changed last"
    assert f'data-number="{number}"' not in editor.get(f"/knowledge/targets?q=口令&number={number}").text
    assert "没有对得上的标题或编号" in editor.get("/knowledge/targets?q=KB999999").text
    assert 'data-number="' not in editor.get("/knowledge/targets?q=%25_%25").text
    for login in ("wang", "agent"):
        assert client(login).get("/knowledge/targets?q=口令").status_code == 404


@pytest.mark.parametrize(
    ("page", "endpoint"), [(ARTICLE_PAGE, "reading.article"), (DEFECT_PAGE, "defect_pages.record")]
)
def test_the_pages_are_those_of_the_portal(app: Flask, page: str, endpoint: str) -> None:
    assert app.url_map.bind("localhost").match(page.format("KB000001"), "GET")[0] == endpoint
