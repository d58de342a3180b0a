"""The expert's workbench without a mouse: next ticket, link, take back, reject, rule, onwards."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.words import Action, Category, State, Tier
from tests.browser.conftest import People
from tests.browser.keyboard import presses
from tests.web.conftest import Filing, Moving, Writing

Told = Callable[..., str]


def escalated(filed: Filing, moved: Moving, text: str) -> str:
    number = filed(text)
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="请研判")
    return number


def verdicts(maker: sessionmaker[Session]) -> list[LinkVerdict]:
    with maker() as session:
        return list(session.scalars(select(DefectLink.verdict).order_by(DefectLink.id)))


def on_table(page: Page, number: str) -> None:
    expect(page.locator("#table")).to_have_attribute("data-number", number)
    expect(page.locator(f".bench-row[data-number={number}]")).to_have_attribute("aria-current", "true")


def test_the_bench_by_keyboard_alone(
    person: People,
    filed: Filing,
    moved: Moving,
    known: Writing,
    consumed: Callable[[], None],
    maker: sessionmaker[Session],
) -> None:
    known("电费重算后页面一直转圈", symptoms=["点重算一直转圈"], codes=["BILL-5208"])
    first = escalated(filed, moved, "电费核算点重算一直转圈，报错 BILL-5208")
    second = escalated(filed, moved, "抄表数据导入以后少了三户")
    consumed()
    page = person("expert")
    page.goto("/workbench")
    on_table(page, first)
    presses(page, "j")
    on_table(page, second)
    presses(page, "k")
    on_table(page, first)

    # link, take it back, reject: each judgement by one key, each leaves its trace
    linked = page.locator(".bench-candidate.is-linked")
    presses(page, "l")
    expect(linked).to_contain_text("电费重算后页面一直转圈")
    assert verdicts(maker) == [LinkVerdict.LINKED]
    presses(page, "u")
    expect(linked).to_have_count(0)
    presses(page, "x")
    expect(page.locator(".bench-rejected")).to_contain_text("QX000001")
    assert verdicts(maker)[-1] == LinkVerdict.REJECTED
    presses(page, "u")
    expect(page.locator(".bench-rejected")).to_have_count(0)

    # ruling, then to the back with the words that it needs; the next ticket comes by itself
    page.locator("#ruling").focus()
    page.locator("#ruling").select_option("defect:function")
    page.locator("#ruling").blur()
    presses(page, "r")
    expect(page.locator(".bench-done")).to_contain_text("研判定类")
    presses(page, "b")
    expect(page.locator("#note")).to_be_focused()
    page.keyboard.type("重算服务超时，请查索引")
    presses(page, "Control+Enter")
    expect(page.locator(".bench-done")).to_contain_text("转后台处置")
    on_table(page, second)
    with maker() as session:
        sent = session.scalars(select(Ticket).where(Ticket.number == first)).one()
        assert (sent.state, sent.tier, sent.category) == (State.OPEN, Tier.BACK, Category.DEFECT)


def test_words_for_one_ticket_wait_while_another_is_looked_at(
    person: People, filed: Filing, moved: Moving
) -> None:
    first, second = (escalated(filed, moved, text) for text in ("重算转圈", "导入少户"))
    page = person("expert")
    page.goto("/workbench")
    on_table(page, first)
    page.locator("#note").fill("写到一半")
    page.locator("#note").press("Escape")
    presses(page, "j")
    on_table(page, second)
    expect(page.locator("#note")).to_have_value("")
    presses(page, "k")
    on_table(page, first)
    expect(page.locator("#note")).to_have_value("写到一半")
