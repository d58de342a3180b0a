"""The bell in a real browser: the count, the title's badge, what pops up, and that none of it comes twice."""

from __future__ import annotations

from playwright.sync_api import expect

from portal.tickets.words import Action
from tests.browser.conftest import People
from tests.browser.waiting import comes_true
from tests.web.conftest import Filing, Moving

#: As if the page had been hidden and is looked at again after a while: it asks at once.
LOOKED_AT = "document.dispatchEvent(new Event('visibilitychange'))"
LATER = "const then = Date.now; Date.now = () => then() + 60000"


def test_what_is_urgent_pops_up_once_and_leads_to_its_ticket(
    person: People, filed: Filing, moved: Moving
) -> None:
    number = filed("打印空白")
    page = person("wang")
    assert comes_true(page, "localStorage.getItem('desk-notices-seen') !== null")
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ASK, "agent", note="<b>请截图</b>")
    page.evaluate(LATER)
    page.evaluate(LOOKED_AT)
    toast = page.locator(".desk-toast")
    expect(toast).to_contain_text(f"工单 {number} 需要您补充：<b>请截图</b>")
    expect(page.locator("#unread")).to_contain_text("2")
    assert page.title().startswith("(2) ")
    with page.expect_navigation():
        toast.get_by_role("link").click()
    expect(page).to_have_url(f"{page.url.split('/my/')[0]}/my/tickets/{number}")
    expect(page.locator("#unread")).to_contain_text("1")
    expect(page.locator(".desk-toast")).to_have_count(0)


def test_who_comes_with_a_pile_is_not_met_by_it(person: People, filed: Filing, moved: Moving) -> None:
    number = filed()
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ASK, "agent", note="请截图")
    page = person("wang")
    expect(page.locator("#unread")).to_contain_text("2")
    expect(page.locator(".desk-toast")).to_have_count(0)


def test_marking_all_as_read_is_taken_back(person: People, filed: Filing, moved: Moving) -> None:
    moved(filed(), Action.TAKE, "agent")
    page = person("wang")
    page.goto("/notices")
    page.get_by_role("button", name="全部标为已读").click()
    expect(page.get_by_text("已全部标为已读")).to_be_visible()
    expect(page.locator("#unread")).to_be_empty()
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("#unread")).to_contain_text("1")
