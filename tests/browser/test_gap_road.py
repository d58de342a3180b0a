"""An editor at the browser: from what is asked in vain to an article, and whether it is asked less since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from indexer.index import Index
from portal.curation.gaps.models import Gap, GapMove
from portal.curation.gaps.upkeep import keep_gaps
from portal.db import transaction
from portal.finder.models import Consultation, Outcome
from portal.people.models import PersonPost
from portal.people.roles import Post
from portal.tickets.words import Action, Category
from tests.browser.conftest import PHONE, People
from tests.web.conftest import Filing, Moving
from tests.world import World
from tests.world import person as somebody

ASKED = ("打印机刷卡之后没有任务怎么取件", "刷卡机上取件没有任务", "漫游打印刷卡取件看不到任务")
ANSWER = "只装“漫游打印”一个队列，发送后刷自己的工牌即可取。显示没任务是发到了旧打印机，删掉它重发。"
TITLE = "刷卡取件没有任务怎么办"


def ask_in_vain(maker: sessionmaker[Session], *, weeks: int, from_ago: int) -> None:
    """Three people a week leave without an answer."""
    with transaction(maker) as session:
        unit = World.of(session).units["ld-cy"]
        for number in range(3 * weeks):
            name = f"asker{from_ago}-{number}"
            asker = somebody(name, unit)
            session.add(asker)
            session.flush()
            at = datetime.now(UTC) - timedelta(days=from_ago + 7 * (number // 3), hours=number % 3)
            session.add(
                Consultation(
                    token=name,
                    person_id=asker.id,
                    at=at,
                    text=ASKED[number % 3],
                    system="oa",
                    outcome=Outcome.LEFT,
                    ended_at=at,
                )
            )


def answered(filed: Filing, moved: Moving) -> str:
    number = filed(ASKED[0], category=Category.CONSULTATION, sub="how_to", system="oa")
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ANSWER, "agent", note=ANSWER)
    moved(number, Action.CONFIRM, "wang", rating=5)
    return number


def publish(editor: Page, colleague: Page) -> None:
    editor.get_by_role("button", name="保存并提交审核").click()
    expect(editor.locator(".desk-state").first).to_have_text("审核中")
    colleague.goto("/knowledge/KB000001/history")
    colleague.get_by_role("button", name="发布", exact=False).first.click()
    expect(colleague.locator(".desk-state").first).to_have_text("已发布")


def let_time_pass(maker: sessionmaker[Session], days: int) -> None:
    """As if it had been published so long ago."""
    with transaction(maker) as session:
        gap = session.scalars(select(Gap)).one()
        assert gap.solved_at is not None
        gap.solved_at -= timedelta(days=days)
        for move in session.scalars(select(GapMove)):
            move.at -= timedelta(days=days)


def test_from_a_gap_to_an_article_that_is_needed(
    person: People, maker: sessionmaker[Session], index: Index, filed: Filing, moved: Moving
) -> None:
    with transaction(maker) as session:
        colleague = somebody("colleague", World.of(session).units["hq"])
        colleague.posts.append(PersonPost(post=Post.EDITOR))
        session.add(colleague)
    number = answered(filed, moved)
    ask_in_vain(maker, weeks=8, from_ago=36)
    keep_gaps(maker, index)

    editor = person("editor")
    editor.goto("/knowledge")
    editor.get_by_role("link", name="知识缺口").click()
    expect(editor.locator(".gap-people b")).to_have_text("25")
    editor.locator(".gap-title a").click()
    expect(editor.get_by_role("heading", name="大家是怎么说的")).to_be_visible()
    editor.keyboard.press("n")
    expect(editor.get_by_role("heading", name="由工单起草知识")).to_be_visible()
    expect(editor.locator(".draft-lines").filter(has_text="只装“漫游打印”一个队列")).to_contain_text(number)
    editor.get_by_label("标题").fill(TITLE)
    editor.get_by_role("button", name="建草稿，去编辑").click()
    expect(editor.locator(".draft-sources")).to_contain_text(number)
    expect(editor.locator("#preview")).to_contain_text("显示没任务是发到了旧打印机，删掉它重发。")

    publish(editor, person("colleague"))
    keep_gaps(maker, index)
    let_time_pass(maker, 35)
    editor.goto("/knowledge/gaps?state=solved")
    expect(editor.locator(".gap-verdict")).to_have_text("确实少了")
    editor.locator(".gap-title a").click()
    expect(editor.locator(".gap-box").filter(has_text="真的少了吗")).to_contain_text("95% 区间")
    editor.get_by_text("看数字").click()
    expect(editor.locator(".gap-numbers tbody tr").first).to_be_visible()


def test_not_wanted_with_a_reason_on_a_phone(
    person: People, maker: sessionmaker[Session], index: Index
) -> None:
    ask_in_vain(maker, weeks=2, from_ago=3)
    keep_gaps(maker, index)
    page = person("editor", viewport=PHONE)
    page.goto("/knowledge/gaps")
    page.locator(".gap-title a").click()
    page.get_by_text("不需要写").click()
    page.get_by_label("原因").fill("只是一台机器坏了")
    page.get_by_role("button", name="标为不需要").click()
    expect(page.locator(".desk-state").first).to_have_text("不需要")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
