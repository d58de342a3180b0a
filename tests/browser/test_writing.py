"""Writing an article with the keyboard: tools, cross-links, hints, a translation by its original."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from kb.markdown import render
from tests.browser.conftest import People
from tests.browser.waiting import comes_true
from tests.security.payloads import PAYLOADS
from tests.web.conftest import Writing
from tests.world import PASSWORD


@pytest.fixture
def editing(person: People, published: Writing) -> Page:
    """An editor before an empty article; two others stand on the shelf."""
    published("密码过期怎么改", "1. 打开门户。")
    published("密码忘了怎么办", "1. 找管理员。")
    page = person("editor")
    page.goto("/knowledge/new")
    page.locator("#body").click()
    return page


def test_two_brackets_offer_articles_and_enter_takes_one(editing: Page) -> None:
    page, body, lines = editing, editing.locator("#body"), editing.locator("#targets [role=option]")
    page.keyboard.type("先看 [[密码")
    expect(lines).to_have_count(2)
    chosen = page.locator("#targets [aria-selected=true]")
    first = chosen.get_attribute("data-number")
    page.keyboard.press("ArrowDown")
    expect(chosen).not_to_have_attribute("data-number", first or "")
    number, title = chosen.get_attribute("data-number"), chosen.locator(".target-title").inner_text()
    expect(body).to_have_attribute("aria-activedescendant", re.compile("^target-"))
    page.keyboard.press("Enter")
    expect(body).to_have_value(f"先看 [[{number}]]")
    expect(page.locator("#targets")).to_be_hidden()
    expect(page.locator("#preview a.xref")).to_have_text(title)


def test_escape_closes_the_list_and_leaves_the_text(editing: Page) -> None:
    editing.keyboard.type("[[密码")
    expect(editing.locator("#targets [role=option]")).to_have_count(2)
    editing.keyboard.press("Escape")
    expect(editing.locator("#targets")).to_be_hidden()
    expect(editing.locator("#body")).to_be_focused()
    editing.keyboard.type("过期")
    expect(editing.locator("#preview")).to_contain_text("[[密码过期")
    expect(editing.locator("#targets")).to_be_hidden()


def test_the_tools_have_keys_and_can_be_undone(editing: Page) -> None:
    page, body = editing, editing.locator("#body")
    page.keyboard.press("Control+b")
    expect(body).to_have_value("**重点**")
    page.keyboard.type("别断电")
    expect(body).to_have_value("**别断电**")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+2")
    expect(body).to_have_value("- **别断电**")
    page.keyboard.press("Control+z")
    expect(body).to_have_value("**别断电**")
    body.fill("")
    page.keyboard.press("Control+Shift+E")
    expect(body).to_have_value("```\nORA-01017\n```\n")


def test_notes_and_footnotes_are_written_by_buttons(editing: Page) -> None:
    page, body = editing, editing.locator("#body")
    page.keyboard.type("正文")
    page.get_by_role("button", name="提示框").click()
    page.get_by_role("button", name="危险：做错了回不来").click()
    expect(page.locator("#preview .admonition.danger .admonition-title")).to_have_text("危险")
    body.fill("依据")
    page.get_by_role("button", name="脚注").click()
    expect(body).to_have_value("依据[^1]\n\n[^1]: 出处或补充")
    expect(page.locator("#preview .footnote")).to_contain_text("出处或补充")


def test_ways_of_asking_are_judged_while_they_are_typed(editing: Page) -> None:
    page, hints = editing, editing.locator("[data-hints] li")
    page.locator("#title").fill("公文附件打不开")
    page.locator("#also").fill("公文附件打不开？\n附件\n下载的附件打不开\n下载的附件 打不开")
    expect(hints).to_have_text([re.compile("与标题一样"), re.compile("太短"), re.compile("写了两遍")])
    page.locator("#body").fill("一二三四 five six")
    expect(page.locator("[data-count]")).to_have_text("6 字，读约 1 分钟")


def test_leaving_with_something_unsaved_asks_first(editing: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    editing.keyboard.type("写到一半")
    editing.on("dialog", stay)
    editing.get_by_role("link", name="数字化服务台").click()
    expect(editing.locator("#body")).to_have_value("写到一半")
    assert asked == ["beforeunload"]
    editing.locator("#title").fill("标题")
    editing.keyboard.press("Control+s")
    expect(editing.locator(".desk-state").first).to_have_text("草稿")
    assert asked == ["beforeunload"], "saving is no leaving"


def test_without_a_connection_the_text_is_said_to_be_kept(editing: Page, complaints: list[str]) -> None:
    editing.context.set_offline(True)
    editing.keyboard.type("断线时写的")
    expect(editing.locator("#upload-status")).to_contain_text("连不上服务台")
    assert comes_true(
        editing, "() => Object.values(localStorage).some((kept) => kept.includes('断线时写的'))"
    )
    editing.context.set_offline(False)
    editing.keyboard.type("，又连上了")
    expect(editing.locator("#preview")).to_contain_text("又连上了")
    expect(editing.locator("#upload-status")).to_have_text("")
    complaints.clear()  # the browser itself reports each request that found no network


def test_what_was_written_when_the_session_ended_is_offered_again(
    editing: Page, complaints: list[str]
) -> None:
    page = editing
    page.locator("#title").fill("写到一半")
    page.locator("#body").fill("会话到期前写的")
    assert comes_true(
        page, "() => Object.values(localStorage).some((kept) => kept.includes('会话到期前写的'))"
    )
    page.context.clear_cookies()
    page.keyboard.press("Control+s")
    expect(page.locator("#editor")).to_have_count(0)
    page.goto("/sign-in")
    page.get_by_label("账号", exact=True).fill("editor")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator(".desk-me")).to_be_visible()
    page.goto("/knowledge/new")
    page.get_by_role("button", name="接着写").click()
    expect(page.locator("#body")).to_have_value("会话到期前写的")
    expect(page.locator("#title")).to_have_value("写到一半")
    complaints.clear()  # the page that had to say that the session is over


def test_a_translation_is_written_beside_its_original(person: People, published: Writing) -> None:
    published("密码过期怎么改", "1. 打开旧门户。")
    page = person("editor")
    page.goto("/knowledge/new?translation_of=KB000001")
    expect(page.locator(".editor-original")).to_contain_text("打开旧门户")
    page.locator("#title").fill("Password expired")
    page.locator("#body").fill("1. Open the old portal.")
    page.locator("#language").select_option("en")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("checkbox", name=re.compile("已经跟上原文第 1 版"))).to_be_checked()
    page.goto("/knowledge/KB000001/edit")
    page.locator("#body").fill("1. 打开新门户。")
    page.keyboard.press("Control+s")
    expect(page.locator(".alert-success")).to_be_visible()
    page.goto("/knowledge/KB000002/edit")
    expect(page.locator(".editor-original del")).to_have_text("旧")
    expect(page.locator(".editor-original ins")).to_have_text("新")
    page.goto("/knowledge/KB000002/history")
    page.get_by_role("button", name="译文不用改，仍然正确").click()
    expect(page.locator("main")).to_contain_text("第 2 版一致")


# ── nothing runs ─────────────────────────────────────────────────────────────────────────────────

LISTEN = "() => { window.ran = []; window.alert = (what) => { window.ran.push(String(what)); }; }"
#: Some of the texts show pictures that are not there.
NO_SUCH_PICTURE = re.compile(r"Failed to load resource.*404")
#: What a browser made of a text: elements and attributes that could run.
ALIVE = """() => [...document.body.querySelectorAll("*")].flatMap((element) => [
    ...(["SCRIPT", "IFRAME", "OBJECT", "EMBED", "SVG", "MATH", "STYLE", "BASE", "META"]
        .includes(element.tagName.toUpperCase()) ? [element.outerHTML] : []),
    ...[...element.attributes].filter((own) => /^on/i.test(own.name) || (["href", "src"].includes(own.name)
        && /^\\s*(javascript|data|vbscript):/i.test(own.value.replace(/[\\x00-\\x20]/g, ""))))
        .map((own) => `${element.tagName} ${own.name}=${own.value}`),
])"""


def test_no_browser_makes_anything_run_of_what_is_rendered(visitor: People) -> None:
    """Without any content policy, so that the sanitizer alone is what stands between."""
    page = visitor()
    page.goto("about:blank")
    page.evaluate(LISTEN)
    for text in PAYLOADS:
        page.evaluate("(html) => { document.body.innerHTML = html; }", str(render(text)))
        assert page.evaluate(ALIVE) == [], text
    page.evaluate(
        "(html) => { document.body.innerHTML = html; }",
        "".join(f"<div>{render(text)}</div>" for text in PAYLOADS),
    )
    assert page.evaluate(ALIVE) == []
    assert page.evaluate("() => window.ran") == []


def test_the_same_browser_runs_what_was_not_rendered(visitor: People, complaints: list[str]) -> None:
    page = visitor()
    page.goto("about:blank")
    page.evaluate(LISTEN)
    page.evaluate("() => { document.body.innerHTML = '<img src=x: onerror=alert(1)>'; }")
    assert comes_true(page, "() => window.ran.length > 0")
    assert page.evaluate(ALIVE)
    complaints.clear()


@pytest.mark.parametrize("start", range(3))
def test_articles_of_hostile_words_break_no_policy(
    person: People, published: Writing, complaints: list[str], start: int
) -> None:
    """A breach of the content policy is a complaint, which fails every test of this folder."""
    hostile = PAYLOADS[start * 7 :: 24]
    for text in hostile:
        published(f"题 {text}"[:300], f"{text}\n\n1. {text}", also=(f"怎么 {text}",), keywords=(text[:100],))
    page = person("editor")
    for number in range(1, len(hostile) + 1):
        for address in ("/kb/KB{:06d}", "/knowledge/KB{:06d}/history", "/knowledge/KB{:06d}/edit"):
            page.goto(address.format(number))
            expect(page.locator("main")).to_be_visible()
    complaints[:] = [heard for heard in complaints if not NO_SUCH_PICTURE.search(heard)]


def test_the_address_of_a_part_is_copied(person: People, published: Writing) -> None:
    published("密码过期怎么改", "## 第一步\n\n打开门户。\n\n## 第二步\n\n修改。")
    page = person("wang")
    page.goto("/kb/KB000001")
    button = page.get_by_role("button", name="复制这一节的链接: 第二步")
    address = button.get_attribute("data-copy") or ""
    button.focus()
    expect(button).to_be_visible()
    page.goto(address)
    expect(page.locator("h2:target")).to_contain_text("第二步")
