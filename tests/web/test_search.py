"""The search page: what I may find, narrowed by kind and system, page by page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from kb.audience import Audience
from kb.models import Article
from portal.db import transaction
from portal.tickets.words import Action
from tests.web.conftest import Clients, Filing, Moving, Writing

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


def test_a_page_behind_the_last_is_the_last(client: Clients, published: Writing, reindex: Reindex) -> None:
    for number in range(22):
        published(f"打印第 {number} 种单据")
    reindex()
    browser = client("wang")
    for page in ("2", "3", "99", "9999999"):
        shown = browser.get(f"/search?q=打印单据&page={page}").text
        assert "找到 22 条" in shown
        assert len(re.findall(r'class="answer[ "]', shown)) == 2
        assert "第 2 / 2 页" in shown


def test_more_than_is_ranked_is_not_counted_as_found(
    client: Clients, published: Writing, reindex: Reindex, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        published(f"打印第 {number} 种单据")
    reindex()
    assert "找到 5 条" in client("wang").get("/search?q=打印单据").text
    monkeypatch.setattr("portal.web.search.DEPTH", 4)
    assert "最相近的 4 条" in client("wang").get("/search?q=打印单据").text


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


def choices(page: str, facet: str) -> dict[str, str]:
    """Name → count of one facet beside the results."""
    found = re.search(rf'<ul class="facets" aria-label="{facet}">(.*?)</ul>', page, re.DOTALL)
    rows = re.findall(r'<a class="facet[^>]*>([^<]*)(?:<span>(\d+)</span>)?', found[1]) if found else []
    return dict(rows)


def day(days_ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).date().isoformat()


def titles(page: str) -> set[str]:
    return set(re.findall(r'class="result-title">.*?<a [^>]*>([^<]*)</a>', page))


def test_every_filter_narrows_and_counts_among_the_others(
    client: Clients, published: Writing, filed: Filing, moved: Moving, reindex: Reindex
) -> None:
    published("打印电费通知单", system="mkt", module="bill")
    published("打印表计台账", system="mkt", module="meter")
    published("Print 打印 a notice", system="mkt", language="en")
    first, second = filed("打印不了发票"), filed("打印出来是空白")
    moved(second, Action.CANCEL, "wang", note="好了")
    reindex()
    browser = client("wang")

    module = browser.get("/search?q=打印&system=mkt&module=bill").text
    assert titles(module) == {"打印电费通知单"}
    assert choices(module, "模块") == {"全部模块": "", "电费核算": "1", "计量资产": "1"}

    english = browser.get("/search?q=打印&kind=article&language=en").text
    assert titles(english) == {"Print 打印 a notice"}
    assert choices(english, "语言") == {"全部语言": "", "中文": "2", "English": "1"}

    cancelled = browser.get("/search?q=打印&kind=ticket&state=cancelled").text
    assert second in cancelled
    assert first not in cancelled
    assert len(choices(cancelled, "状态")) == 3

    assert "状态" not in browser.get("/search?q=打印&kind=article").text, "no desk jargon for employees"


def test_a_period_narrows_by_the_day(
    client: Clients, published: Writing, reindex: Reindex, maker: sessionmaker[Session]
) -> None:
    old = published("打印旧规定")
    published("打印新规定")
    with transaction(maker) as session:
        long_ago = datetime.now(UTC) - timedelta(days=90)
        session.execute(update(Article).where(Article.id == old).values(updated_at=long_ago))
    reindex()
    browser = client("wang")
    assert titles(browser.get("/search?q=打印规定").text) == {"打印旧规定", "打印新规定"}
    assert titles(browser.get(f"/search?q=打印规定&from={day(30)}").text) == {"打印新规定"}
    assert titles(browser.get(f"/search?q=打印规定&to={day(30)}").text) == {"打印旧规定"}
    assert titles(browser.get(f"/search?q=打印规定&from={day(92)}&to={day(88)}").text) == {"打印旧规定"}
    nothing = browser.get(f"/search?q=打印规定&from={day(60)}&to={day(30)}").text
    assert "在这些条件里没有找到" in nothing
    assert "去掉全部条件" in nothing


@pytest.mark.parametrize(
    "nonsense",
    ["kind=person", "from=soon", "to=9999-99-99", "from=0001-01-01", "to=9999-12-31", "language=xx",
     "state=new", "module=bill", "kind=ticket&state=published", "page=0&kind="],
)  # fmt: skip
def test_an_address_that_says_nonsense_narrows_nothing(
    client: Clients, published: Writing, reindex: Reindex, nonsense: str
) -> None:
    published("打印规定")
    reindex()
    answer = client("wang").get(f"/search?q=打印规定&{nonsense}")
    assert answer.status_code == 200
    assert "打印规定" in titles(answer.text) or "kind=ticket" in nonsense


def test_counts_beside_the_results_hold_only_what_i_may_see(
    client: Clients, published: Writing, filed: Filing, reindex: Reindex
) -> None:
    published("打印内部口径", audience=Audience.STAFF, system="oa", language="en")
    published("打印公文", system="mkt", module="bill")
    filed("打印不了", by="wang")
    reindex()
    page = client("zhao").get("/search?q=打印&system=mkt").text
    assert choices(page, "种类") == {"全部": "", "知识": "1"}
    assert choices(page, "系统") == {"全部系统": "", "营销业务应用系统": "1"}
    assert choices(page, "语言") == {}


def test_a_better_wording_is_one_click_away_with_the_filters(
    client: Clients, published: Writing, reindex: Reindex
) -> None:
    published("登录失败怎么办", system="mkt")
    reindex()
    page = client("wang").get("/search?q=登陆失败&system=mkt").text
    link = re.search(r'您是不是要找：<a href="([^"]+)">([^<]+)</a>', page)
    assert link is not None
    assert link[2] == "登录失败"
    assert "system=mkt" in link[1]
    better = client("wang").get(link[1].replace("&amp;", "&")).text
    assert "您是不是要找" not in better
    assert "登录失败怎么办" in titles(better)


def test_what_is_typed_is_completed_under_the_field(
    client: Clients, published: Writing, filed: Filing, reindex: Reindex
) -> None:
    published("登录失败怎么办 <b>", system="mkt")
    published("登录口径", audience=Audience.STAFF)
    number = filed("登录之后白屏", by="wang")
    reindex()
    lines = client("wang").get("/search/typing?q=登录").text
    assert "<mark>登录</mark>失败怎么办 &lt;b&gt;" in lines
    assert f'href="/my/tickets/{number}"' in lines
    assert "营销业务应用系统" in lines
    assert "口径" not in lines
    assert "<mark>登录</mark>口径" in client("agent").get("/search/typing?q=denglu").text
    assert number not in client("zhao").get("/search/typing?q=登录").text
    assert client("wang").get("/search/typing?q=").text.strip() == ""
    assert client().get("/search/typing?q=登录").status_code == 302


def test_a_completed_system_leads_to_its_texts(client: Clients, published: Writing, reindex: Reindex) -> None:
    published("用印申请", system="oa")
    reindex()
    lines = client("wang").get("/search/typing?q=xietong").text
    link = re.search(r'href="(/search[^"]+system=oa[^"]*)"', lines)
    assert link is not None
    assert client("wang").get(link[1].replace("&amp;", "&")).status_code == 200


def test_the_search_fields_are_plain_forms_without_scripts(client: Clients) -> None:
    for page in ("/search", "/my/tickets", "/"):
        text = client("wang").get(page).text
        field = re.search(r"<input[^>]*data-typeahead=[^>]*>", text)
        assert field is not None, page
        assert 'role="combobox"' not in field[0], "the script makes it one"
