"""The feed of what is new and changed: well-formed whatever it says, each reader's own, cached safely."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from kb.audience import Audience
from portal.db import transaction
from portal.people import login as accounts
from tests.web.conftest import Clients, Writing
from tests.world import World

ATOM = "{http://www.w3.org/2005/Atom}"


def _entries(text: str) -> list[str]:
    return [row.findtext(f"{ATOM}title") or "" for row in ElementTree.fromstring(text).iter(f"{ATOM}entry")]


def test_it_is_atom_with_the_latest_change_first(client: Clients, published: Writing) -> None:
    published("先写的", "正文 <b>粗</b> & 结束")
    published("后写的", system="mkt")
    answer = client("wang").get("/kb/feed")
    assert answer.mimetype == "application/atom+xml"
    assert _entries(answer.text) == ["后写的", "先写的"]
    feed = ElementTree.fromstring(answer.text)
    entry = feed.findall(f"{ATOM}entry")[1]
    assert entry.findtext(f"{ATOM}summary") == "正文 粗 & 结束"
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href", "").startswith("http")
    assert _entries(client("wang").get("/kb/feed?system=mkt").text) == ["后写的"]
    assert _entries(client("wang").get("/kb/feed?system=nothing").text) == []


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>",
        "]]><x/>",
        "&amp; &#0; \x00\x0b\x1f",
        "甲\ufffe乙",
        '"><entry/>',
        "😀 émoji",
    ],
)
def test_whatever_stands_in_an_article_the_feed_is_well_formed(
    client: Clients, published: Writing, title: str
) -> None:
    published(f"题 {title}", f"正文 {title}", keywords=[title])
    text = client("wang").get("/kb/feed").text
    assert len(_entries(text)) == 1
    assert "<script" not in text


def test_a_token_reads_it_with_its_owners_eyes(
    client: Clients, published: Writing, maker: sessionmaker[Session], app: Flask
) -> None:
    published("大家都能看")
    published("只给服务台", audience=Audience.STAFF)
    with transaction(maker) as session:
        people = World.of(session).people
        tokens = {
            name: accounts.issue_token(session, people[name], "阅读器", scopes=["read"])[1]
            for name in ("wang", "agent")
        }
    seen = {
        name: _entries(
            app.test_client().get("/api/v1/articles/feed", headers={"Authorization": f"Bearer {token}"}).text
        )
        for name, token in tokens.items()
    }
    assert seen == {"wang": ["大家都能看"], "agent": ["只给服务台", "大家都能看"]}
    assert app.test_client().get("/api/v1/articles/feed").status_code == 401
    assert app.test_client().get("/kb/feed").status_code == 302


def test_unchanged_is_answered_so_and_changed_is_not(client: Clients, published: Writing) -> None:
    published("甲")
    visitor = client("wang")
    mark = visitor.get("/kb/feed").headers["ETag"]
    assert visitor.get("/kb/feed", headers={"If-None-Match": mark}).status_code == 304
    published("乙")
    assert visitor.get("/kb/feed", headers={"If-None-Match": mark}).status_code == 200
