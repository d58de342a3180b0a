"""The search page: what I may find, narrowed by kind and system, page by page."""

from __future__ import annotations

from collections.abc import Callable

from kb.audience import Audience
from tests.web.conftest import Clients, Filing, Writing

Reindex = Callable[[], None]


def test_an_empty_search_says_what_can_be_found(client: Clients) -> None:
    assert "想找什么" in client("wang").get("/search").text


def test_kinds_and_systems_narrow_and_keep_the_other_doors_open(
    client: Clients, published: Writing, known: Writing, reindex: Reindex
) -> None:
    published("打印电费通知单的步骤", system="mkt")
    published("打印公文的步骤", system="oa")
    known("打印空白")
    reindex()
    browser = client("wang")
    everything = browser.get("/search?q=打印").text
    for title in ("打印电费通知单的步骤", "打印公文的步骤", "打印空白"):
        assert title in everything
    only = browser.get("/search?q=打印&kind=article&system=oa").text
    assert "打印公文的步骤" in only
    assert "打印电费通知单的步骤" not in only
    assert "营销业务应用系统" in only, "the other system is still offered"
    assert "kind=defect" in only, "the other kind is still offered"


def test_nobody_finds_or_counts_what_they_may_not_read(
    client: Clients, published: Writing, filed: Filing, reindex: Reindex
) -> None:
    published("打印插件的内部排查", audience=Audience.STAFF)
    number = filed("打印插件坏了")
    reindex()
    stranger = client("zhao").get("/search?q=打印插件").text
    assert "内部排查" not in stranger
    assert number not in stranger
    assert "没有可信的匹配" in stranger
    assert number in client("wang").get("/search?q=打印插件").text
    assert "内部排查" in client("agent").get("/search?q=打印插件").text


def test_my_ticket_opens_on_my_page_and_a_colleagues_on_the_staffs(
    client: Clients, filed: Filing, reindex: Reindex
) -> None:
    number = filed("打印插件坏了")
    reindex()
    assert f'href="/my/tickets/{number}"' in client("wang").get(f"/search?q={number}").text
    assert f'href="/tickets/{number}"' in client("agent").get(f"/search?q={number}").text


def test_pages_are_turned_with_the_filters(client: Clients, published: Writing, reindex: Reindex) -> None:
    for number in range(23):
        published(f"打印问题第 {number} 种")
    reindex()
    first = client("wang").get("/search?q=打印问题&kind=article").text
    assert "第 1 / 2 页" in first
    assert "page=2" in first
    assert "第 2 / 2 页" in client("wang").get("/search?q=打印问题&kind=article&page=2").text


def test_the_page_says_when_only_words_are_compared(
    client: Clients, published: Writing, reindex: Reindex
) -> None:
    published("打印")
    reindex()
    assert "目前按词语检索" in client("wang").get("/search?q=打印").text


def test_without_an_index_it_still_answers_and_says_so(client: Clients, published: Writing) -> None:
    published("打印公文的步骤")
    page = client("wang").get("/search?q=打印公文").text
    assert "检索索引正在重建" in page
    assert "打印公文的步骤" in page
