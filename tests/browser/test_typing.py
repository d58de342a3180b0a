"""The search field completes what is typed: keys, mouse, late answers, a phone, no script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import PHONE, People
from tests.web.conftest import Writing

Consumed = Callable[[], None]
#: Page → the name of its field.
FIELDS = (("/search", "搜索"), ("/my/tickets", "搜索"), ("/", "描述您的问题"))


def field_of(page: Page, path: str = "/search", name: str = "搜索") -> Locator:
    page.goto(path)
    return page.get_by_role("combobox", name=name)


def lines(page: Page) -> Locator:
    return page.get_by_role("listbox", name="建议").get_by_role("option")


def hold(page: Page, address: str) -> list[Route]:
    """Keep these questions of the page unanswered; they are added to the list."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(address, keep)
    return held


@pytest.fixture
def texts(published: Writing, consumed: Consumed) -> None:
    published("登录失败怎么办", system="mkt")
    published("登录口令多久换一次", system="oa")
    published("打印公文", system="oa")
    consumed()


@pytest.mark.parametrize(("path", "name"), FIELDS)
def test_pinyin_arrows_and_enter_open_a_title(person: People, texts: None, path: str, name: str) -> None:
    page = person("wang")
    field = field_of(page, path, name)
    expect(field).to_have_attribute("aria-expanded", "false")
    field.press_sequentially("denglu", delay=10)
    expect(lines(page)).to_have_count(2)
    expect(field).to_have_attribute("aria-expanded", "true")

    field.press("ArrowDown")
    field.press("ArrowDown")
    chosen = page.get_by_role("option", selected=True)
    expect(chosen).to_have_count(1)
    assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    field.press("ArrowDown")
    expect(chosen).to_have_count(0)
    field.press("ArrowUp")
    title = chosen.locator(".typing-title").inner_text()
    field.press("Enter")
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()


def test_escape_closes_and_enter_then_searches_for_the_words(person: People, texts: None) -> None:
    page = person("wang")
    field = field_of(page)
    field.press_sequentially("登录", delay=10)
    expect(lines(page)).to_have_count(2)
    field.press("Escape")
    expect(page.get_by_role("listbox", name="建议")).to_be_hidden()
    expect(field).to_be_focused()
    expect(field).to_have_value("登录")
    field.press("ArrowDown")
    expect(lines(page)).to_have_count(2)
    field.press("Escape")
    field.press("Enter")
    page.wait_for_url("**/search?q=**")
    expect(page.locator(".result-title").first).to_be_visible()


def test_a_click_opens_and_a_click_elsewhere_closes(person: People, texts: None) -> None:
    page = person("wang")
    field = field_of(page)
    field.press_sequentially("登录", delay=10)
    expect(lines(page)).to_have_count(2)
    page.locator("h1").evaluate("() => document.activeElement.blur()")
    expect(page.get_by_role("listbox", name="建议")).to_be_hidden()
    field.focus()
    lines(page).filter(has_text="口令").click()
    expect(page.get_by_role("heading", level=1, name="登录口令多久换一次")).to_be_visible()


def test_a_late_answer_to_older_letters_is_never_shown(person: People, texts: None) -> None:
    page = person("wang")
    held = hold(page, "**/search/typing?q=dayin")
    field = field_of(page)
    with page.expect_request("**/search/typing?q=dayin"):
        field.fill("dayin")
    field.fill("denglu")
    expect(lines(page)).to_have_count(2)
    for route in held:
        route.fulfill(body='<a role="option" href="/">打印公文</a>', content_type="text/html")
    field.fill("denglus")
    expect(lines(page)).to_have_count(1)
    expect(lines(page)).to_contain_text("登录失败怎么办")


def test_the_old_lines_stay_until_the_new_ones_are_here(person: People, texts: None) -> None:
    page = person("wang")
    field = field_of(page)
    field.fill("deng")
    expect(lines(page)).to_have_count(2)
    held = hold(page, "**/search/typing?q=denglus")
    with page.expect_request("**/search/typing?q=denglus"):
        field.fill("denglus")
    expect(lines(page)).to_have_count(2)
    expect(page.get_by_role("listbox", name="建议")).to_be_visible()
    held[0].continue_()
    expect(lines(page)).to_have_count(1)


def test_a_phone_shows_the_lines_inside_its_width(person: People, texts: None) -> None:
    page = person("wang", viewport=PHONE)
    field = field_of(page)
    field.fill("登录")
    expect(lines(page)).to_have_count(2)
    box = page.get_by_role("listbox", name="建议").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_more_filters_open_on_a_phone(person: People, texts: None) -> None:
    page = person("wang", viewport=PHONE)
    page.goto("/search?q=登录")
    system = page.get_by_role("link", name="营销业务应用系统")
    expect(system).to_be_hidden()
    page.get_by_text("更多筛选").click()
    system.click()
    expect(page.locator(".result-title")).to_have_count(1)
    expect(page.get_by_role("link", name="全部系统")).to_be_visible()


def test_without_scripts_the_field_is_a_form(person: People, texts: None) -> None:
    page = person("wang")
    plain = page.context.browser.new_context(  # type: ignore[union-attr]
        base_url=page.url, java_script_enabled=False, storage_state=page.context.storage_state()
    )
    try:
        bare = plain.new_page()
        bare.goto("/search")
        bare.get_by_role("searchbox", name="搜索").fill("登录")
        bare.get_by_role("button", name="搜索").click()
        expect(bare.locator(".result-title")).to_have_count(2)
    finally:
        plain.close()
