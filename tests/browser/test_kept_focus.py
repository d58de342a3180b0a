"""A deed by key draws its part of the page anew; the keyboard is in that part still."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.faults import board
from portal.faults.flow import AnnouncementKind
from tests.browser.conftest import People
from tests.web.conftest import Writing
from tests.world import World


def press(page: Page, name: str) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    button.focus()
    button.press("Enter")


def test_a_verdict_and_a_change_of_mind(person: People, published: Writing) -> None:
    published("打印机卡纸怎么办", "1. 打开前盖。", system="mkt")
    page = person("wang")
    page.goto("/kb")
    page.get_by_role("link", name="打印机卡纸怎么办").first.click()
    press(page, "解决了")
    expect(page.locator("#verdict")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="改主意了，重新选")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="解决了", exact=True)).to_be_focused()


def test_folding_and_unfolding_the_announcements(person: People, maker: sessionmaker[Session]) -> None:
    with transaction(maker) as session:
        expert = World.of(session).people["expert"]
        text = board.AnnouncementText(AnnouncementKind.NOTICE, "今晚维护", "晚上八点起", ["mkt"], ["ld"])
        board.publish(session, board.write_announcement(session, text, by=expert), by=expert)
    page = person("wang")
    press(page, "收起公告")
    expect(page.get_by_role("button", name="1 条公告生效中")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="收起公告")).to_be_focused()
