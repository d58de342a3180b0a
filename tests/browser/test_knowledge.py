"""An article from the editor's first word to the employee who finds it."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.people.models import PersonPost
from portal.people.roles import Post
from tests.browser.conftest import People
from tests.browser.waiting import comes_true
from tests.world import World
from tests.world import person as somebody

TITLE = "公文附件打不开怎么办"
BODY = "## 先看格式\n\n1. 另存为 PDF。\n2. 重新上传，**不要改名**。\n"


def second_editor(maker: sessionmaker[Session]) -> None:
    with transaction(maker) as session:
        colleague = somebody("colleague", World.of(session).units["hq"])
        colleague.posts.append(PersonPost(post=Post.EDITOR))
        session.add(colleague)


def write(page: Page) -> None:
    page.goto("/knowledge/new")
    page.get_by_label("标题", exact=True).fill(TITLE)
    page.locator("#body").fill(BODY)
    expect(page.locator(".preview-title")).to_have_text(TITLE)
    expect(page.locator("#preview strong")).to_have_text("不要改名")
    expect(page.locator("#preview li")).to_have_count(2)
    page.locator("#also").fill("公文附件下载下来打不开\n附件损坏")
    page.locator("#system").select_option("oa")


def test_an_article_is_written_published_by_another_and_found(
    person: People, consumed: Callable[[], None], maker: sessionmaker[Session]
) -> None:
    second_editor(maker)
    editor = person("editor")
    write(editor)
    editor.get_by_role("button", name="保存并提交审核").click()
    expect(editor.locator(".desk-state").first).to_have_text("审核中")

    # nobody publishes what they wrote; the colleague may
    editor.goto("/knowledge/KB000001/history")
    expect(editor.get_by_role("button", name="发布", exact=True)).to_have_count(0)
    colleague = person("colleague")
    colleague.goto("/knowledge/KB000001/history")
    colleague.get_by_role("button", name="发布").click()
    expect(colleague.locator(".desk-state").first).to_have_text("已发布")
    consumed()

    employee = person("wang")
    employee.get_by_label("描述您的问题").fill("公文的附件打不开")
    found = employee.locator("#answers .answer").filter(has_text=TITLE)
    expect(found).to_be_visible()
    employee.goto("/kb/KB000001")
    expect(employee.get_by_role("heading", level=1)).to_have_text(TITLE)
    employee.get_by_role("button", name="解决了", exact=True).click()
    expect(employee.locator("#verdict")).to_contain_text("太好了")


def test_what_was_typed_is_kept_when_the_page_is_left(person: People) -> None:
    page = person("editor")
    page.goto("/knowledge/new")
    page.locator("#body").press_sequentially("写到一半的正文")
    # kept a moment after the last key; the preview, which waits as long, tells that it has passed
    expect(page.locator("#preview")).to_contain_text("写到一半的正文")
    assert comes_true(page, "Object.values(localStorage).some((kept) => kept.includes('写到一半的正文'))")
    page.goto("/")
    page.goto("/knowledge/new")
    expect(page.locator("[data-kept-at]")).to_have_text(re.compile(r"^(今天|\d+月\d+日) \d\d:\d\d$"))
    page.get_by_role("button", name="接着写").click()
    expect(page.locator("#body")).to_have_value("写到一半的正文")
