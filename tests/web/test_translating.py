"""A translation beside its original: what changed since is marked, and it is saved or found still right."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb import articles
from kb.articles import ArticleText
from kb.flow import ArticleAction, Duty
from kb.models import Article
from kb.translations import keeping
from kb.translations.models import TranslationBasis
from portal.db import transaction
from tests.web.conftest import Clients
from tests.world import World

Maker = sessionmaker[Session]
ORIGINAL = ArticleText(title="密码过期怎么改", body="1. 打开旧门户\n2. 点修改", system="oa")
FORM = {
    "title": "Password expired",
    "body": "1. Open the portal",
    "kind": "howto",
    "language": "en",
    "system": "oa",
    "module": "",
    "category": "",
    "audience": "everyone",
}


def article_of(session: Session, number: str) -> Article:
    return session.scalars(select(Article).where(Article.number == number)).one()


@pytest.fixture
def original(maker: Maker, desk_world: World) -> str:
    with transaction(maker) as session:
        article = articles.write(session, ORIGINAL, by=desk_world.people["editor"].id)
        for action in (ArticleAction.SUBMIT, ArticleAction.PUBLISH):
            articles.move(session, article, action, by=0, duties=frozenset(Duty))
        return article.number


@pytest.fixture
def changed(maker: Maker, original: str) -> Callable[..., None]:
    def change(**words: Any) -> None:
        with transaction(maker) as session:
            article = article_of(session, original)
            text = replace(articles.text_of(article), **words)
            articles.revise(session, article, text, by=World.of(session).people["manager"].id)

    return change


@pytest.fixture
def translated(client: Clients, original: str) -> str:
    """The number of the translation, made through the page."""
    fields = {**FORM, "translation_of": original, "follows": "1", "caught_up": "y"}
    assert client("editor").submit("/knowledge/new", fields).status_code == 302
    return "KB000002"


def basis(maker: Maker) -> int:
    with maker() as session:
        return session.scalars(select(TranslationBasis.revision)).one()


def test_a_translation_starts_beside_the_original(client: Clients, original: str) -> None:
    page = client("editor").get(f"/knowledge/new?translation_of={original}").text
    assert "editor-original" in page
    assert "点修改" in page
    assert 'name="follows" type="hidden" value="1"' in page


def test_a_translation_of_a_translation_is_one_of_the_original(
    client: Clients, original: str, translated: str
) -> None:
    page = client("editor").get(f"/knowledge/new?translation_of={translated}").text
    assert f'value="{original}"' in page
    assert "点修改" in page


def test_what_changed_since_is_marked_where_it_is_translated(
    client: Clients, original: str, translated: str, changed: Callable[..., None], maker: Maker
) -> None:
    assert basis(maker) == 1
    changed(body="1. 打开新门户\n2. 点修改")
    editor = client("editor")
    for address in (f"/knowledge/{translated}/edit", f"/knowledge/{translated}/history"):
        page = editor.get(address).text
        assert "<del>旧</del><ins>新</ins>门户" in page, address
    assert 'name="caught_up" value="y" >' in editor.get(f"/knowledge/{translated}/edit").text, "not by itself"
    assert "译文比原文旧" in editor.get(f"/knowledge/{original}/history").text
    version = {"seen": "", "follows": "2"}
    editor.submit(f"/knowledge/{translated}/edit", {**FORM, **version, "body": "1. Open it"})
    assert basis(maker) == 1, "saved half way: the translator has not said that it is done"
    done = {**FORM, **version, "body": "1. Open the new portal", "caught_up": "y"}
    assert editor.submit(f"/knowledge/{translated}/edit", done).status_code == 302
    assert basis(maker) == 2
    assert "译文比原文旧" not in editor.get(f"/knowledge/{translated}/history").text


def test_what_the_translator_had_before_them_counts_not_what_came_meanwhile(
    client: Clients, translated: str, changed: Callable[..., None], maker: Maker
) -> None:
    changed(body="1. 打开新门户")
    changed(body="1. 打开更新的门户")
    done = {**FORM, "follows": "2", "caught_up": "y", "body": "1. Open the new portal"}
    assert client("editor").submit(f"/knowledge/{translated}/edit", done).status_code == 302
    with maker() as session:
        assert keeping.is_behind(session, article_of(session, translated))


def test_a_translation_may_be_found_still_right(
    client: Clients, original: str, translated: str, changed: Callable[..., None], maker: Maker
) -> None:
    changed(body="1. 打开门户。\n2. 点修改")
    editor = client("editor")
    assert "still-right" in editor.get(f"/knowledge/{translated}/history").text
    answer = editor.submit(f"/knowledge/{translated}/still-right", {"revision": "2"})
    assert answer.status_code == 302
    page = editor.get(f"/knowledge/{translated}/history").text
    assert "still-right" not in page
    assert "第 2 版一致" in page
    with maker() as session:
        assert len(article_of(session, translated).revisions) == 1, "no word was changed"
    assert editor.submit(f"/knowledge/{translated}/still-right", {"revision": "9"}).status_code == 422
    assert editor.submit(f"/knowledge/{original}/still-right").status_code == 422
    for login in ("wang", "agent", "engineer"):
        assert client(login).submit(f"/knowledge/{translated}/still-right").status_code == 404


def test_who_may_not_change_a_published_translation_does_not_confirm_it(
    client: Clients, translated: str, maker: Maker
) -> None:
    with transaction(maker) as session:
        for action in (ArticleAction.SUBMIT, ArticleAction.PUBLISH):
            articles.move(session, article_of(session, translated), action, by=0, duties=frozenset(Duty))
    assert client("expert").submit(f"/knowledge/{translated}/still-right").status_code == 422
    assert client("editor").submit(f"/knowledge/{translated}/still-right").status_code == 302


# ── versions compared ────────────────────────────────────────────────────────────────────────────


def test_any_two_versions_are_compared_field_by_field(
    client: Clients, original: str, changed: Callable[..., None]
) -> None:
    changed(keywords=("口令",), units=("ld",), system="mkt")
    changed(title="密码到期怎么办")
    editor = client("editor")
    last = editor.get(f"/knowledge/{original}/history").text
    assert "正文以外" not in last
    both = editor.get(f"/knowledge/{original}/history?a=1&b=3").text
    for words in (
        "<ins>口令</ins>",
        "<ins>岭东省公司</ins>",
        "<del>协同办公系统</del>",
        "<ins>营销业务应用系统</ins>",
    ):
        assert words in both
    back = editor.get(f"/knowledge/{original}/history?a=3&b=1").text
    assert "<del>口令</del>" in back


def test_a_file_that_is_no_picture_is_offered_as_a_download(client: Clients) -> None:
    editor = client("editor")
    told = editor.submit("/knowledge/files", {"files": (io.BytesIO("第一行,甲\n".encode()), "对照表.csv")})
    assert told.json is not None
    (line,) = told.json["markdown"]
    assert line.startswith("[对照表.csv](/files/")
    address = line[line.index("(") + 1 : -1]
    assert f'<a href="{address}"' in editor.submit_fragment("/knowledge/preview", {"body": line}).text
    assert editor.get(address).headers["Content-Disposition"].startswith("attachment")
