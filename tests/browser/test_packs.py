"""A pack from the stick to the reviewers and back, between an editor, an administrator and the other desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.packs import signing
from tests.browser.conftest import People
from tests.packs.desks import Desk, desk_at

TITLE, OTHER = "电费发票怎么下载", "公文附件打不开"


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Desk]:
    desk = desk_at(tmp_path / "far", "海陵服务台")
    yield desk
    desk.close()


def bring(page: Page, path: Path) -> None:
    page.goto("/packs")
    page.get_by_label("接收资料包").set_input_files(path)
    page.get_by_role("button", name="打开并比较").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("海陵服务台的资料包")


def trust(admin: Page, address: str, far: Desk) -> None:
    admin.goto(address)
    expect(admin.get_by_text(TITLE)).to_have_count(0)
    admin.get_by_label("对方读出的指纹").fill("AAAA-BBBB")
    admin.get_by_role("button", name="信任这个签名人").click()
    expect(admin.get_by_role("alert")).to_contain_text("不一致")
    admin.get_by_label("对方读出的指纹").fill(signing.fingerprint(far.key.public))
    admin.get_by_role("button", name="信任这个签名人").click()
    expect(admin.locator("#messages")).to_contain_text("已信任")


def test_a_pack_is_looked_at_taken_and_taken_back(person: People, far: Desk) -> None:
    far.publish(TITLE, "1. 打开页面。\n2. 点下载。")
    far.publish(OTHER)
    path = far.make()
    editor = person("editor")
    bring(editor, path)
    expect(editor.get_by_text("还没有受信任").first).to_be_visible()
    trust(person("admin"), editor.url, far)

    editor.reload()
    expect(editor.locator(".pk-phase")).to_have_text("等您确认")
    expect(editor.locator(".pk-standing")).to_have_text(["这里没有", "这里没有"])
    editor.get_by_label(f"“{OTHER}”怎么办").select_option("keep")
    expect(editor.get_by_role("button", name="接收 1 条")).to_be_visible()

    editor.get_by_role("link", name=TITLE).click()
    expect(editor.locator("ins").first).to_contain_text(TITLE)
    editor.keyboard.press("b")
    editor.get_by_role("button", name="接收 1 条").click()
    expect(editor.locator(".pk-fate")).to_have_text(["已接收"])
    editor.goto("/knowledge?list=in_review")
    expect(editor.get_by_role("link", name=TITLE)).to_be_visible()

    editor.goto("/packs")
    editor.get_by_role("link", name="海陵服务台 #1").click()
    editor.get_by_role("button", name="撤销接收").click()
    expect(editor.locator(".pk-fate").first).to_have_text("已撤销")
    editor.goto("/knowledge?list=in_review")
    expect(editor.get_by_role("link", name=TITLE)).to_have_count(0)
