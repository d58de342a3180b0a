"""What an employee meets: answers while typing, filing with a picture, following, confirming."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.finder.models import Consultation, Outcome
from portal.tickets.models import Ticket
from portal.tickets.words import Action, State
from tests.browser.conftest import PHONE, People
from tests.web.conftest import Filing, Moving, Writing, png_of

HOW_TO = "1. 打开【电费核算】页面。\n2. 点“发票”，再点“下载”。"


def rows(maker: sessionmaker[Session], model: type) -> list:
    with maker() as session:
        return list(session.scalars(select(model)))


def paste_picture(page: Page, field: str, name: str = "截图.png") -> None:
    """What Ctrl+V does with a picture on the clipboard."""
    page.locator(field).evaluate(
        """(field, [data, name]) => {
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            const held = new DataTransfer();
            held.items.add(new File([bytes], name, { type: "image/png" }));
            const paste = { clipboardData: held, bubbles: true, cancelable: true };
            field.dispatchEvent(new ClipboardEvent("paste", paste));
        }""",
        [base64.b64encode(png_of(320, 200)).decode(), name],
    )


def test_an_answer_found_while_typing_ends_the_matter_without_a_ticket(
    person: People, published: Writing, consumed: Callable[[], None], maker: sessionmaker[Session]
) -> None:
    published("电费发票怎么下载", HOW_TO, system="mkt")
    consumed()
    page = person("wang")
    page.get_by_label("描述您的问题").press_sequentially("电费发票下载不了，在哪里点", delay=20)
    found = page.locator("#answers .answer").filter(has_text="电费发票怎么下载")
    expect(found).to_be_visible()

    found.get_by_role("link", name="电费发票怎么下载").click()
    reader = page.get_by_role("dialog")
    expect(reader.get_by_text("再点“下载”")).to_be_visible()
    reader.get_by_role("button", name="解决了", exact=True).click()
    expect(page.locator("[data-solved]")).to_be_visible()

    assert rows(maker, Ticket) == []
    asked = rows(maker, Consultation)
    assert Outcome.SOLVED in {row.outcome for row in asked}


def test_filing_from_the_ask_page_keeps_words_and_pasted_picture(
    person: People, maker: sessionmaker[Session]
) -> None:
    page = person("wang")
    page.goto("/")
    page.get_by_label("描述您的问题").fill("抄表数据上传失败，提示超时")
    page.get_by_role("button", name="找答案").click()
    page.wait_for_url("**/ask**")
    expect(page.get_by_label("遇到了什么问题？")).to_have_value("抄表数据上传失败，提示超时")
    paste_picture(page, "#text")
    expect(page.locator("#previews .preview")).to_have_count(1)
    page.locator("#system-chooser summary").click()
    page.get_by_label("营销业务应用系统").check()
    page.get_by_label("系统出错、不好使").check()
    page.get_by_role("button", name="都不是，提交工单").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("抄表数据上传失败，提示超时")
    picture = page.get_by_role("link", name="截图.png").locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 320
    (ticket,) = rows(maker, Ticket)
    assert ticket.text == "抄表数据上传失败，提示超时"
    assert page.url.endswith(ticket.number)


def test_a_refused_filing_loses_nothing(person: People) -> None:
    page = person("wang")
    page.goto("/ask")
    page.get_by_label("遇到了什么问题？").fill("打印机坏了")
    page.get_by_role("button", name="都不是，提交工单").click()
    expect(page.locator("#problem")).to_contain_text("系统")
    expect(page.get_by_label("遇到了什么问题？")).to_have_value("打印机坏了")


def test_english_dark_and_back(person: People) -> None:
    page = person("wang")
    for choice, words in (("English", "en"), ("中文", "zh-CN")):
        page.get_by_role("button", name="账号菜单").or_(page.locator(".desk-me")).first.click()
        page.get_by_role("button", name=choice).click()
        expect(page.locator("html")).to_have_attribute("lang", words)
    page.locator(".desk-me").click()
    page.get_by_role("button", name="深色").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def wide(page: Page) -> bool:
    return bool(page.evaluate("document.scrollingElement.scrollWidth > innerWidth"))


@pytest.mark.slow
def test_nothing_scrolls_sideways_on_a_phone(
    person: People, filed: Filing, published: Writing, consumed: Callable[[], None]
) -> None:
    number = filed()
    published("电费发票怎么下载", HOW_TO + "\n\n| 单位 | 版本 | 说明 |\n|---|---|---|\n| a | b | c |")
    consumed()
    page = person("wang", viewport=PHONE)
    seen = ["/", "/ask?text=电费发票", "/my/tickets", f"/my/tickets/{number}", "/kb", "/kb/KB000001"]
    assert [path for path in seen if _too_wide(page, path)] == []
    agent = person("agent", viewport=PHONE)
    assert [path for path in ("/console", f"/tickets/{number}") if _too_wide(agent, path)] == []


def _too_wide(page: Page, path: str) -> bool:
    answer = page.goto(path)
    assert answer is not None and answer.ok, path
    return wide(page)


def test_without_javascript_search_read_file_and_confirm(
    person: People,
    published: Writing,
    moved: Moving,
    consumed: Callable[[], None],
    maker: sessionmaker[Session],
) -> None:
    published("电费发票怎么下载", HOW_TO, system="mkt")
    consumed()
    page = person("wang", java_script_enabled=False)
    page.get_by_label("描述您的问题").fill("电费发票下载")
    page.get_by_role("button", name="找答案").click()
    page.get_by_role("link", name="电费发票怎么下载").click()
    expect(page.get_by_text("再点“下载”")).to_be_visible()
    expect(page.get_by_role("button", name="解决了", exact=True)).to_be_visible()

    page.goto("/ask")
    page.get_by_label("遇到了什么问题？").fill("电费发票下载下来是空白的")
    page.locator("#system-chooser summary").click()
    page.get_by_label("营销业务应用系统").check()
    page.locator("#system-chooser summary").click()
    page.get_by_label("不会用、想问问").check()
    page.get_by_role("button", name="都不是，提交工单").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("电费发票下载下来是空白的")

    (ticket,) = rows(maker, Ticket)
    moved(ticket.number, Action.TAKE, "agent")
    moved(ticket.number, Action.ANSWER, "agent", note="请换用新版阅读器打开。")
    page.reload()
    expect(page.get_by_text("请换用新版阅读器打开。").first).to_be_visible()
    page.get_by_role("radio", name="满意", exact=True).check()
    page.get_by_role("button", name="解决了，确认办结").click()
    expect(page.locator(".desk-state")).to_have_text("已办结")
    (ticket,) = rows(maker, Ticket)
    assert (ticket.state, ticket.rating) == (State.CLOSED, 4)


def test_an_address_as_a_title_widens_no_phone(person: People, filed: Filing) -> None:
    number = filed("https://example.invalid/" + "a" * 300)
    page = person("wang", viewport=PHONE)
    for address in ("/", "/my/tickets", f"/my/tickets/{number}", "/notices"):
        page.goto(address)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, address


def test_a_refusal_opens_what_is_missing_and_is_not_said_of_the_next_try(person: People) -> None:
    page = person("wang", viewport=PHONE)
    page.goto("/ask")
    page.locator("#text").fill("嗯嗯嗯嗯")
    page.locator("#file-ticket").click()
    expect(page.locator("#problem")).to_contain_text("请选择是哪个系统")
    expect(page.get_by_placeholder("输入系统名称")).to_be_visible()
    page.locator("#text").fill("")
    page.locator("#file-ticket").click()
    expect(page.locator("#problem")).to_be_empty()
