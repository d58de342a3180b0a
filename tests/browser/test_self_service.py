"""An employee who wants an answer: found and done, or not helped and all carried on; phone, keys, English."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.models import Article, Feedback, Reason
from portal.finder.models import Consultation, Outcome
from portal.tickets.models import Ticket
from tests.browser.conftest import PHONE, People
from tests.web.conftest import Writing

TITLE = "电费发票怎么下载"
PARTS = ("准备", "下载", "打印", "仍不行怎么办")
BODY = "\n\n".join(
    f"## {part}\n\n" + "1. 打开【电费核算】页面。\n2. 点“发票”，再点“下载”。\n\n" * 6 for part in PARTS
)


@pytest.fixture
def number(published: Writing, consumed: Callable[[], None], maker: sessionmaker[Session]) -> str:
    """One article on its shelf, and found."""
    published(TITLE, BODY, system="mkt", module="bill", category="consultation")
    consumed()
    with maker() as session:
        return session.scalars(select(Article.number)).one()


def rows(maker: sessionmaker[Session], model: type) -> list:
    with maker() as session:
        return list(session.scalars(select(model)))


def test_browsing_to_an_answer_and_stopping_there(
    person: People, number: str, maker: sessionmaker[Session]
) -> None:
    page = person("wang")
    page.get_by_role("navigation", name="主菜单").get_by_role("link", name="知识库").click()
    page.get_by_role("region", name="按系统找").get_by_role("link", name="营销业务应用系统").click()
    page.get_by_role("navigation", name="筛选").get_by_role("link", name="电费核算").click()
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    verdict = page.get_by_role("region", name="这篇有没有帮到您")
    verdict.get_by_role("button", name="解决了", exact=True).click()
    expect(verdict).to_contain_text("太好了")
    assert [(row.solved, row.reason) for row in rows(maker, Feedback)] == [(True, None)]
    assert rows(maker, Ticket) == []

    # A mind may be changed, and the page remembers what was said last.
    verdict.get_by_role("button", name="改主意了").click()
    expect(verdict).to_contain_text("这篇解决您的问题了吗")
    assert rows(maker, Feedback) == []
    page.goto("/")
    page.get_by_role("link", name=TITLE).first.click()
    expect(page.get_by_role("region", name="这篇有没有帮到您")).to_contain_text("这篇解决您的问题了吗")


def test_not_helped_and_everything_goes_along(
    person: People, number: str, maker: sessionmaker[Session]
) -> None:
    page = person("wang")
    page.goto(f"/kb/{number}")
    verdict = page.get_by_role("region", name="这篇有没有帮到您")
    verdict.get_by_role("button", name="没解决").click()
    verdict.get_by_role("radio", name="步骤对不上").check()
    verdict.get_by_label("哪里不对，或者缺了什么？").fill("我的页面上没有“发票”这一项")
    verdict.get_by_role("button", name="继续求助，提交工单").click()
    page.wait_for_url("**/ask?**")
    expect(page.get_by_label("遇到了什么问题？")).to_have_value("我的页面上没有“发票”这一项")
    expect(page.get_by_label("告诉服务台我看过这篇")).to_be_checked()
    expect(page.locator("#system-name")).to_have_text("营销业务应用系统")
    page.get_by_label("不会用、想问问").check()
    page.get_by_role("button", name="都不是，提交工单").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("我的页面上没有“发票”这一项")

    (said,) = rows(maker, Feedback)
    assert (said.solved, said.reason) == (False, Reason.STEPS)
    (ticket,) = rows(maker, Ticket)
    assert ticket.id in {row.ticket_id for row in rows(maker, Consultation) if row.outcome == Outcome.FILED}
    agent = person("agent")
    agent.goto(f"/tickets/{ticket.number}")
    expect(agent.get_by_text("提交前看过")).to_be_visible()
    expect(agent.get_by_role("link", name=f"{number} {TITLE}").first).to_be_visible()


def test_on_a_phone_the_contents_open_and_the_verdict_stays_at_hand(person: People, number: str) -> None:
    page = person("wang", viewport=PHONE, has_touch=True)
    page.goto(f"/kb/{number}")
    expect(page.get_by_role("button", name="没解决")).to_be_in_viewport()
    page.get_by_text("目录", exact=True).first.click()
    page.get_by_role("link", name="打印").first.click()
    expect(page.get_by_role("heading", name="打印")).to_be_in_viewport()
    assert not page.evaluate("document.scrollingElement.scrollWidth > innerWidth")
    page.get_by_role("button", name="没解决").click()
    page.get_by_role("radio", name="看不懂").check()
    page.get_by_role("button", name="只告诉编辑").click()
    expect(page.get_by_role("region", name="这篇有没有帮到您")).to_contain_text("会看到您说的原因")


def test_with_the_keyboard_alone(person: People, number: str, maker: sessionmaker[Session]) -> None:
    page = person("wang")
    page.goto("/kb")
    page.keyboard.press("/")
    page.keyboard.type("发票下载")
    page.keyboard.press("Enter")
    page.wait_for_url("**/kb?q=**")
    page.locator("body").press("j")
    expect(page.locator(".kb-card:focus")).to_contain_text(TITLE)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    page.get_by_role("button", name="没解决").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="步骤对不上")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="看不懂")).to_be_checked()
    page.get_by_role("button", name="只告诉编辑").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="这篇有没有帮到您")).to_contain_text("会看到您说的原因")
    assert [row.reason for row in rows(maker, Feedback)] == [Reason.UNCLEAR]


def test_the_contents_mark_what_is_being_read(person: People, number: str) -> None:
    page = person("wang")
    page.goto(f"/kb/{number}")
    contents = page.get_by_role("navigation", name="目录")
    expect(contents.locator("a[aria-current]")).to_have_text(PARTS[0])
    page.get_by_role("heading", name="打印").evaluate("(heading) => heading.scrollIntoView()")
    expect(contents.locator("a[aria-current]")).to_have_text("打印")
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    expect(contents.locator("a[aria-current]")).to_have_text(PARTS[-1])


def test_text_is_copied_and_paper_holds_the_article_alone(person: People, number: str) -> None:
    page = person("wang")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/kb/{number}")
    page.get_by_role("button", name="复制全文").click()
    expect(page.get_by_role("group", name="分享")).to_contain_text("已复制")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(TITLE)
    assert f"/kb/{number}" in copied
    assert "2. 点“发票”，再点“下载”。" in copied
    _on_paper(page)


def _on_paper(page: Page) -> None:
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".article-source")).to_be_visible()
    for gone in (".desk-bar", "#verdict", ".article-side", ".article-crumbs"):
        expect(page.locator(gone)).to_be_hidden()
    page.set_viewport_size({"width": 670, "height": 900})  # the width of A4 between its margins
    body = page.locator(".article-body").bounding_box()
    assert body is not None
    assert body["x"] >= 0
    assert body["x"] + body["width"] <= 670


def test_in_english(person: People, number: str) -> None:
    page = person("wang")
    page.locator(".desk-me").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto("/kb")
    expect(page.get_by_role("heading", name="By system")).to_be_visible()
    page.goto(f"/kb/{number}")
    page.get_by_role("button", name="No", exact=False).last.click()
    expect(page.get_by_text("The steps don’t match")).to_be_visible()
    page.get_by_role("radio", name="Out of date").check()
    page.get_by_role("button", name="Still need help, submit a ticket").click()
    page.wait_for_url("**/ask?**")
    expect(page.get_by_label("Tell the desk I read this")).to_be_checked()
