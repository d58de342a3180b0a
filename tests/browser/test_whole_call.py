"""A whole call by keys alone: asked back, read out step by step, copied, sent, flagged, answered.

Also: an input method that is composing fires neither searches nor keys, the focus is never lost, and a
reply on a ticket quotes an article without leaving the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, Request, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.audience import Audience
from kb.proposals.models import Proposal
from portal.finder.sending.models import LinkSent
from portal.tickets.models import Notice, Ticket
from portal.tickets.words import Action, Category, State
from tests.browser.conftest import People
from tests.browser.test_console import look_up
from tests.web.conftest import Filing, Moving, Writing

PHONE = "先确认在内网。\n\n1. 打开【岭讯】。\n2. 点“忘记密码”。\n3. 输入验证码，再点“确定”。"
WEB = "先确认在内网。\n\n1. 打开【门户】。\n2. 点“忘记密码”。\n3. 输入验证码，再点“确定”。"

Consumed = Callable[[], None]


@pytest.fixture
def two_ways(app: Flask, published: Writing, consumed: Consumed) -> None:
    """Two answers that compete; the application stands first, for it tells the outbox of what is written."""
    published("在手机上重置登录密码", PHONE, system="oa", category="consultation")
    published("在网页上重置登录密码", WEB, system="oa", category="consultation")
    consumed()


def on_a_call(person: People, words: str) -> Page:
    """The agent has looked the caller up and typed what they say; the answers are there."""
    page = person("agent")
    page.goto("/console")
    look_up(page, "wang", "王小雨")
    page.keyboard.type(words, delay=5)
    expect(page.locator(".console-result").first).to_be_visible()
    return page


def place(page: Page) -> str:
    return page.locator(".console-steps-place").inner_text()


@pytest.mark.usefixtures("two_ways")
def test_a_whole_call_without_a_mouse(person: People, maker: sessionmaker[Session]) -> None:
    page = on_a_call(person, "协同办公系统重置登录密码")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(page.locator(".clarify-question")).to_contain_text("是在网页上还是手机上？")

    # Keys from here on: the question is answered, the best answer opened.
    page.keyboard.press("Escape")
    phone = page.locator(".clarify-chip", has_text="手机上").locator("kbd").inner_text()
    page.keyboard.press(f"Shift+Digit{phone[-1]}")
    expect(page.locator(".clarify-given")).to_contain_text("手机上")
    expect(page.locator(".console-result").first).to_contain_text("在手机上重置")
    page.keyboard.press("1")
    expect(page.locator(".console-reading h3")).to_have_text("在手机上重置登录密码")
    expect(page.locator(".console-step.is-now")).to_contain_text("先确认在内网")
    assert place(page) == "第 1 段，共 4 段"

    # Steps by arrows and space; their place is kept while another answer is read.
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator(".console-step.is-now")).to_contain_text("忘记密码")
    expect(page.locator(".console-step.is-next")).to_contain_text("输入验证码")
    page.keyboard.press("2")
    expect(page.locator(".console-reading h3")).to_have_text("在网页上重置登录密码")
    page.keyboard.press("1")
    expect(page.locator(".console-step.is-now")).to_contain_text("忘记密码")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".console-step.is-now")).to_contain_text("岭讯")
    page.keyboard.press("v")
    expect(page.locator(".console-step").nth(3)).to_be_visible()
    page.keyboard.press("v")
    expect(page.locator(".console-step").nth(3)).to_be_hidden()

    # Words for a chat, the link for the caller.
    page.keyboard.press("y")
    expect(page.locator("[data-copy-words] span")).to_have_text("已复制")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("【在手机上重置登录密码】\n先确认在内网。\n1. 打开【岭讯】。\n2. 点“忘记密码”。")
    page.keyboard.press("s")
    expect(page.locator(".console-sent")).to_contain_text("已发给王小雨")

    # Flagged with a better wording for the step on the screen.
    page.keyboard.press("b")
    expect(page.locator("[data-correction-words]")).to_be_focused()
    page.keyboard.type("按钮改名了")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("[name=wording]")).to_have_value("1. 打开【岭讯】。")
    page.keyboard.press("Control+End")
    page.keyboard.type("再点头像。")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".console-correction")).to_contain_text("已请编辑更正")
    expect(page.locator(".console-reading-body")).to_be_focused()

    page.keyboard.press("a")
    expect(page.locator(".console-done")).to_be_visible()
    expect(page.locator("#who")).to_be_focused()
    with maker() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert ticket.state == State.CONFIRMING
        assert [link.article.title for link in ticket.article_links] == ["在手机上重置登录密码"]
        assert ticket.text.endswith("来电时问清：手机上")
        assert session.scalars(select(LinkSent)).one().consultation_id is not None
        assert session.scalars(select(Notice).where(Notice.event == "link_sent")).one()
        proposal = session.scalars(select(Proposal)).one()
        assert (proposal.passage, proposal.wording) == ("1. 打开【岭讯】。", "1. 打开【岭讯】。再点头像。")


@pytest.mark.usefixtures("two_ways")
def test_what_an_input_method_composes_is_neither_asked_nor_a_key(person: People) -> None:
    page = on_a_call(person, "重置登录密码")
    asked: list[Request] = []
    page.on(
        "request", lambda request: asked.append(request) if request.url.endswith("/console/answers") else None
    )
    page.evaluate(
        """() => {
          const field = document.getElementById("notes");
          const event = (kind, data) => new CompositionEvent(kind, { bubbles: true, data });
          const fire = (kind, data) => field.dispatchEvent(event(kind, data));
          fire("compositionstart", "");
          for (const typed of ["m", "mi", "mi'm"]) {
            field.value = "重置登录密码" + typed;
            fire("compositionupdate", typed);
            field.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true, data: typed }));
          }
          // What an input method does with its own keys is not the page's business.
          const composing = { bubbles: true, cancelable: true, isComposing: true };
          for (const key of ["1", "a", "Enter", "Escape"])
            field.dispatchEvent(new KeyboardEvent("keydown", { key, ...composing }));
        }"""
    )
    expect(page.locator("#notes")).to_be_focused()
    expect(page.locator(".console-reading")).to_have_count(0)
    with page.expect_request(lambda request: request.url.endswith("/console/answers")):
        page.evaluate(
            """() => {
              const field = document.getElementById("notes");
              field.value = "重置登录密码手机";
              field.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true, data: "手机" }));
            }"""
        )
    assert len(asked) == 1
    sent = asked[0].post_data or ""
    assert "mi" not in sent.split("notes")[1][:60]


@pytest.mark.usefixtures("two_ways")
def test_a_word_that_the_browser_itself_composes_is_asked_when_it_is_whole(person: People) -> None:
    """The same with the browser's own input method interface."""
    page = on_a_call(person, "重置登录")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    line = page.context.new_cdp_session(page)
    for typed in ("m", "mi", "mi'ma"):
        line.send(
            "Input.imeSetComposition",
            {"text": typed, "selectionStart": len(typed), "selectionEnd": len(typed)},
        )
    expect(page.locator("#notes")).to_have_value("重置登录mi'ma")
    with page.expect_request(lambda request: request.url.endswith("/console/answers")):
        line.send("Input.insertText", {"text": "密码"})
    expect(page.locator("#notes")).to_have_value("重置登录密码")
    assert [body for body in asked if "mi'" in body] == []


@pytest.mark.usefixtures("two_ways")
def test_the_keys_are_on_a_sheet_and_the_focus_comes_back(person: People) -> None:
    page = on_a_call(person, "重置登录密码")
    page.keyboard.press("?")
    expect(page.locator("#notes")).to_have_value(re.compile(r"\?$"))
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#console-help")).to_be_visible()
    expect(page.locator("#console-help")).to_contain_text("复制给聊天")
    page.keyboard.press("Escape")
    expect(page.locator("#console-help")).to_be_hidden()
    expect(page.locator("#answers")).to_be_focused()

    # Enter reads the best one; arrows walk; what is drawn anew does not swallow the focus.
    page.keyboard.press("Enter")
    expect(page.locator(".console-reading-body")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".console-result").nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("x")
    expect(page.locator(".clarify-question")).to_have_count(0)
    assert page.evaluate("document.activeElement !== document.body")
    page.keyboard.press("Escape")
    expect(page.locator("#notes")).to_be_focused()


@pytest.mark.usefixtures("two_ways")
def test_a_key_that_meets_the_answers_as_they_arrive_opens_one_without_leaving_the_page(
    person: People,
) -> None:
    """No moment at which an answer is on the screen and its button not yet the page's own."""
    page = person("agent")
    page.goto("/console")
    look_up(page, "wang", "王小雨")
    page.evaluate(
        """() => {
          window.isStillHere = true;
          const one = new KeyboardEvent("keydown", { key: "1", bubbles: true });
          document.addEventListener("htmx:afterSwap", (event) => {
            if (event.detail.target.id === "answers") setTimeout(() => document.body.dispatchEvent(one));
          }, { once: true });
        }"""
    )
    page.locator("#notes").fill("重置登录密码")
    expect(page.locator(".console-reading h3")).to_contain_text("重置登录密码")
    assert page.evaluate("window.isStillHere")


@pytest.mark.usefixtures("two_ways")
def test_a_reload_finds_the_answer_and_its_step_again(person: People) -> None:
    page = on_a_call(person, "在手机上重置登录密码")
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect(page.locator(".console-reading h3")).to_have_text("在手机上重置登录密码")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.reload()
    expect(page.locator(".console-step.is-now")).to_contain_text("忘记密码")
    expect(page.locator("[data-key=s]")).to_be_visible()
    expect(page.locator("#notes")).to_have_value("在手机上重置登录密码")


@pytest.mark.usefixtures("two_ways")
def test_words_are_copied_where_browsers_know_no_clipboard(person: People) -> None:
    page = on_a_call(person, "在手机上重置登录密码")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.evaluate(
        "document.execCommand = (name) => Boolean(window.copiedBy = [name, document.activeElement.value])"
    )
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect(page.locator(".console-reading-body")).to_be_focused()
    page.keyboard.press("y")
    expect(page.locator("[data-copy-words] span")).to_have_text("已复制")
    name, words = page.evaluate("window.copiedBy")
    assert (name, words.splitlines()[0]) == ("copy", "【在手机上重置登录密码】")
    expect(page.locator(".console-reading-body")).to_be_focused()

    # Where not even that is allowed, the words lie there, marked.
    page.evaluate("document.execCommand = () => false")
    page.keyboard.press("y")
    expect(page.locator(".copy-by-hand")).to_be_focused()
    expect(page.locator(".copy-by-hand")).to_have_value(re.compile("忘记密码"))


# ── quoting from within a reply ──────────────────────────────────────────────────────────────────


@pytest.fixture
def taken(filed: Filing, moved: Moving) -> str:
    number = filed("怎样在手机上重置登录密码", category=Category.CONSULTATION, system="oa")
    moved(number, Action.TAKE, "agent")
    return number


@pytest.mark.usefixtures("two_ways")
def test_a_reply_quotes_an_article_without_leaving_the_field(
    person: People, taken: str, maker: sessionmaker[Session]
) -> None:
    page = person("agent")
    page.goto(f"/tickets/{taken}")
    page.keyboard.press("a")
    note = page.locator("#note")
    expect(note).to_be_visible()
    note.focus()
    page.keyboard.type("您好，")
    page.keyboard.press("Control+/")
    lines = page.locator(".inline-line")
    expect(lines.first).to_have_attribute("aria-selected", "true")
    expect(lines.first).to_contain_text("在手机上重置登录密码")
    page.keyboard.type("网页")
    expect(lines.first).to_contain_text("在网页上重置登录密码")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator(".inline-answers")).to_have_count(0)
    expect(note).to_have_value(
        re.compile(
            r"^您好，\n知识 KB000002《在网页上重置登录密码》\n> 先确认在内网。\n> 1\. 打开【门户】。\n"
        )
    )
    expect(note).to_be_focused()
    page.keyboard.type("请试试 https://desk.example/x")
    expect(page.locator(".inline-answers")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages")).to_contain_text("已完成")
    with maker() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert [link.article.number for link in ticket.article_links] == ["KB000002"]
        assert "> 1. 打开【门户】。" in ticket.outcome


def test_an_article_that_is_not_for_the_user_is_not_inserted(
    person: People, taken: str, published: Writing, consumed: Consumed
) -> None:
    published("重置登录密码的内部口径", "口令在二号柜。", system="oa", audience=Audience.STAFF)
    consumed()
    page = person("agent")
    page.goto(f"/tickets/{taken}")
    page.locator("#comment").focus()
    page.keyboard.type("//内部口径")
    expect(page.locator(".inline-line")).to_contain_text("用户看不到这篇")
    page.keyboard.press("Enter")
    expect(page.locator("#comment")).to_have_value("//内部口径")
    page.keyboard.press("Escape")
    expect(page.locator(".inline-answers")).to_have_count(0)
    expect(page.locator("#comment")).to_be_focused()
