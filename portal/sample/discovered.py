"""The sample's wall: groups that nobody has explained yet, one set aside, and one that bursts right now.

Grouped by the wall's own verbs and by words alone; the worker adds what the index knows. No record of the
sample's library explains these texts, so that a look at the wall finds something to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library
from defects.texts import DefectText
from kb.columns import now
from portal.causes.bursts.counting import counted
from portal.causes.bursts.judging import judged
from portal.causes.bursts.like_hours import judged_hour, like
from portal.causes.bursts.watching import settle
from portal.causes.wall import deciding
from portal.causes.wall.arranging import arrange, arranged
from portal.causes.wall.models import WallGroup, WallMember
from portal.causes.wall.unexplained import waiting_systems
from portal.people.models import Person
from portal.people.roles import Post
from portal.sample.halfyear import Stage
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.words import Category

#: Comes up in the last hour, from many units at once.
BURSTING = (
    "amr",
    (
        "采集召测下发后一直显示“等待通道”，全所的表都召不回来",
        "今天上午召测全部失败，提示等待通道，冻结电量补不了",
        "召测任务发出去就停在等待通道，重发三次都一样",
        "所有台区召测都卡在等待通道，费控指令发不下去",
        "点召测转圈，最后弹“等待通道超时”，从十分钟前开始的",
        "批量召测等待通道，一块表都没有成功",
        "召测失败，等待通道超时，客户在等复电",
        "采集召测等待通道，刷新、换账号都没用",
        "复电指令下不去，召测也是等待通道，窗口客户催得急",
    ),
)
#: Grows over the last days.
GROWING = (
    "mkt",
    (
        "批量导出抄表异常清单，打开后户号变成科学计数法，没法用",
        "导出的抄表异常清单里户号显示成1.02E+12，还原不回来",
        "抄表异常清单导出 Excel 户号全是科学计数，只能一户一户抄",
        "异常清单导出后户号后几位变成 0，请改成文本格式",
        "上周更新以后导出清单户号变科学计数法",
    ),
    (9.0, 4.2, 3.1, 1.6, 0.4),
)
#: Looked at and set aside: nothing is wrong with the program.
ASIDE = (
    "ehall",
    (
        "网厅演示账号登录提示账号已停用，培训用不了",
        "培训用的网厅演示账号停用了，登录不上",
        "演示账号登录网厅提示已停用，明天要给供电所上课",
    ),
    (23.0, 22.0, 21.5),
)
#: Opened by a colleague who did not find “跨月抄表用户阶梯电量重复累计”.
TWICE = DefectText(
    title="跨月抄表的用户阶梯电量累计了两次",
    system="mkt",
    module="bill",
    symptoms=["月底最后一天抄表的用户，阶梯电量重复累计", "跨月抄表后阶梯电量多累计一次，电费偏高"],
)
WHY = "演示账号每季度统一停用，不是系统缺陷；培训请走账号申请。"


def discover(stage: Stage) -> None:
    """File what nobody has explained, group it, decide and judge the last hour."""
    for system, texts, ago in (GROWING, ASIDE):
        _file(stage, system, texts, [timedelta(days=days) for days in ago])
    end = judged_hour(stage.today)[1]
    moments = [stage.today - end + timedelta(minutes=4 + 5 * place) for place in range(len(BURSTING[1]))]
    _file(stage, *BURSTING, list(reversed(moments)))
    stage.at(stage.today)
    library.open_record(stage.session, TWICE, by=_expert(stage, TWICE.system).id)
    _group(stage.session)
    _set_aside(stage)
    span = judged_hour(stage.today)
    settle(stage.session, span, judged(counted(stage.session, span, like(span))))


def _file(stage: Stage, system: str, texts: Sequence[str], ago: Sequence[timedelta]) -> None:
    people = _from_all_over(stage.cast.requesters)
    for place, (text, back) in enumerate(zip(texts, ago, strict=True)):
        stage.at(stage.today - back)
        requester = people[(7 * place + len(texts)) % len(people)]
        request = desk.Request(
            text=text,
            category=Category.DEFECT,
            sub="function",
            system=stage.systems[system],
            requester=requester,
        )
        desk.file(stage.session, request, by=requester)
    stage.session.flush()


def _from_all_over(people: Sequence[Person]) -> list[Person]:
    """One after the other from different units."""
    return sorted(people, key=lambda person: (person.id % 5, person.unit_id, person.id))


def _group(session: Session) -> None:
    while systems := waiting_systems(session):
        for system in systems:
            arrange(session, arranged(session, system, None))


def _expert(stage: Stage, system: str) -> Person:
    return next(row for row in stage.cast.holding(Post.EXPERT) if system in row.posts[0].systems)


def _set_aside(stage: Stage) -> None:
    """By the system's expert, three weeks ago."""
    session = stage.session
    ticket = session.scalars(select(Ticket).where(Ticket.text == ASIDE[1][0])).one()
    member = session.get_one(WallMember, ticket.id)
    if member.group_id is None:
        return
    group = session.get_one(WallGroup, member.group_id)
    ids = select(WallMember.ticket_id).where(WallMember.group_id == group.id)
    tickets = deciding.tickets_by_id(session, list(session.scalars(ids)))
    expert = _expert(stage, ASIDE[0])
    stage.at(now(session) - timedelta(days=20))
    deciding.dismiss(session, group, tickets, reason=WHY, by=expert)
    stage.at(stage.today)
