"""Files brought by pasting, dropping and choosing; what is refused stays; calling a colleague by name."""

from __future__ import annotations

import base64
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.config import Settings
from portal.tickets.models import Attachment, Ticket
from portal.tickets.words import Action, Category
from tests.browser.conftest import PHONE, People
from tests.browser.test_employee import paste_picture
from tests.web.conftest import Filing, Moving, png_of

DROP = """(zone, [data, name]) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const held = new DataTransfer();
    held.items.add(new File([bytes], name, { type: "image/png" }));
    for (const kind of ["dragenter", "dragover", "drop"]) {
        zone.dispatchEvent(new DragEvent(kind, { dataTransfer: held, bubbles: true, cancelable: true }));
    }
}"""


def drop_picture(page: Page, zone: str, name: str) -> None:
    content = base64.b64encode(png_of(640, 400)).decode()
    page.locator(zone).evaluate(DROP, [content, name])


def names(maker: sessionmaker[Session]) -> set[str]:
    with maker() as session:
        return set(session.scalars(select(Attachment.name)))


def test_dropped_on_the_staffs_page_and_shown_small(
    person: People, filed: Filing, maker: sessionmaker[Session]
) -> None:
    number, page = filed(), person("agent")
    page.goto(f"/tickets/{number}")
    drop_picture(page, "[data-drop-files]", "报错.png")
    picture = page.locator("#files").get_by_role("link", name="报错.png").locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 320
    paste_picture(page, "#comment", "再来一张.png")
    expect(page.locator("#files").get_by_role("link", name="再来一张.png")).to_be_visible()
    assert names(maker) == {"报错.png", "再来一张.png"}

    page.locator(".file-withdraw summary").first.click()
    page.get_by_placeholder("为什么撤回").first.fill("传错了")
    page.get_by_role("button", name="撤回附件").first.click()
    expect(page.locator("#files")).to_contain_text("传错了")


def test_a_comment_with_files_on_ones_own_page_keeps_them_when_refused(
    person: People, filed: Filing, maker: sessionmaker[Session], tmp_path: Path, settings: Settings
) -> None:
    number, page = filed(), person("wang", viewport=PHONE)
    page.goto(f"/my/tickets/{number}")
    paste_picture(page, "#comment-text", "贴图.png")
    drop_picture(page, "form:has(#comment-text)", "拖入.png")
    items = page.locator("form:has(#comment-text) .upload-item")
    expect(items).to_have_count(2)
    program = tmp_path / "坏程序.exe"
    program.write_bytes(b"MZ" + bytes(64))
    page.locator("#comment-files").set_input_files(program)
    expect(items).to_have_count(3)
    page.get_by_label("留言", exact=True).fill("补两张图")
    page.get_by_role("button", name="发出").click()
    expect(page.locator(".upload-objection")).to_contain_text("坏程序.exe")
    expect(page.get_by_label("留言", exact=True)).to_have_value("补两张图")
    expect(items).to_have_count(3)
    page.get_by_role("button", name="移除 坏程序.exe").click()
    page.get_by_role("button", name="发出").click()
    expect(page.locator("#files .file")).to_have_count(2)
    expect(page.locator("#story")).to_contain_text("补两张图")
    assert names(maker) == {"贴图.png", "拖入.png"}


def test_too_large_is_said_before_it_is_sent(person: People, filed: Filing, tmp_path: Path) -> None:
    number, page = filed(), person("wang")
    page.goto(f"/my/tickets/{number}")
    page.locator("#comment-files").evaluate("(input) => { input.dataset.limitMb = '0.001'; }")
    large = tmp_path / "录屏.log"
    large.write_text("x" * 5000)
    page.locator("#comment-files").set_input_files(large)
    expect(page.locator(".upload-item.is-too-large")).to_contain_text("压缩后再传")


def test_pasted_during_a_call(person: People, maker: sessionmaker[Session]) -> None:
    page = person("agent")
    page.goto("/console")
    page.locator("#who").press_sequentially("王小雨", delay=20)
    page.locator("#callers [data-caller]").first.click()
    page.locator("#notes").fill("打印发票时弹出报错，截图已经发来")
    paste_picture(page, "#notes", "来电截图.png")
    expect(page.locator("#call-files .upload-item")).to_have_count(1)
    page.locator("#chip-system").select_option("mkt")
    page.locator("#chip-category").select_option("defect")
    page.locator("label[for=ending-escalate]").click()
    page.locator("[data-wrap]").click()  # without a note for the next colleague: refused, the picture stays
    expect(page.locator(".console-problem")).to_be_visible()
    expect(page.locator("#call-files .upload-item")).to_have_count(1)
    page.locator("label[for=ending-file]").click()
    page.locator("[data-wrap]").click()
    expect(page.locator(".console-done")).to_be_visible()
    expect(page.locator("#call-files .upload-item")).to_have_count(0)
    with maker() as session:
        assert [row.name for row in session.scalars(select(Ticket)).one().attachments] == ["来电截图.png"]


def test_a_colleague_is_called_by_name_and_words_are_corrected(
    person: People, filed: Filing, moved: Moving
) -> None:
    number, page = filed(), person("expert")
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="请研判")
    page.goto(f"/tickets/{number}")
    page.locator("#comment").press_sequentially("请 @ag", delay=20)
    page.get_by_role("option", name="agent").click()
    expect(page.locator("#comment")).to_have_value("请 @agent ")
    page.locator("#comment").press_sequentially("补一张图")
    page.get_by_role("button", name="发送").click()
    expect(page.locator(".tk-talk")).to_contain_text("补一张图")
    page.locator(".amend summary").click()
    page.locator(".amend textarea").fill("请 @agent 补两张图")
    page.get_by_role("button", name="保存修改").click()
    expect(page.locator(".tk-talk")).to_contain_text("补两张图")
    page.locator(".amend summary").click()
    page.get_by_role("button", name="撤回这条留言").click()
    expect(page.locator(".tk-taken-back")).to_be_visible()


def test_complaining_about_a_closed_ticket(person: People, filed: Filing, moved: Moving) -> None:
    number = filed("电费发票怎么下载？", category=Category.CONSULTATION)
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ANSWER, "agent", note="请看手册")
    moved(number, Action.CONFIRM, "wang", rating=1)
    page = person("wang", viewport=PHONE)
    page.goto(f"/my/tickets/{number}")
    page.get_by_role("link", name="投诉这次服务").click()
    page.get_by_label("发生了什么").fill("电话里态度很差，问题也没有说清楚")
    paste_picture(page, "#text", "聊天记录.png")
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("投诉：电费发票怎么下载")
    expect(page.get_by_role("link", name="聊天记录.png")).to_be_visible()
    assert not page.evaluate("document.scrollingElement.scrollWidth > innerWidth")
