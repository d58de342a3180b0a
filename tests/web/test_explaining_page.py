"""Why are these the results: for those who shape what is found, with their own eyes and no others'."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session, sessionmaker

from kb.audience import Audience
from kb.models import Article
from tests.web.conftest import Clients, Filing, Writing

Reindex = Callable[[], None]


def number_of(maker: sessionmaker[Session], id_: int) -> str:
    with maker() as session:
        article = session.get(Article, id_)
        assert article is not None
        return article.number


def test_every_stage_is_told_for_those_who_shape_what_is_found(
    client: Clients, published: Writing, reindex: Reindex, maker: sessionmaker[Session]
) -> None:
    published("打印机脱机怎么办")
    lower = published("考勤机说明", "打印机另见别处")
    reindex()
    told = client("editor").get(f"/search/why?q=打印机脱机&about={number_of(maker, lower)}").text
    for words in ("打印机脱机怎么办", "词语", "最终次序", "起点", "在结果里", "和排在第一的"):
        assert words in told


@pytest.mark.parametrize("login", ["wang", "agent", "engineer"])
def test_others_find_no_such_page_and_no_link(
    client: Clients, published: Writing, reindex: Reindex, login: str
) -> None:
    published("打印机脱机怎么办")
    reindex()
    assert client(login).get("/search/why?q=打印机").status_code == 404
    assert "/search/why" not in client(login).get("/search?q=打印机").text


def test_what_one_may_not_see_is_answered_like_what_is_not_there(
    client: Clients,
    published: Writing,
    filed: Filing,
    reindex: Reindex,
    maker: sessionmaker[Session],
) -> None:
    secret = number_of(maker, published("打印机脱机内部处置", audience=Audience.EXPERTS))
    ticket = filed("打印机脱机了急")
    reindex()
    hidden = client("admin").get(f"/search/why?q=打印机脱机&about={secret}").text
    nowhere = client("admin").get("/search/why?q=打印机脱机&about=KB999999").text
    assert "打印机脱机内部处置" not in hidden
    assert ticket not in hidden
    for told, number in ((hidden, secret), (nowhere, "KB999999")):
        assert f"没有您能看到的编号 {number}" in told
        assert f'aria-label="{number}"' not in told


def test_without_a_question_it_asks_for_one(client: Clients) -> None:
    assert "想找什么" in client("editor").get("/search/why").text


def test_the_search_page_leads_there_and_keeps_what_was_narrowed(
    client: Clients, published: Writing, reindex: Reindex
) -> None:
    published("打印机脱机怎么办")
    reindex()
    page = client("editor").get("/search?q=打印机&kind=article").text
    assert "为什么是这些结果" in page
    assert "kind=article" in page[page.index("/search/why") :][:120]
