"""What holds for every page of every post: a title that names the thing, one heading, keys, focus."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from portal.tickets.words import Action, Category
from tests.browser.conftest import PHONE, People
from tests.browser.waiting import comes_true
from tests.web.conftest import Filing, Moving, Writing

PRODUCT = " · Tierdesk"
DESK: ViewportSize = {"width": 1440, "height": 900}
#: Charts follow a new width a moment later.
SETTLED = 2_000
#: An employee, and the posts that between them open every page.
LOGINS = ("wang", "agent", "supervisor", "expert", "editor", "dispatcher", "engineer", "manager", "admin")
#: Addresses of things; which posts see which of them, the pages decide.
THINGS = (
    "/kb/KB000001",
    "/defects/QX000001",
    "/search?q=电费",
    "/notices",
    "/notices/who",
    "/account/notices",
    "/admin/robots",
    "/admin/robots/new",
    "/account",
    "/announcements",
    "/knowledge/new",
    "/knowledge/KB000001/edit",
    "/knowledge/KB000001/history",
    "/defects/new",
    "/defects/imports",
    "/workbench/board",
    "/announcements/new",
    "/admin/people/wang",
    "/admin/people/new",
    "/admin/units",
    "/admin/systems",
    "/admin/audit",
    "/packs",
    "/packs/make",
    "/packs/senders",
    "/knowledge/synonyms",
    "/knowledge/gaps",
)


@pytest.fixture
def stocked(
    filed: Filing, moved: Moving, published: Writing, known: Writing, consumed: Callable[[], None]
) -> str:
    """A desk with one of everything; the number of a ticket in the middle."""
    published("电费发票怎么下载", "## 步骤\n\n1. 打开页面。\n2. 点下载。", system="mkt")
    known("电费重算后页面一直转圈", symptoms=["点重算一直转圈"])
    number = filed()
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="请研判")
    filed("怎么开通权限", category=Category.ACCOUNT)
    consumed()
    return number


def addresses(page: Page) -> list[str]:
    """The menu of this person, which is what they may open."""
    links = page.locator("#menu a").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
    return [str(link) for link in links]


def fits_a_phone(page: Page) -> bool:
    """Does the page, once it has settled at phone width, need no scrolling sideways?"""
    page.set_viewport_size(PHONE)
    try:
        return comes_true(page, "document.scrollingElement.scrollWidth <= innerWidth", within=SETTLED)
    finally:
        page.set_viewport_size(DESK)


def faults_of(page: Page, address: str) -> list[str]:
    """What is wrong with the page at this address; nothing when the person may not see it."""
    answer = page.goto(address)
    if answer is None or answer.status == 404:
        return []
    title, headings = page.title(), page.get_by_role("heading", level=1).count()
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea")]
            .filter((item) => item.checkVisibility())
            .filter((item) => !(item.textContent.trim() || item.labels?.length || item.title
                || item.getAttribute("aria-label") || item.getAttribute("aria-labelledby")))
            .map((item) => item.outerHTML.slice(0, 80))"""
    )
    found = [
        "" if answer.ok else f"status {answer.status}",
        "" if title.endswith(PRODUCT) and len(title) > len(PRODUCT) else f"title {title!r}",
        "" if headings == 1 else f"{headings} headings of the first level",
        f"controls without a name: {unnamed}" if unnamed else "",
        "" if fits_a_phone(page) else "wider than a phone",
    ]
    return [f"{address}: {fault}" for fault in found if fault]


@pytest.mark.parametrize("login", LOGINS)
def test_every_page_of_a_post_is_whole(person: People, stocked: str, login: str) -> None:
    page = person(login)
    menu = addresses(page)
    assert len(menu) >= 4
    seen = [*menu, *THINGS, f"/tickets/{stocked}", f"/my/tickets/{stocked}"]
    seen.append(f"/knowledge/drafts/new?ticket={stocked}")
    assert [fault for address in seen for fault in faults_of(page, address)] == []


def test_titles_name_the_thing_first(person: People, stocked: str) -> None:
    page = person("expert")
    for address, begins in (
        (f"/tickets/{stocked}", stocked),
        ("/kb/KB000001", "电费发票怎么下载"),
        ("/defects/QX000001", "QX000001"),
        ("/workbench", stocked),
    ):
        page.goto(address)
        expect(page).to_have_title(re.compile(f"^{begins}"))


def test_the_search_box_of_home_is_reached_by_tab_after_skip_link_and_menu(person: People) -> None:
    page = person("wang")
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    expect(page.locator(".skip-link")).to_be_in_viewport()
    walked: list[str] = []
    while len(walked) < 25 and not page.evaluate("document.activeElement.id === 'text'"):
        page.keyboard.press("Tab")
        walked.append(page.evaluate("document.activeElement.closest('header, main')?.tagName ?? ''"))
    expect(page.locator("#text")).to_be_focused()
    assert walked == ["HEADER"] * (len(walked) - 1) + ["MAIN"]


def test_the_skip_link_skips(person: People) -> None:
    page = person("wang")
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#text")).to_be_focused()


def test_focus_is_visible(person: People) -> None:
    page = person("wang")
    page.goto("/")
    for _ in range(12):
        page.keyboard.press("Tab")
        drawn = page.evaluate(
            """() => {
                const look = getComputedStyle(document.activeElement);
                const outlined = look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 0;
                return outlined || look.boxShadow !== "none";
            }"""
        )
        inside = page.evaluate("document.activeElement.closest('.home-box') !== null")
        assert drawn or inside, page.evaluate("document.activeElement.outerHTML.slice(0, 120)")


def test_slash_searches_and_question_mark_shows_the_keys(person: People) -> None:
    page = person("expert")
    page.goto("/queues")
    page.keyboard.press("/")
    expect(page.locator(".desk-quick input")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("w")
    expect(page.get_by_role("heading", level=1)).to_have_text("研判工作台")
