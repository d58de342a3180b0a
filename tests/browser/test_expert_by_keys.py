"""An expert's morning without a mouse: link, reject, “none of these”, the wall, an alarm, the questions.

From page to page, too, everything is pressed. The invariant: no test here clicks, fills or focuses anything.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects import moves
from defects.flow import DefectAction, DefectDuty
from defects.models import Defect
from indexer.index import Index
from portal.causes.teaching.gathering import keep_queue
from portal.causes.wall.upkeep import keep_wall
from portal.db import transaction
from portal.tickets import linking
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.recurrence.models import AlarmState, RecurrenceAlarm
from portal.tickets.words import Action
from tests.browser.conftest import People
from tests.browser.keyboard import goes, opens, patient, presses
from tests.web.conftest import Filing, Moving, Writing
from tests.world import World

Maker = sessionmaker[Session]


def verdicts(maker: Maker) -> list[LinkVerdict]:
    with maker() as session:
        return list(session.scalars(select(DefectLink.verdict).order_by(DefectLink.id)))


def test_judging_on_the_bench_and_going_on_by_key(
    person: People,
    filed: Filing,
    moved: Moving,
    known: Writing,
    consumed: Callable[[], None],
    maker: Maker,
) -> None:
    known("电费重算后页面一直转圈", symptoms=["点重算一直转圈"])
    known("重算后页面转圈不停", symptoms=["重算之后一直转圈"])
    number = filed("电费核算点重算一直转圈")
    moved(number, Action.TAKE, "agent")
    moved(number, Action.ESCALATE, "agent", note="请研判")
    consumed()
    page = patient(person("expert"))
    goes(page, "g w", "/workbench")
    expect(page.locator("#table")).to_have_attribute("data-number", number)
    linked, chosen = (
        page.locator(".bench-candidate.is-linked"),
        page.locator(".bench-candidate[aria-current]"),
    )
    expect(page.locator(".bench-candidate")).to_have_count(2)

    second = page.locator("[data-candidate='2'] .ref-number").inner_text()
    presses(page, "2")
    expect(chosen).to_contain_text(second)
    presses(page, "l")
    expect(linked).to_contain_text(second)
    presses(page, "u")
    expect(linked).to_have_count(0)
    presses(page, "x")
    expect(page.locator(".bench-rejected")).to_be_visible()
    presses(page, "u")
    expect(page.locator(".bench-rejected")).to_have_count(0)
    presses(page, "0")
    expect(page.get_by_text("已判：都不是")).to_be_visible()
    presses(page, "u")
    expect(page.get_by_text("已判：都不是")).to_have_count(0)
    assert set(verdicts(maker)) == {LinkVerdict.UNDONE}

    # The letter after g is a place, not a deed of the page that lies open.
    goes(page, "g l", "/learning")
    assert LinkVerdict.LINKED not in verdicts(maker)


def test_from_the_bench_to_the_wall_and_a_record_out_of_a_group(
    person: People, filed: Filing, consumed: Callable[[], None], maker: Maker, index: Index
) -> None:
    for text in ("票据打印出来是空白页", "打印票据一片空白", "票据打印空白"):
        filed(text, module="bill")
    consumed()
    keep_wall(maker, index)
    page = patient(person("expert"))
    goes(page, "g w", "/workbench")
    opens(page, page.locator(".bench-piles").get_by_role("link", name="未关联的相似工单"), "/workbench/board")
    group = page.locator(".wall-group[aria-current]")
    expect(group).to_contain_text("票据")
    presses(page, "x")
    expect(group.locator("input[name=ticket]:checked")).to_have_count(2)
    # A box has the focus now, and g still leads away: to the records, not into “搁置”.
    goes(page, "g d", "/defects")
    goes(page, "g w", "/workbench")
    opens(page, page.locator(".bench-piles").get_by_role("link", name="未关联的相似工单"), "/workbench/board")
    expect(group).to_contain_text("票据")
    presses(page, "o")
    expect(page.get_by_text("已新建缺陷 QX000001，关联 3 张工单。")).to_be_visible()
    assert verdicts(maker) == [LinkVerdict.LINKED] * 3


def alarm_of(maker: Maker, known: Writing, filed: Filing) -> None:
    """A repaired record, and then a ticket of it from a unit that runs the repair."""
    record = known("阶梯电费重复累计", cause="缓存没有清", fixed_in="6.2.0")
    with transaction(maker) as session:
        expert, defect = World.of(session).people["expert"], session.get_one(Defect, record)
        for action in (DefectAction.START, DefectAction.FIX, DefectAction.VERIFY):
            moves.move(session, defect, action, by=expert.id, duties=set(DefectDuty))
    number = filed("阶梯电费又重复累计了")
    with transaction(maker) as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        linking.link(session, ticket, session.get_one(Defect, record), by=None, probability=0.97)


def state_of(maker: Maker) -> AlarmState:
    with maker() as session:
        return session.scalars(select(RecurrenceAlarm.state)).one()


def test_an_alarm_is_judged_taken_back_and_judged_again(
    person: People, known: Writing, filed: Filing, maker: Maker
) -> None:
    alarm_of(maker, known, filed)
    before = state_of(maker)
    page = patient(person("expert"))
    goes(page, "g w", "/workbench")
    opens(page, page.locator(".bench-piles").get_by_role("link", name="复发报警"), "/defects/alarms")
    expect(page.locator(".alarm")).to_contain_text("阶梯电费重复累计")
    presses(page, "y")
    done = page.locator(".alarm-done")
    expect(done).to_contain_text("复发，缺陷已重新打开。")
    assert state_of(maker) == AlarmState.CONFIRMED
    presses(page, "u")
    expect(page.get_by_text("报警重新等待判断。")).to_be_visible()
    assert state_of(maker) == before
    expect(page.locator(".alarm")).to_contain_text("阶梯电费重复累计")
    presses(page, "y")
    expect(done).to_be_visible()
    opens(page, page.locator(".alarm-tabs").get_by_role("link", name="已确认"), "/defects/alarms")
    expect(page.locator(".alarm.is-confirmed")).to_be_visible()
    presses(page, "u")
    expect(page.get_by_text("报警重新等待判断。")).to_be_visible()
    opens(page, page.locator(f".alarm-tabs [href*='state={before}']"), "/defects/alarms")
    presses(page, "x")
    page.keyboard.type("是另一种算法，不是累计")
    presses(page, "Enter")
    expect(page.get_by_text("已记为误报")).to_be_visible()
    assert state_of(maker) == AlarmState.DISMISSED


def test_from_learning_through_its_questions(
    person: People,
    maker: Maker,
    index: Index,
    filed: Filing,
    known: Writing,
    consumed: Callable[[], None],
) -> None:
    for said in ("发票打出来二维码那里是空的", "传附件传到一半就不动了"):
        known(said, symptoms=[said])
        filed(f"升级以后{said}")
    consumed()
    keep_queue(maker, index)
    page = patient(person("expert"))
    goes(page, "g l", "/learning")
    goes(page, "b", "/learning/queue")
    rows = page.locator(".tch-picks li")
    expect(rows).to_have_count(2)
    presses(page, "l")
    expect(page.locator(".tch-done")).to_contain_text("已关联到缺陷")
    expect(rows).to_have_count(1)
    presses(page, "u")
    expect(rows).to_have_count(2)
    presses(page, "0")
    expect(page.locator(".tch-done")).to_contain_text("背后没有已知的缺陷")
    presses(page, "x")
    expect(page.locator(".empty-title")).to_have_text("现在没有要您判断的")
    assert set(verdicts(maker)) == {LinkVerdict.UNDONE, LinkVerdict.REJECTED}
