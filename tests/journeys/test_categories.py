"""Every category from the filing to the close, through the pages, by the posts whose work it is.

Each story holds one refusal and, beside it, the same deed where it is right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from defects.flow import DefectAction, DefectDuty
from defects.library import open_record
from defects.models import Defect
from defects.moves import move
from defects.texts import DefectText
from portal.db import transaction
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category, State, Tier
from tests.journeys.walk import Walk
from tests.world import World

Begin = Callable[..., Walk]
CLOSED = (State.CLOSED, Tier.USER)


@pytest.fixture
def begin(client: Any, filed: Any, maker: sessionmaker[Session]) -> Begin:
    """File as 王小雨 and walk from there."""

    def start(category: Category, text: str = "请帮忙看一下", **more: Any) -> Walk:
        return Walk(filed(text, category=category, **more), client, maker)

    return start


def through_middle(walk: Walk, ruling: str) -> None:
    walk.does("agent", Action.TAKE)
    walk.does("agent", Action.ESCALATE, note="前台处理不了，请研判")
    walk.does("expert", Action.TAKE)
    walk.does("expert", Action.RULE, ruling=ruling, priority="3")


def through_back(walk: Walk) -> None:
    walk.does("expert", Action.TO_BACK, note="请处置")
    walk.does("engineer", Action.TAKE)
    walk.does("engineer", Action.FINISH, note="已处理，重启后生效")
    walk.does("expert", Action.TAKE)
    walk.does("expert", Action.PASS, note="验证通过")


def told_and_confirmed(walk: Walk) -> None:
    walk.does("agent", Action.TELL, note="已经处理好，请刷新后再试")
    assert walk.stands() == (State.CONFIRMING, Tier.USER)
    walk.user("wang", Action.CONFIRM, rating="5", note="很快")
    assert walk.stands() == CLOSED
    assert walk.deeds()[0] == Action.FILE


def test_a_consultation_is_answered_by_the_front(begin: Begin) -> None:
    walk = begin(Category.CONSULTATION, "电费发票怎么下载？")
    walk.does("agent", Action.TAKE)
    walk.is_missing("zhao", Action.ANSWER)  # not theirs, and no post of theirs
    walk.does("agent", Action.ANSWER, note="在电费核算页面点“发票”即可下载。")
    walk.user("wang", Action.CONFIRM, rating="5", note="")
    assert walk.stands() == CLOSED


def test_a_defect_goes_to_the_back_and_comes_back_verified(begin: Begin) -> None:
    walk = begin(Category.DEFECT, "电费核算页面一直转圈")
    walk.does("agent", Action.TAKE)
    walk.is_refused("agent", Action.ANSWER, "这类请求前台不能直接答复办结")
    walk.does("agent", Action.ESCALATE, note="已清缓存，仍然转圈")
    walk.is_refused("expert", Action.TO_BACK, "请先研判定类")
    walk.does("expert", Action.RULE, ruling="defect:function", priority="2")
    walk.does("expert", Action.TO_BACK, note="计算服务超时，请查")
    walk.does("engineer", Action.TAKE)
    walk.is_refused("engineer", Action.TELL, "不能反馈用户")
    walk.does("engineer", Action.FINISH, note="补了索引")
    walk.does("expert", Action.FAIL, note="大户仍然超时")
    walk.does("engineer", Action.FINISH, note="分批计算")
    walk.does("expert", Action.PASS, note="三个大户都正常")
    told_and_confirmed(walk)


def test_a_fault_is_ruled_by_dispatch_before_the_back_moves(begin: Begin) -> None:
    walk = begin(Category.FAULT, "营销系统打不开了")
    through_middle(walk, "fault:unavailable")
    walk.is_refused("expert", Action.TO_BACK, "故障须先提交运调中心判定")
    walk.does("expert", Action.SUBMIT_FAULT, note="三个供电局都打不开")
    walk.does("dispatcher", Action.TAKE)
    walk.does("dispatcher", Action.COMMAND, note="判定为故障，一小时内恢复")
    walk.does("engineer", Action.FINISH, note="数据库连接池已扩容")
    walk.does("expert", Action.PASS, note="抽查三个单位正常")
    told_and_confirmed(walk)


def test_an_outage_that_is_no_fault_goes_back_to_the_middle(begin: Begin) -> None:
    walk = begin(Category.FAULT, "我这里打不开")
    through_middle(walk, "fault:unavailable")
    walk.does("expert", Action.SUBMIT_FAULT, note="请判定")
    walk.is_refused("expert", Action.COMMAND, "要由调度员来做")
    walk.does("dispatcher", Action.NOT_A_FAULT, note="只影响一台电脑")
    assert walk.stands() == (State.OPEN, Tier.MIDDLE)
    walk.does("expert", Action.RULE, ruling="defect:plugin", priority="3")
    through_back(walk)
    told_and_confirmed(walk)


def test_an_account_is_put_right_on_site(begin: Begin) -> None:
    walk = begin(Category.ACCOUNT, "账号被锁了", system="oa")
    walk.does("agent", Action.TAKE)
    walk.does("agent", Action.TO_LOCAL, note="需要现场核对身份")
    walk.does("local_support", Action.TAKE)
    walk.is_refused("local_support", Action.ANSWER, "不能答复用户")
    walk.does("local_support", Action.LOCAL_DONE, note="核对身份后已解锁")
    told_and_confirmed(walk)


def test_data_is_changed_by_the_back_only(begin: Begin) -> None:
    walk = begin(Category.DATA, "客户地址录错了，请改")
    through_middle(walk, "data:modify")
    walk.is_refused("agent", Action.FINISH, "不能处置完成")
    through_back(walk)
    told_and_confirmed(walk)


def test_a_change_is_analysed_by_the_middle_first(begin: Begin) -> None:
    walk = begin(Category.CHANGE, "希望列表能导出")
    walk.does("agent", Action.TAKE)
    walk.is_refused("agent", Action.TO_LOCAL, "这类请求不走二线/本地")
    walk.does("agent", Action.ESCALATE, note="用户每月手抄，想要导出")
    walk.does("expert", Action.RULE, ruling="change:new", priority="4")
    through_back(walk)
    told_and_confirmed(walk)


def test_a_complaint_is_answered_by_the_supervisor(begin: Begin) -> None:
    walk = begin(Category.COMPLAINT, "上次来的人态度不好")
    walk.does("agent", Action.TAKE)
    walk.is_refused("agent", Action.ANSWER, "投诉由前台班长先处理")
    walk.does("agent", Action.RELEASE)
    walk.does("supervisor", Action.TAKE)
    walk.does("supervisor", Action.ANSWER, note="已核实并道歉，安排了培训")
    walk.user("wang", Action.CONFIRM, rating="4", note="")
    assert walk.stands() == CLOSED


def test_a_complaint_that_the_front_can_not_settle_gets_a_written_answer(begin: Begin) -> None:
    walk = begin(Category.COMPLAINT, "系统天天卡，没人管")
    through_middle(walk, "complaint:system")
    walk.is_refused("expert", Action.TO_BACK, "这类请求不需要后台处置")
    walk.does("expert", Action.REPLY, note="本月完成扩容，届时逐一回访")
    told_and_confirmed(walk)


def test_a_resource_is_provided_by_the_back(begin: Begin) -> None:
    walk = begin(Category.RESOURCE, "申请一台测试服务器")
    through_middle(walk, "resource:server")
    walk.does("expert", Action.TO_BACK, note="规格已核")
    walk.is_refused("engineer", Action.PASS, "不能验证通过")
    walk.does("engineer", Action.FINISH, note="已开通")
    walk.does("expert", Action.PASS, note="能登录")
    told_and_confirmed(walk)


def test_an_expert_of_another_system_finds_nothing(begin: Begin) -> None:
    walk = begin(Category.DEFECT, "公文打不开", system="oa")
    walk.does("agent", Action.TAKE)
    walk.does("agent", Action.ESCALATE, note="请研判")
    walk.is_missing("expert", Action.RULE)


def test_asking_pauses_and_the_users_words_come_back(begin: Begin) -> None:
    walk = begin(Category.DEFECT)
    walk.does("agent", Action.TAKE)
    walk.does("agent", Action.ASK, note="请问是哪个页面？")
    assert walk.stands() == (State.WAITING, Tier.FRONT)
    walk.is_refused("agent", Action.ESCALATE, "不能升级中台")
    walk.user("wang", Action.SUPPLY, note="电费核算")
    walk.does("agent", Action.ESCALATE, note="电费核算页面")
    page = walk.visitor("expert").get(walk.at()).text
    assert "请问是哪个页面？" in page
    assert "电费核算" in page


def test_a_reopened_ticket_starts_again_at_the_front(begin: Begin) -> None:
    walk = begin(Category.CONSULTATION)
    walk.does("agent", Action.TAKE)
    walk.does("agent", Action.ANSWER, note="请看手册")
    walk.user("wang", Action.REOPEN, note="手册里没有")
    assert walk.stands() == (State.OPEN, Tier.FRONT)
    walk.does("agent", Action.TAKE)
    walk.does("agent", Action.ANSWER, note="在第 12 页")
    walk.user("wang", Action.CONFIRM, rating="3", note="")
    assert walk.stands() == CLOSED


def known_defect(maker: sessionmaker[Session]) -> str:
    with transaction(maker) as session:
        text = DefectText(
            title="电费核算页面转圈",
            system="mkt",
            symptoms=["电费核算页面一直转圈"],
            workaround="换到夜间核算",
            fixed_in="6.2.2",
            cause="缺索引",
        )
        record = open_record(session, text, by=1)
        for action, duty in (
            (DefectAction.CONFIRM, DefectDuty.CURATE),
            (DefectAction.START, DefectDuty.REPAIR),
            (DefectAction.FIX, DefectDuty.REPAIR),
        ):
            move(session, record, action, by=1, duties={duty})
        return record.number


def deployed(maker: sessionmaker[Session], number: str, version: str) -> int:
    """The fix is verified, the system runs ``version``; how many tickets wake up."""
    with transaction(maker) as session:
        record = session.scalars(select(Defect).where(Defect.number == number)).one()
        if record.state != "verified":
            move(session, record, DefectAction.VERIFY, by=1, duties={DefectDuty.CURATE})
        World.of(session).systems["mkt"].version = version
        session.flush()
        return len(desk.release_ready(session))


def test_a_ticket_parked_on_a_defect_wakes_when_the_fix_is_deployed(
    begin: Begin, maker: sessionmaker[Session]
) -> None:
    record = known_defect(maker)
    walk = begin(Category.DEFECT, "电费核算页面一直转圈")
    through_middle(walk, "defect:function")
    walk.is_refused("expert", Action.PARK, "请先把工单关联到一条缺陷")
    answer = walk.visitor("expert").submit(walk.at(f"/defects/{record}"), {"probability": "0.9"})
    assert answer.status_code == 302
    walk.does("expert", Action.PARK, note="修好之前请夜间核算")
    assert walk.stands() == (State.PARKED, Tier.MIDDLE)
    undone = walk.visitor("expert").submit(walk.at(f"/defects/{record}/undo"))
    assert undone.status_code == 422  # nobody would ever wake it
    assert deployed(maker, record, "6.2.1") == 0
    assert deployed(maker, record, "6.2.2") == 1
    assert walk.stands() == (State.FEEDBACK, Tier.FRONT)
    told_and_confirmed(walk)
    with maker() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == walk.number)).one()
        assert ticket.rating == 5
