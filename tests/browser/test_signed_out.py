"""The sign-in runs out while somebody writes: what they wrote is there again after they have signed in."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from portal.tickets.words import Action, Category
from tests.browser.conftest import PHONE, People
from tests.web.conftest import Filing, Moving, png_of
from tests.web.test_expired_pages import run_out
from tests.world import PASSWORD

NOTE = "都好了，就是等得有点久"


def sign_in(page: Page, login: str = "wang") -> None:
    page.get_by_label("账号", exact=True).fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.locator(".desk-me")).to_be_visible()


def answered(filed: Filing, moved: Moving) -> str:
    number = filed("会议室怎么申请", category=Category.CONSULTATION)
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ANSWER, "agent", note="在首页点会议预定")
    return number


def test_a_rating_and_its_words_survive_a_sign_in_that_ran_out(
    person: People, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    page, number = person("wang", viewport=PHONE), answered(filed, moved)
    page.goto(f"/my/tickets/{number}")
    page.locator("label.star").nth(3).click()
    page.get_by_label("还想说点什么").fill(NOTE)
    run_out(maker)
    page.get_by_role("button", name="解决了，确认办结").click()
    expect(page.get_by_role("heading", name="登录已过期")).to_be_visible()
    expect(page.get_by_text("您写的内容会放回原处")).to_be_visible()

    page.get_by_role("link", name="重新登录").click()
    sign_in(page)
    expect(page).to_have_url(f"/my/tickets/{number}")
    expect(page.get_by_label("还想说点什么")).to_have_value(NOTE)
    expect(page.locator("input[name=rating]").nth(3)).to_be_checked()
    expect(page.get_by_text("已经放回来了")).to_be_visible()

    page.get_by_role("button", name="解决了，确认办结").click()
    expect(page.get_by_text("谢谢您的确认和评价")).to_be_visible()
    page.reload()
    expect(page.get_by_text("已经放回来了")).to_have_count(0)


def test_somebody_else_at_the_same_screen_gets_nothing_of_it(
    person: People, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    page, number = person("wang"), answered(filed, moved)
    page.goto(f"/my/tickets/{number}")
    page.get_by_label("留言", exact=True).fill(NOTE)
    run_out(maker)
    page.get_by_role("button", name="发出").click()
    page.get_by_role("link", name="重新登录").click()
    sign_in(page, "zhao")
    page.goto("/ask")
    expect(page.locator("#text")).to_be_visible()
    assert NOTE not in page.evaluate("JSON.stringify(sessionStorage)")


def test_a_message_with_a_file_and_a_question_in_the_making_survive_it_too(
    person: People, filed: Filing, maker: sessionmaker[Session], complaints: list[str]
) -> None:
    page, number = person("wang"), filed()
    page.goto(f"/my/tickets/{number}")
    page.get_by_label("留言", exact=True).fill(NOTE)
    picture = {"name": "a.png", "mimeType": "image/png", "buffer": png_of(20, 20)}
    page.set_input_files("#comment-files", picture)
    run_out(maker)
    page.get_by_role("button", name="发出").click()
    page.get_by_role("link", name="重新登录").click()
    sign_in(page)
    expect(page.get_by_label("留言", exact=True)).to_have_value(NOTE)

    page.goto("/ask")
    page.locator("#text").fill("打印机卡纸了，怎么办")
    page.get_by_label("账号、密码、权限").check()
    run_out(maker)
    page.locator("#file-ticket").click()
    page.get_by_role("link", name="重新登录").click()
    sign_in(page)
    expect(page.locator("#text")).to_have_value("打印机卡纸了，怎么办")
    expect(page.get_by_label("账号、密码、权限")).to_be_checked()
    # The browser reports each refusal as a failed resource.
    complaints[:] = [said for said in complaints if "status of 400" not in said]
