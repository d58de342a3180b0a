"""The manager's page: a figure is as good as the list behind it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from portal.tickets.words import Action, Category
from tests.browser.conftest import People
from tests.web.conftest import Filing, Moving

COUNTED = ("在办工单", "已超时", "即将超时", "新提交", "已办结")


@pytest.fixture
def busy(filed: Filing, moved: Moving) -> None:
    """Seven tickets: one closed, one escalated, the rest with the front."""
    for number in range(5):
        filed(f"第 {number} 个问题", category=Category.CONSULTATION)
    done = filed("问一下", category=Category.CONSULTATION, system="oa")
    moved(done, Action.TAKE, "agent")
    moved(done, Action.ANSWER, "agent", note="这样做")
    moved(done, Action.CONFIRM, "wang", rating=5)
    sent = filed("转圈")
    moved(sent, Action.TAKE, "agent")
    moved(sent, Action.ESCALATE, "agent", note="请研判")


def listed(page: Page, address: str) -> int:
    """How many tickets the list at this address holds, as the list itself says."""
    page.goto(address)
    return int(page.locator(".qu-tab.is-here b").inner_text())


def test_every_counted_figure_opens_as_many_tickets(person: People, busy: None) -> None:
    page = person("manager")
    page.goto("/figures")
    told = {}
    for name in COUNTED:
        tile = page.locator(".fig-tile").filter(has=page.get_by_text(name, exact=True))
        told[name] = (int(tile.locator(".fig-value").inner_text()), tile.get_attribute("href") or "")
    assert told["在办工单"][0] == 6
    assert told["新提交"][0] == 7
    assert told["已办结"][0] == 1
    assert {name: listed(page, href) for name, (_, href) in told.items()} == {
        name: count for name, (count, _) in told.items()
    }


def test_every_number_of_the_charts_opens_as_many_tickets(person: People, busy: None) -> None:
    page = person("manager")
    page.goto("/figures")
    expect(page.locator(".fig-plot svg, .fig-plot canvas").first).to_be_visible()
    links = page.locator(".fig-table td a")
    told = [
        (links.nth(at).text_content() or "", links.nth(at).get_attribute("href") or "")
        for at in range(links.count())
    ]
    assert told
    wrong = [(count, href) for count, href in told if listed(page, href) != int(re.sub(r"\D", "", count))]
    assert wrong == []
