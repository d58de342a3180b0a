"""What is related to an article: near first, of its language, each text once, and only what one may read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from indexer.index import Index
from kb import articles
from kb.articles import ArticleText
from kb.audience import Audience
from kb.flow import ArticleState
from kb.models import Article
from portal.finder import sources
from portal.finder.related import MOST, related_to
from tests.world import World

Shelving = Callable[..., Article]


@pytest.fixture
def shelved(session: Session, desk_world: World) -> Shelving:
    def shelve(title: str, body: str = "正文", **more: object) -> Article:
        values = {"system": "mkt", "module": "bill", **more}
        article = articles.write(session, ArticleText(title, body, **values), by=1)  # type: ignore[arg-type]
        article.state = ArticleState.PUBLISHED
        session.flush()
        return article

    return shelve


def _titles(session: Session, index: Index, world: World, article: Article, login: str = "wang") -> list[str]:
    index.rebuild(list(sources.every_document(session)))
    person = World.of(session).people[login]
    return [row.title for row in related_to(session, person, index, session.merge(article))]


def test_near_ones_come_before_those_of_the_same_module(
    session: Session, index: Index, desk_world: World, shelved: Shelving
) -> None:
    article = shelved("发票下载是空白的", "电费发票下载后打开是空白页，换一个阅读器。")
    shelved("同模块但说别的", "抄表机对时。")
    near = shelved("电费发票打开空白", "发票下载后空白页的另一种原因。", module="meter")
    shelved("发票专用章的用印规定", "别的系统里也写到发票下载。", system="oa", module="seal")
    session.commit()
    found = _titles(session, index, desk_world, article)
    assert found[0] == near.title
    assert "同模块但说别的" in found
    assert "发票专用章的用印规定" not in found, "a word in common is not enough"
    assert article.title not in found


def test_only_what_its_reader_may_read_and_no_translation_of_it(
    session: Session, index: Index, desk_world: World, shelved: Shelving
) -> None:
    article = shelved("发票下载是空白的", "电费发票下载后打开是空白页。")
    shelved("发票下载空白，给专家", "电费发票下载空白页。", audience=Audience.EXPERTS)
    shelved("发票下载空白，给海陵", "电费发票下载空白页。", units=["hl"])
    english = shelved("The invoice is blank 发票下载", "发票下载空白页", language="en")
    english.translation_of_id = article.id
    session.commit()
    assert _titles(session, index, desk_world, article) == []
    assert _titles(session, index, desk_world, article, "zhao") == ["发票下载空白，给海陵"]
    assert _titles(session, index, desk_world, article, "engineer") == ["发票下载空白，给专家"]


def test_without_an_index_the_same_module_stands_in(
    session: Session, index: Index, desk_world: World, shelved: Shelving
) -> None:
    article = shelved("甲")
    for number in range(MOST + 3):
        shelved(f"第 {number} 篇")
    shelved("别的系统", system="oa", module="mail")
    session.commit()
    found = related_to(session, desk_world.people["wang"], index, article)
    assert len(found) == MOST
    assert "别的系统" not in {row.title for row in found}
