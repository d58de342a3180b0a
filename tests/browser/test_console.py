"""Two calls in the console without a mouse: one answered on the line, one escalated from the notes."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.tickets.models import Ticket
from portal.tickets.words import Category, Channel, State, Tier
from tests.browser.conftest import People
from tests.web.conftest import Writing

ANSWER = "1. 打开【电费核算】页面。\n2. 点“发票”，再点“下载”。"


def look_up(page: Page, words: str, name: str) -> None:
    """Type who calls; Enter takes the first one found."""
    expect(page.locator("#who")).to_be_focused()
    page.keyboard.type(words)
    expect(page.locator("#callers [data-caller]").first).to_contain_text(name)
    page.keyboard.press("Enter")
    expect(page.locator(".console-name")).to_have_text(name)
    expect(page.locator("#notes")).to_be_focused()


def test_a_consultation_is_answered_while_the_caller_is_on_the_line(
    person: People, published: Writing, consumed: Callable[[], None], maker: sessionmaker[Session]
) -> None:
    published("电费发票怎么下载", ANSWER, system="mkt", category="consultation")
    consumed()
    page = person("agent")
    page.goto("/console")
    look_up(page, "王小", "王小雨")
    page.keyboard.type("问电费发票怎么下载，营销业务应用系统里找不到", delay=5)
    expect(page.locator(".console-result").first).to_contain_text("电费发票怎么下载")

    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect(page.locator(".console-reading")).to_contain_text("再点“下载”")
    # What the words alone did not say is chosen by keyboard too.
    page.locator("#chip-system").focus()
    page.keyboard.type("营销")
    page.locator("#chip-category").focus()
    page.keyboard.type("咨询")
    page.locator(".console-reading-body").focus()
    page.keyboard.press("a")
    expect(page.locator(".console-done")).to_be_visible()
    expect(page.locator("#who")).to_be_focused()
    expect(page.locator("#notes")).to_have_value("")
    with maker() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.state, ticket.tier) == (State.CONFIRMING, Tier.USER)
        assert (ticket.requester.login, ticket.channel) == ("wang", Channel.HOTLINE)


def test_a_call_is_wrapped_up_with_an_escalation(person: People, maker: sessionmaker[Session]) -> None:
    page = person("agent")
    page.goto("/console")
    look_up(page, "wang", "王小雨")
    page.keyboard.type("电费核算页面一直转圈，重启也不行", delay=5)
    page.locator("#chip-system").select_option("mkt")
    page.locator("#chip-category").select_option("defect")
    page.locator("label[for=ending-escalate]").click()

    # Escalating needs a reason: refused without one, and everything typed stays.
    page.locator("#note").focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("您写的都还在")
    expect(page.locator("#notes")).to_have_value("电费核算页面一直转圈，重启也不行")

    page.locator("#note").focus()
    page.keyboard.type("清过缓存，换过浏览器，仍然转圈")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".console-done")).to_be_visible()
    with maker() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.state, ticket.tier) == (State.OPEN, Tier.MIDDLE)
        assert ticket.category == Category.DEFECT
        assert ticket.trail[-1].note == "清过缓存，换过浏览器，仍然转圈"


def test_a_call_that_was_cut_off_is_there_again(person: People) -> None:
    page = person("agent")
    page.goto("/console")
    look_up(page, "wang", "王小雨")
    page.keyboard.type("刚说到一半")
    page.reload()
    expect(page.locator("#notes")).to_have_value("刚说到一半")
    expect(page.locator(".console-name")).to_have_text("王小雨")
