"""The wall without a mouse: from group to group, untick, link, take back, set aside, open, draft, gather."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects.models import Defect
from indexer.index import Index
from portal.causes.wall.models import WallAction, WallMove
from portal.causes.wall.upkeep import keep_wall
from portal.faults.models import FaultEvent
from tests.browser.conftest import People
from tests.browser.keyboard import goes, opens, patient, presses
from tests.web.conftest import Filing, Writing


def test_the_wall_by_keyboard_alone(
    person: People,
    filed: Filing,
    known: Writing,
    consumed: Callable[[], None],
    maker: sessionmaker[Session],
    index: Index,
) -> None:
    known("抄表数据导入后电量翻倍", symptoms=["导入抄表数据之后电量翻倍"])
    for text in ("抄表数据导入后电量翻倍", "导入抄表数据之后电量翻倍了", "抄表导入完电量翻倍"):
        filed(text, module="meter")
    for text in ("票据打印出来是空白页", "打印票据一片空白"):
        filed(text, module="bill")
    consumed()
    keep_wall(maker, index)

    page = person("expert")
    page.goto("/workbench/board")
    current = page.locator(".wall-group[aria-current]")
    expect(current).to_contain_text("电量翻倍")
    presses(page, "j")
    expect(current).to_contain_text("票据")
    presses(page, "k")
    presses(page, "x")
    expect(current.locator("input[name=ticket]:checked")).to_have_count(2)
    presses(page, "l")
    expect(page.get_by_text("已把 2 张工单关联到")).to_be_visible()
    presses(page, "u")
    expect(page.get_by_text("已撤销。")).to_be_visible()
    expect(page.locator(".wall-group")).to_have_count(2)

    presses(page, "j")
    expect(current).to_contain_text("票据")
    presses(page, "d")
    page.keyboard.type("打印机没有纸")
    presses(page, "Enter")
    expect(page.get_by_text("已搁置，按 u 可撤销")).to_be_visible()
    expect(page.locator(".wall-group")).to_have_count(1)

    expect(current).to_contain_text("电量翻倍")
    presses(page, "o")
    expect(page.get_by_text("已新建缺陷 QX000002，关联 3 张工单。")).to_be_visible()
    with maker() as session:
        assert len(session.scalars(select(Defect)).all()) == 2
        deeds = [WallAction.LINK, WallAction.UNLINK, WallAction.DISMISS, WallAction.OPEN]
        assert list(session.scalars(select(WallMove.action).order_by(WallMove.id))) == deeds


def test_an_article_and_a_fault_event_out_of_one_group(
    person: People,
    filed: Filing,
    consumed: Callable[[], None],
    maker: sessionmaker[Session],
    index: Index,
) -> None:
    for text in ("票据打印出来是空白页", "打印票据一片空白", "票据打印空白"):
        filed(text, module="bill")
    consumed()
    keep_wall(maker, index)

    page = patient(person("expert"))
    page.goto("/workbench/board")
    group = page.locator(".wall-group[aria-current]")
    expect(group.get_by_role("button", name="起草知识")).to_contain_text("a")
    expect(group.get_by_role("button", name="归集为故障")).to_contain_text("f")
    presses(page, "?")
    told = page.locator("#keys .keys-line")
    for key, deed in (("a", "起草知识"), ("f", "归集为故障"), ("o", "建成缺陷"), ("j k", "上下走")):
        expect(told.filter(has=page.get_by_text(key, exact=True)).filter(has_text=deed)).to_have_count(1)
    presses(page, "Escape")
    expect(page.locator("#keys")).to_be_hidden()

    presses(page, "x")
    expect(group.locator("input[name=ticket]:checked")).to_have_count(2)
    goes(page, "a", "/knowledge/drafts/new")
    expect(page.get_by_role("heading", name="用到的工单 2")).to_be_visible()

    goes(page, "g w", "/workbench")
    opens(page, page.locator(".bench-piles").get_by_role("link", name="未关联的相似工单"), "/workbench/board")
    expect(group).to_contain_text("票据")
    goes(page, "f", r"/faults/GZ\d+")
    with maker() as session:
        assert session.scalars(select(FaultEvent)).one().number in page.url
        assert list(session.scalars(select(WallMove.action))) == [WallAction.GATHER]
