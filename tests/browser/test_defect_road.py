"""One defect from the employee's words to the closed ticket, through the pages of every tier, by key."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.tickets.models import Ticket
from portal.tickets.trail import broken_tickets, first_break
from portal.tickets.words import Action, State, Tier
from tests.browser.conftest import People
from tests.browser.test_employee import paste_picture
from tests.web.conftest import Writing

WORDS = "电费核算页面点“重算”后一直转圈，报错 BILL-5208"


def only(session: Session) -> Ticket:
    return session.scalars(select(Ticket)).one()


def presses(page: Page, key: str) -> None:
    """A key pressed on the page, not in a field."""
    page.locator("#main").focus()
    page.keyboard.press(key)


def takes(page: Page, name: str) -> None:
    presses(page, "t")
    expect(page.locator(".tk-holder")).to_contain_text(name)


def does(page: Page, key: str, note: str, button: str) -> None:
    """Open a step by its key, write what it needs and send it with Ctrl+Enter."""
    presses(page, key)
    expect(page.locator("#panel").get_by_role("heading", name=button)).to_be_visible()
    page.locator("#note").fill(note)
    page.locator("#note").press("Control+Enter")
    expect(page.locator(".trail q").first).to_have_text(note)


@pytest.mark.slow
def test_a_defect_from_the_employees_words_to_the_closed_ticket(
    person: People, known: Writing, consumed: Callable[[], None], maker: sessionmaker[Session]
) -> None:
    known("电费重算后页面一直转圈", symptoms=["点重算一直转圈", "报错 BILL-5208"], codes=["BILL-5208"])
    consumed()

    employee = person("wang")
    employee.goto("/ask")
    employee.get_by_label("遇到了什么问题？").fill(WORDS)
    paste_picture(employee, "#text")
    employee.locator("#system-chooser summary").click()
    employee.get_by_label("营销业务应用系统").check()
    expect(employee.locator("#system-chooser")).not_to_have_attribute("open", "")
    employee.get_by_label("系统出错、不好使").check()
    employee.get_by_role("button", name="都不是，提交工单").click()
    expect(employee.locator("[aria-current=step]")).to_contain_text("服务台接单")
    with maker() as session:
        number = only(session).number

    agent = person("agent")
    agent.goto(f"/tickets/{number}")
    expect(agent.locator(".file-picture")).to_be_visible()
    takes(agent, "agent")
    does(agent, "e", "清过缓存，换过电脑，仍然转圈", "升级中台")

    expert = person("expert")
    expert.goto(f"/tickets/{number}")
    takes(expert, "expert")
    presses(expert, "r")
    expert.locator("#ruling").select_option("defect:function")
    expert.locator("#panel").get_by_role("button", name="研判定类").click()
    expect(expert.get_by_text("中台研判 缺陷")).to_be_visible()
    presses(expert, "l")
    expect(expert.locator(".tk-defect.is-linked")).to_contain_text("电费重算后页面一直转圈")
    does(expert, "b", "重算服务超时，请查索引", "转后台")

    engineer = person("engineer")
    engineer.goto(f"/tickets/{number}")
    takes(engineer, "engineer")
    does(engineer, "d", "补了索引，已发布", "处置完成")

    expert.goto(f"/tickets/{number}")
    does(expert, "v", "三户重算都正常", "验证通过")

    agent.goto(f"/tickets/{number}")
    does(agent, "a", "已经修好，请刷新页面再重算一次。", "反馈用户")

    employee.goto(f"/my/tickets/{number}")
    expect(employee.get_by_text("已经修好，请刷新页面再重算一次。").first).to_be_visible()
    employee.get_by_role("radio", name="很满意", exact=True).check()
    employee.get_by_role("button", name="解决了，确认办结").click()
    expect(employee.locator(".desk-state")).to_have_text("已办结")
    _holds(maker)


def _holds(maker: sessionmaker[Session]) -> None:
    """Closed with five stars, linked by the expert, every step in the trail, the chain whole."""
    with maker() as session:
        ticket = only(session)
        assert (ticket.state, ticket.tier, ticket.rating) == (State.CLOSED, Tier.USER, 5)
        assert [entry.action for entry in ticket.trail] == [
            Action.FILE,
            Action.TAKE,
            Action.ESCALATE,
            Action.TAKE,
            Action.RULE,
            Action.TO_BACK,
            Action.TAKE,
            Action.FINISH,
            Action.PASS,
            Action.TELL,
            Action.CONFIRM,
        ]
        assert ticket.defect is not None
        assert first_break(ticket.trail) is None
        assert broken_tickets(session) == []
