"""Scoring without a mouse, a call form that shows only what it needs, and every page of quality whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.quality import rules, sampling, sheets
from portal.quality.models import FollowUp, Inspection, Score
from portal.quality.rules import RuleText
from portal.quality.words import FollowUpState, InspectionState, Kind
from portal.tickets.words import Action, Category
from tests.browser.conftest import People
from tests.browser.test_every_page import faults_of
from tests.quality.ways import SHEET
from tests.web.conftest import Filing, Moving
from tests.world import World

ADDRESSES = (
    "/quality/follow-ups",
    "/quality/follow-ups?pile=ended",
    "/quality/follow-ups/1",
    "/quality/inspections",
    "/quality/inspections?pile=ended",
    "/quality/inspections/1",
    "/quality/mine",
    "/quality/results",
    "/quality/rules",
    "/quality/rules/new",
    "/quality/rules/1",
    "/quality/sheets",
    "/quality/sheets/new",
    "/quality/sheets/1",
)


@pytest.fixture
def sampled(maker: sessionmaker[Session], filed: Filing, moved: Moving) -> None:
    """Two tickets that were answered, closed and drawn for both purposes."""
    with transaction(maker) as session:
        manager = World.of(session).people["manager"]
        for kind in Kind:
            rules.save(session, None, RuleText(kind=kind, name="全抽", percentage=100), by=manager)
        sheets.save(session, None, "通用评分表", categories=(), content=SHEET, by=manager)
    for _ in range(2):
        number = filed("打印发票没有反应", category=Category.CONSULTATION)
        moved(number, Action.TAKE, "agent")
        moved(number, Action.ANSWER, "agent", note="请换一个浏览器打印")
        moved(number, Action.CONFIRM, "wang", rating=3, note="慢")
    with transaction(maker) as session:
        for kind in Kind:
            sampling.draw(session, kind, datetime.now(UTC))


def scores(maker: sessionmaker[Session]) -> list[int]:
    with maker() as session:
        return list(session.scalars(select(Score.tenths).order_by(Score.id)))


def test_scoring_by_keyboard_alone(person: People, sampled: None, maker: sessionmaker[Session]) -> None:
    page = person("inspector")
    page.goto("/quality/inspections")
    page.keyboard.press("n")
    expect(page).to_have_url("/quality/inspections/1")
    items, total = page.locator(".qa-item"), page.locator(".qa-total output")
    expect(items.nth(0).locator(".btn-check:focus")).to_have_count(1)

    page.keyboard.press("5")  # marks, and goes on
    expect(items.nth(1).locator(".btn-check:focus")).to_have_count(1)
    page.keyboard.press("2")  # low: the comment is asked for at once
    expect(items.nth(1).locator("textarea")).to_be_focused()
    expect(items.nth(1)).to_contain_text("请写评语")
    page.keyboard.type("没有问版本")
    page.keyboard.press("Enter")
    expect(items.nth(2).locator(".btn-check:focus")).to_have_count(1)
    page.keyboard.press("n")  # does not apply
    expect(total).to_have_text("64")  # 20 and 12 of 50
    page.keyboard.press("k")
    expect(items.nth(2).locator(".btn-check:focus")).to_have_count(1)
    page.keyboard.press("4")
    expect(total).to_have_text("72")
    page.keyboard.press("1")  # a veto has its own two answers: violated
    expect(total).to_have_text("0")
    page.keyboard.press("Escape")
    items.nth(3).get_by_text("没有", exact=True).click()
    expect(total).to_have_text("72")

    page.keyboard.press("Control+Enter")
    expect(page.locator(".qa-points")).to_have_text("72")
    assert scores(maker) == [720]
    with maker() as session:
        row = session.get(Inspection, 1)
        assert row is not None and row.state == InspectionState.SCORED


def test_what_is_refused_keeps_every_mark(
    person: People, sampled: None, maker: sessionmaker[Session]
) -> None:
    page = person("inspector")
    page.goto("/quality/inspections/1")
    page.locator("#score-0\\.0-5").check(force=True)
    page.locator("#remark").fill("写了一半")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("每一项都要打分")
    expect(page.locator("#score-0\\.0-5")).to_be_checked()
    expect(page.locator("#remark")).to_have_value("写了一半")
    assert scores(maker) == []


def test_the_call_form_asks_only_what_it_needs(
    person: People, sampled: None, maker: sessionmaker[Session]
) -> None:
    page = person("supervisor")
    page.goto("/quality/follow-ups/1")
    again, solved, request = (
        page.locator("#again"),
        page.get_by_text("问题真正解决了吗"),
        page.locator("#request"),
    )
    expect(again).to_be_hidden()
    page.get_by_text("没接通", exact=True).click()
    expect(again).to_be_visible()
    page.get_by_text("接通了", exact=True).click()
    expect(again).to_be_hidden()
    expect(solved).to_be_visible()
    expect(request).to_be_hidden()
    page.get_by_text("没有解决", exact=True).click()
    page.get_by_text("2 不满意", exact=True).click()
    page.get_by_text("重新打开原工单", exact=True).click()
    request.fill("还是打不出来")
    page.get_by_role("button", name="记录").click()
    expect(page.locator("#messages")).to_contain_text("已重新打开")
    with maker() as session:
        row = session.get(FollowUp, 1)
        assert row is not None and row.state == FollowUpState.REACHED and row.solved is False


@pytest.mark.parametrize("login", ["agent", "inspector", "supervisor", "manager"])
def test_every_page_of_quality_is_whole(person: People, sampled: None, login: str) -> None:
    page = person(login)
    found: list[str] = []
    check: Callable[[Page, str], list[str]] = faults_of
    for address in ADDRESSES:
        found += check(page, address)
    assert found == []
