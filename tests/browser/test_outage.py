"""An outage at the browser: gathered, declared, announced, met by an employee, over."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.faults.models import FaultReport
from portal.tickets.words import Action, Category
from tests.browser.conftest import People
from tests.web.conftest import Filing, Moving
from tests.world import World
from tests.world import person as somebody

TITLE = "营销系统打不开"


def reports(filed: Filing, moved: Moving, maker: sessionmaker[Session]) -> None:
    """Three reports that the middle has ruled to be outages, and a bystander."""
    with transaction(maker) as session:
        unit = World.of(session).units["ld-cy"]
        session.add_all(somebody(login, unit) for login in ("r1", "r2", "r3", "liu"))
    for login in ("r1", "r2", "r3"):
        number = filed(TITLE, by=login, category=Category.FAULT)
        moved(number, Action.TAKE, "agent")
        moved(number, Action.ESCALATE, "agent", note="多人反映")
        moved(number, Action.RULE, "expert", category=Category.FAULT)


def decides(page: Page, event: str, button: str, note: str) -> None:
    page.goto(event)
    page.locator("#note").fill(note)
    page.get_by_role("button", name=button).click()
    expect(page.locator(".trail q").first).to_have_text(note)


@pytest.mark.slow
def test_an_outage_is_seen_first_and_ends_with_the_recovery(
    person: People, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    reports(filed, moved, maker)
    expert, dispatcher = person("expert"), person("dispatcher")
    expert.goto("/faults")
    expect(expert.locator(".fault-tickets li")).to_have_count(3)
    expert.get_by_role("button", name="归集为新的故障事件").click()
    expect(expert.get_by_role("heading", level=1)).to_have_text(TITLE)
    event = expert.url
    decides(expert, event, "提交运调", "沧源三人同时打不开")
    decides(dispatcher, event, "判定为故障", "核实属实，请后台立即抢修")

    # the middle announces; who is hit sees it first, everywhere, and joins with one press
    expert.goto(event)
    expert.get_by_role("link", name="写故障公告").click()
    expert.get_by_label("标题").fill(TITLE)
    expert.get_by_label("正文").fill("正在抢修，**请勿反复登录**。")
    expect(expert.locator("#preview").get_by_text("请勿反复登录")).to_be_visible()
    expert.get_by_role("button", name="保存并发布").click()
    expect(expert.get_by_text("生效中").first).to_be_visible()

    employee = person("liu")
    bar = employee.locator("#announcements")
    expect(bar).to_contain_text(TITLE)

    # how it goes on is said on the event's page and read above every page
    expert.goto(event)
    expert.locator(".fault-recover summary", has_text="发布进展").click()
    expert.get_by_label("查到了什么").fill("已定位到认证服务，正在切换")
    expert.get_by_role("button", name="发布进展").click()
    expect(expert.locator(".told-updates")).to_contain_text("正在切换")
    employee.goto("/")
    expect(bar).to_contain_text("已定位到认证服务")
    employee.goto("/ask")
    employee.get_by_label("遇到了什么问题？").fill("营销系统打不开了")
    first = employee.locator("#answers article").first
    expect(first).to_contain_text(TITLE)
    first.get_by_role("button", name="我也遇到了").click()
    expect(first.locator(".me-too")).to_contain_text("已记下")
    with maker() as session:
        assert session.scalars(select(FaultReport.person_id)).all()

    # folding makes it a pill, never nothing; another province never saw it
    bar.get_by_role("button", name="收起公告").click()
    expect(bar.locator(".announcement-pill")).to_contain_text("1 条公告")
    expect(person("zhao").locator("#announcements")).not_to_contain_text(TITLE)

    decides(person("engineer"), event, "登记恢复", "已重启认证服务")
    decides(expert, event, "验证恢复", "抽查三人均已恢复")
    agent = person("agent")
    agent.goto(event)
    agent.get_by_label("告诉用户的话").fill("已恢复，请重新登录")
    agent.get_by_role("button", name="告知全部报障人").click()
    expect(agent.locator("#messages")).to_contain_text("已告知 3 位报障人")
    expect(agent.locator(".fault-stretches .is-whole")).not_to_contain_text("—")
    expert.goto(event)
    expert.locator(".fault-recover summary", has_text="发布恢复公告").click()
    expert.get_by_label("恢复情况").fill("已恢复，请重新登录")
    expert.get_by_role("button", name="发布恢复公告").click()
    employee.goto("/")
    expect(employee.get_by_role("heading", level=1)).to_be_visible()
    expect(bar).not_to_contain_text("公告")
    employee.goto("/notices")
    expect(employee.get_by_text(TITLE).first).to_be_visible()
