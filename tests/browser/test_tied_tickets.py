"""Merging and asking for help on the ticket's page, and what the users see of it."""

from __future__ import annotations

from playwright.sync_api import expect
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.tickets.words import Action, Category
from tests.browser.conftest import PHONE, People
from tests.web.conftest import Filing, Moving
from tests.world import World
from tests.world import person as somebody


def test_a_duplicate_is_merged_on_the_page_and_its_user_is_told(
    person: People, filed: Filing, maker: sessionmaker[Session]
) -> None:
    with transaction(maker) as session:
        session.add(somebody("li", World.of(session).units["ld-cy"], name="李同事"))
    kept, twin = filed(), filed("核算页面转圈，和同事一样", by="li")
    agent = person("agent")
    agent.goto(f"/tickets/{twin}")
    panel = agent.get_by_label("关联工单")
    panel.locator("summary", has_text="并单").click()
    panel.get_by_label("并入哪一张工单").fill(kept)
    panel.get_by_role("button", name="并入", exact=True).click()
    expect(agent.get_by_text(f"已并入 {kept}")).to_be_visible()
    expect(agent.get_by_role("button", name="撤销并单")).to_be_visible()

    user = person("li", viewport=PHONE)
    user.goto(f"/my/tickets/{twin}")
    expect(user.get_by_text("还有同事遇到同样的问题")).to_be_visible()
    assert kept not in user.content()


def test_another_system_is_asked_and_the_user_sees_who_helps(
    person: People, filed: Filing, moved: Moving
) -> None:
    number = filed(category=Category.CONSULTATION)
    moved(number, Action.TAKE, "agent")
    agent = person("agent")
    agent.goto(f"/tickets/{number}")
    agent.get_by_role("link", name="请其他系统协同").click()
    agent.get_by_label("请哪个系统").select_option("oa")
    agent.get_by_label("请对方做什么").fill("请核对公文推送的日志")
    agent.get_by_role("button", name="发起协同").click()
    expect(agent.get_by_text("跨系统协同：0 / 1 已结束")).to_be_visible()
    expect(agent.get_by_text("还没有结束，请等它们办结").first).to_be_visible()

    user = person("wang")
    user.goto(f"/my/tickets/{number}")
    expect(user.get_by_role("heading", name="这些系统在一起处理")).to_be_visible()
    expect(user.get_by_text("协同办公系统")).to_be_visible()
