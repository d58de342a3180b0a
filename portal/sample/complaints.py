"""The sample's complaints about closed tickets: one answered and confirmed, one answered, one just filed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from portal.sample.halfyear import Stage
from portal.tickets import desk
from portal.tickets.complaints.bars import barred_from
from portal.tickets.complaints.complaining import complain, may_complain
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category, State

MOST_RATING = 3


@dataclass(frozen=True, slots=True)
class Written:
    """Somebody's words, and how far it has come; ``days`` ago."""

    text: str
    sub: str
    days: int
    answer: str = ""
    settled: bool = False


WRITTEN = (
    Written(
        "前后打了三次电话，每次都要从头说一遍，最后一次接电话的人还说“不是已经告诉过您了吗”。"
        "问题虽然解决了，但这个态度让人很不舒服，希望以后能看看前面的记录再接。",
        "service",
        6,
        "已听取三次通话录音并核对记录：第二次通话没有把已经了解的情况写进工单，导致您重复说明，"
        "第三次用语不当。我们向您道歉。当班人员已补充培训，班组要求接话前先读工单记录，本月抽查。",
        True,
    ),
    Written(
        "同样的报错这是第三回了，每回都是重启一下就给我办结，过几天又来。请说清楚到底什么时候能真正修好。",
        "system",
        3,
        "经核实，三次处理都只恢复了服务，没有转缺陷跟踪。现已关联到缺陷记录并指定责任人，"
        "修复版本排入下月发布；部署到您单位时会自动通知您，在此之前由中台每周检查一次。",
    ),
    Written(
        "工单显示已经办结，可是没有任何人联系过我，结果也看不懂，只写了“已处理”三个字。请书面说明做了什么。",
        "service",
        1,
    ),
)


def play_complaints(stage: Stage) -> None:
    """Each about another person's closed ticket, the less content first."""
    for written, ticket in zip(WRITTEN, _discontent(stage), strict=False):
        _play(stage, written, ticket)


def _discontent(stage: Stage) -> list[Ticket]:
    closed = stage.session.scalars(
        select(Ticket)
        .where(Ticket.state == State.CLOSED, Ticket.rating <= MOST_RATING)
        .where(Ticket.category != Category.COMPLAINT, Ticket.closed_at < stage.today - timedelta(days=8))
        .order_by(Ticket.rating, Ticket.closed_at.desc())
        .limit(60)
    )
    one_each = {row.requester_id: row for row in reversed(list(closed))}
    return [row for row in one_each.values() if stage.cast.leads(row)]


def _play(stage: Stage, written: Written, ticket: Ticket) -> None:
    moment = stage.today - timedelta(days=written.days, hours=3)
    stage.at(moment)
    if not may_complain(stage.session, ticket, ticket.requester):
        return
    complaint = complain(stage.session, ticket, written.text, by=ticket.requester, sub=written.sub)
    barred = barred_from(complaint)
    lead = next((person for person in stage.cast.leads(complaint) if person.id not in barred), None)
    if lead is None or not written.answer:
        return
    stage.at(moment + timedelta(hours=2))
    desk.move(stage.session, complaint, Action.TAKE, by=lead)
    stage.at(moment + timedelta(hours=20))
    desk.move(stage.session, complaint, Action.ANSWER, by=lead, given=desk.Given(note=written.answer))
    if written.settled:
        stage.at(moment + timedelta(hours=30))
        given = desk.Given(note="谢谢，说清楚了。", rating=4)
        desk.move(stage.session, complaint, Action.CONFIRM, by=complaint.requester, given=given)
