"""The queue without a mouse: tick, preview, apply, undo; keep a view; choose columns."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.tickets.models import Ticket
from portal.tickets.views.models import SavedView
from tests.browser.conftest import PHONE, People
from tests.web.conftest import Filing


def holders(maker: sessionmaker[Session]) -> list[str | None]:
    with maker() as session:
        rows = session.scalars(select(Ticket).order_by(Ticket.id))
        return [row.holder.login if row.holder else None for row in rows]


def test_a_bulk_deed_by_keyboard(person: People, filed: Filing, maker: sessionmaker[Session]) -> None:
    for text in ("甲事", "乙事", "丙事"):
        filed(text)
    page = person("supervisor")
    page.goto("/queues?tab=unheld")
    picked = page.locator("[data-picked]")
    deed = page.get_by_role("button", name="改派")
    expect(deed).to_be_disabled()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(picked).to_have_text("2")
    page.keyboard.press("A")
    expect(picked).to_have_text("3")
    page.keyboard.press("A")
    expect(picked).to_have_text("0")
    page.keyboard.press("x")  # the row in focus
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(picked).to_have_text("2")
    expect(deed).to_be_enabled()
    page.keyboard.press("b")

    expect(page.locator("#bulk-person")).to_be_focused()
    page.keyboard.type("agent")
    page.keyboard.press("Tab")
    page.keyboard.type("两位休假，请先处理")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".bk-sum")).to_contain_text("可以执行 2")
    assert holders(maker) == [None, None, None]
    page.locator("body").focus()
    page.keyboard.press("y")
    expect(page.locator(".bk-sum")).to_contain_text("已完成 2")
    assert holders(maker).count("agent") == 2
    page.keyboard.press("u")
    expect(page.locator(".bk-sum")).to_contain_text("已撤销 2")
    assert holders(maker) == [None, None, None]
    page.keyboard.press("q")
    expect(page).to_have_url(re.compile("tab=unheld"))


def test_a_view_and_its_columns_by_keyboard(
    person: People, filed: Filing, maker: sessionmaker[Session]
) -> None:
    filed("甲事")
    page = person("agent")
    page.goto("/queues?tab=served&system=mkt")
    page.keyboard.press("v")
    expect(page.locator("#view-name")).to_be_focused()
    page.keyboard.type("营销全部")
    page.keyboard.press("Enter")
    view = page.locator(".qu-view.is-here")
    expect(view).to_contain_text("营销全部")
    expect(view.locator("b")).to_have_text("1")
    with maker() as session:
        assert session.scalars(select(SavedView)).one().arguments == {"tab": "served", "system": "mkt"}

    heads = page.locator(".qu-table thead th")
    expect(heads.first).to_have_text("时限")
    page.keyboard.press("c")
    due = page.get_by_role("checkbox", name="时限")
    expect(due).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")  # behind the ticket
    expect(due).to_be_focused()
    page.get_by_role("checkbox", name="催单").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")  # what a field of a form does: it applies
    expect(heads.first).to_have_text("工单")
    expect(heads.last).to_have_text("催单")


def test_the_queue_on_a_phone_does_not_scroll_sideways(person: People, filed: Filing) -> None:
    filed("一件标题比较长的事情，要在手机上也能看清楚、点得到")
    page = person("supervisor", viewport=PHONE)
    page.goto("/queues?tab=served")
    expect(page.locator("[data-row]")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
