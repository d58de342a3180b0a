"""Who is told what: a table event → listeners, and the sentence for them.

Notices are rows written in the deed's own transaction; the world hears afterwards (``portal.delivery``).
What a person does with their notices is in ``bell``, what they wish in ``telling``. The invariant: nobody
is told of their own deed, and :func:`tell` is the one place where a notice is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from portal.people.models import Person
from portal.tickets.models import Notice, Ticket, TrailEntry, Watcher
from portal.tickets.telling.groups import Group
from portal.tickets.telling.models import Happening
from portal.tickets.telling.wishes import muted_by
from portal.tickets.words import Action, State


class Listener(StrEnum):
    REQUESTER = "requester"
    HOLDER = "holder"
    WATCHERS = "watchers"
    TELLER = "teller"  # whoever told the user the outcome


class Event(StrEnum):
    TAKEN = "taken"
    ASKED = "asked"
    SUPPLIED = "supplied"
    HANDED_ON = "handed_on"
    PARKED = "parked"
    TOLD = "told"
    CLOSED = "closed"
    REOPENED = "reopened"
    ASSIGNED = "assigned"
    URGED = "urged"
    COMMENTED = "commented"
    NOTED = "noted"
    FIX_DEPLOYED = "fix_deployed"
    RECURRED = "recurred"
    NO_RECURRENCE = "no_recurrence"  # the alarm was false, the record is as it was
    KEY_DUE = "key_due"  # whoever answers for a key problem or a countermeasure: ``causes.keys``
    KEY_OVERDUE = "key_overdue"
    RECORD_MERGED = "record_merged"  # those in charge of either record: ``causes.merging``
    RECOVERED = "recovered"  # told to those hit by a fault who have no ticket
    NO_FAULT = "no_fault"  # the same, when it turned out to be none
    UPDATE_DUE = "update_due"  # whoever promised an update of an announcement
    MENTIONED = "mentioned"  # by name, in a comment they may read
    COMPLAINED = "complained"  # the supervisors who answer complaints
    INSPECTED = "inspected"  # whose work was scored
    APPEALED = "appealed"  # whoever scored it
    MERGED = "merged"
    UNMERGED = "unmerged"
    INVITED = "invited"  # a colleague was asked to follow a ticket
    HELPED = "helped"  # a child's result is there: whoever works on the parent
    APPEAL_DECIDED = "appeal_decided"  # both of them
    DUE_SOON = "due_soon"  # whoever has it in hand: ``levels.alarms``
    OVERDUE = "overdue"  # those above them, too
    LINK_SENT = "link_sent"  # a caller, the link to an article: ``finder.sending``
    ARTICLE_DUE = "article_due"  # whoever owns an article that is to be checked again: ``portal.curation``
    ARTICLE_ENDS = "article_ends"  # the same, before its time is over
    ARTICLE_ENTRUSTED = "article_entrusted"  # whoever owns it from now on
    ARTICLE_OVER = "article_over"  # the same, when what it tells of is repaired everywhere: ``causes.known``
    ARTICLE_BACK = "article_back"  # and when it came back
    GAP_ASSIGNED = "gap_assigned"  # whoever is to write what is missing
    ARTICLE_CHANGED = "article_changed"  # those who follow it: ``portal.curation.following``
    ARTICLE_REPLACED = "article_replaced"
    ARTICLE_GONE = "article_gone"
    BURST = "burst"  # dispatch and the system's experts: ``portal.causes.bursts``
    CAUSES_REPORT = "causes_report"  # those responsible for the systems: ``portal.causes.voice``
    LINKING_PAUSED = "linking_paused"  # those who curate defects: ``portal.causes.autolink``


@dataclass(frozen=True, slots=True)
class Row:
    event: Event
    listeners: tuple[Listener, ...]
    sentence: str
    group: Group = Group.PROGRESS
    urgent: bool = False  # pops up in the portal
    name: str = ""  # what robots and administrators call it


L, G = Listener, Group
# fmt: off
TABLE = {row.event: row for row in (
    Row(Event.TAKEN,        (L.REQUESTER, L.WATCHERS),             N_("%(by)s 已受理您的工单 %(number)s：%(title)s"), G.PROGRESS, name=N_("受理")),
    Row(Event.ASKED,        (L.REQUESTER,),                        N_("工单 %(number)s 需要您补充：%(note)s"), G.ANSWER, urgent=True, name=N_("请用户补充")),
    Row(Event.SUPPLIED,     (L.HOLDER,),                           N_("%(by)s 补充了工单 %(number)s：%(note)s"), G.TALK, name=N_("用户已补充")),
    Row(Event.HANDED_ON,    (L.REQUESTER, L.WATCHERS),             N_("工单 %(number)s 已转到%(tier)s处理：%(title)s"), G.PROGRESS, name=N_("转办")),
    Row(Event.PARKED,       (L.REQUESTER, L.WATCHERS),             N_("工单 %(number)s 等待缺陷修复，修复部署到您单位后会自动通知您：%(title)s"), G.PROGRESS, name=N_("挂起等修复")),
    Row(Event.TOLD,         (L.REQUESTER, L.WATCHERS),             N_("工单 %(number)s 已有结果，请确认：%(note)s"), G.ANSWER, urgent=True, name=N_("反馈结果")),
    Row(Event.CLOSED,       (L.REQUESTER, L.TELLER, L.WATCHERS),   N_("工单 %(number)s 已办结：%(title)s"), G.PROGRESS, name=N_("办结")),
    Row(Event.REOPENED,     (L.TELLER, L.WATCHERS),                N_("用户重新打开了工单 %(number)s：%(note)s"), G.HANDS, urgent=True, name=N_("重新打开")),
    Row(Event.ASSIGNED,     (L.HOLDER,),                           N_("%(by)s 把工单 %(number)s 交给了您：%(title)s"), G.HANDS, name=N_("指派")),
    Row(Event.URGED,        (L.HOLDER, L.WATCHERS),                N_("用户催单：%(number)s %(title)s"), G.HANDS, urgent=True, name=N_("催单")),
    Row(Event.COMMENTED,    (L.REQUESTER, L.HOLDER, L.WATCHERS),   N_("%(by)s 在工单 %(number)s 留言：%(note)s"), G.TALK, name=N_("留言")),
    Row(Event.NOTED,        (L.HOLDER,),                           N_("%(by)s 在工单 %(number)s 写了内部备注：%(note)s"), G.TALK, name=N_("内部备注")),
    Row(Event.FIX_DEPLOYED, (L.REQUESTER, L.WATCHERS),             N_("工单 %(number)s 等待的修复已部署到您单位：%(title)s"), G.PROGRESS, name=N_("修复已部署")),
    Row(Event.RECURRED,     (),                                    N_("缺陷 %(defect)s 复发（工单 %(number)s），已重新打开：%(title)s"), G.DEFECT, urgent=True, name=N_("缺陷复发")),  # its owners: ``recurrence``
    Row(Event.NO_RECURRENCE, (),                                   N_("缺陷 %(defect)s 的复发报警是误报，已恢复原状：%(title)s"), G.DEFECT, name=N_("复发误报")),
    Row(Event.KEY_DUE,      (),                                    N_("重点问题 %(defect)s 有一项 %(due)s 到期：%(title)s"), G.DEFECT, name=N_("重点问题快到期")),
    Row(Event.KEY_OVERDUE,  (),                                    N_("重点问题 %(defect)s 有一项已逾期（%(due)s 到期）：%(title)s"), G.DEFECT, urgent=True, name=N_("重点问题已逾期")),
    Row(Event.RECORD_MERGED, (),                                   N_("%(by)s 把缺陷 %(number)s 并入了 %(defect)s：%(title)s"), G.DEFECT, name=N_("缺陷并入")),
    Row(Event.RECOVERED,    (),                                    N_("您反映也遇到的故障已恢复：%(title)s %(note)s"), G.OUTAGE, urgent=True, name=N_("故障恢复")),
    Row(Event.NO_FAULT,     (),                                    N_("您反映也遇到的问题经核实不是系统故障：%(title)s；仍有问题请提交工单"), G.OUTAGE, name=N_("核实不是故障")),
    Row(Event.UPDATE_DUE,   (),                                    N_("公告承诺的更新时间已过：%(title)s，请马上更新进展"), G.OUTAGE, urgent=True, name=N_("公告更新逾期")),
    Row(Event.MENTIONED,    (),                                    N_("%(by)s 在工单 %(number)s 提到了您：%(note)s"), G.TALK, urgent=True, name=N_("提到同事")),
    Row(Event.COMPLAINED,   (),                                    N_("%(by)s 投诉了工单 %(about)s，请书面答复：%(number)s %(title)s"), G.HANDS, urgent=True, name=N_("收到投诉")),
    Row(Event.INSPECTED,    (),                                    N_("工单 %(number)s 的质检结果：%(score)s 分，%(level)s；有异议请在 %(until)s 前申诉"), G.QUALITY, name=N_("质检评分")),
    Row(Event.APPEALED,     (),                                    N_("%(by)s 对工单 %(number)s 的质检评分提出申诉：%(note)s"), G.QUALITY, name=N_("质检申诉")),
    Row(Event.MERGED,       (L.REQUESTER, L.WATCHERS),             N_("工单 %(number)s 和同样的问题合并处理，进展仍会告诉您：%(title)s"), G.PROGRESS, name=N_("并单")),
    Row(Event.UNMERGED,     (L.REQUESTER, L.WATCHERS),             N_("工单 %(number)s 恢复单独处理：%(title)s"), G.PROGRESS, name=N_("恢复单独处理")),
    Row(Event.INVITED,      (),                                    N_("%(by)s 请您关注工单 %(number)s：%(title)s"), G.TALK, name=N_("请人关注")),
    Row(Event.HELPED,       (),                                    N_("协同工单 %(number)s 已有结果：%(title)s"), G.HANDS, name=N_("协同有结果")),
    Row(Event.APPEAL_DECIDED, (),                                  N_("工单 %(number)s 的质检申诉已裁定（%(verdict)s）：%(note)s"), G.QUALITY, name=N_("申诉裁定")),
    Row(Event.DUE_SOON,     (),                                    N_("工单 %(number)s 快到%(deadline)s（%(due)s）：%(title)s"), G.CLOCK, urgent=True, name=N_("快到时限")),
    Row(Event.OVERDUE,      (),                                    N_("工单 %(number)s 已超过%(deadline)s（%(due)s）：%(title)s"), G.CLOCK, urgent=True, name=N_("已超时限")),
    Row(Event.LINK_SENT,    (),                                    N_("%(by)s 把知识发给了您：《%(called)s》"), G.TALK, name=N_("发送知识链接")),
    Row(Event.ARTICLE_DUE,  (),                                    N_("您负责的知识 %(article)s 要复核：%(title)s"), G.KNOWLEDGE, name=N_("知识要复核")),
    Row(Event.ARTICLE_ENDS, (),                                    N_("您负责的知识 %(article)s 有效期到 %(day)s 为止：%(title)s"), G.KNOWLEDGE, name=N_("知识快到期")),
    Row(Event.ARTICLE_ENTRUSTED, (),                               N_("%(by)s 把知识 %(article)s 交给您负责：%(title)s"), G.KNOWLEDGE, name=N_("知识交给您")),
    Row(Event.ARTICLE_OVER, (),                                    N_("您负责的知识 %(article)s 已自动下线：%(title)s（%(note)s）"), G.KNOWLEDGE, name=N_("知识随修复下线")),
    Row(Event.ARTICLE_BACK, (),                                    N_("您负责的知识 %(article)s 重新上线：%(title)s（%(note)s）"), G.KNOWLEDGE, name=N_("知识重新上线")),
    Row(Event.GAP_ASSIGNED, (),                                    N_("%(by)s 把知识缺口交给您处理：%(called)s"), G.KNOWLEDGE, name=N_("知识缺口交给您")),
    Row(Event.ARTICLE_CHANGED, (),                                 N_("您关注的知识 %(article)s 有大的改动：%(title)s"), G.FOLLOWED, name=N_("知识有改动")),
    Row(Event.ARTICLE_REPLACED, (),                                N_("您关注的知识 %(former)s 由 %(article)s 代替，已改为关注它：%(title)s"), G.FOLLOWED, name=N_("知识被代替")),
    Row(Event.ARTICLE_GONE, (),                                    N_("您关注的知识 %(former)s 已下线：%(title)s"), G.FOLLOWED, name=N_("知识下线")),
    Row(Event.BURST,        (),                                    N_("%(system)s的%(what)s突然增多：一小时 %(count)s，平时约 %(usual)s"), G.OUTAGE, urgent=True, name=N_("突发增多")),
    Row(Event.CAUSES_REPORT, (),                                   N_("%(system)s的问题%(rhythm)s（%(period)s）：未解决 %(open)s 条，本期工单 %(tickets)s 张，复发 %(recurred)s 次，验证不通过 %(failed)s 次，重点问题逾期 %(overdue)s 条"), G.DEFECT, name=N_("系统问题报告")),
    Row(Event.LINKING_PAUSED, (),                                  N_("系统自动关联已暂停：有人看过的 %(looked_at)s 张里只有 %(right)s 张对，低于承诺的 %(wanted)s"), G.DEFECT, urgent=True, name=N_("自动关联暂停")),
)}

#: Which event a move is, for those that anybody hears of.
EVENT_OF = {
    Action.TAKE:         Event.TAKEN,
    Action.ASK:          Event.ASKED,
    Action.SUPPLY:       Event.SUPPLIED,
    Action.TO_LOCAL:     Event.HANDED_ON,
    Action.ESCALATE:     Event.HANDED_ON,
    Action.TO_BACK:      Event.HANDED_ON,
    Action.SUBMIT_FAULT: Event.HANDED_ON,
    Action.PARK:         Event.PARKED,
    Action.DEPLOYED:     Event.FIX_DEPLOYED,
    Action.ANSWER:       Event.TOLD,
    Action.TELL:         Event.TOLD,
    Action.CONFIRM:      Event.CLOSED,
    Action.REOPEN:       Event.REOPENED,
    Action.REASSIGN:     Event.ASSIGNED,
    Action.HAND_OVER:    Event.ASSIGNED,
    Action.MERGE:        Event.MERGED,
    Action.UNMERGE:      Event.UNMERGED,
}
# fmt: on


#: Values of a notice that nobody typed, or that an administrator may let out (the title).
HEARD_OUTSIDE = frozenset({"number", "title", "tier", "defect", "announcement", "deadline", "due"})


#: A chain of merges was passed on; the user of a merged ticket has confirmed their own.
NO_NEWS = frozenset({(Action.MERGE, State.MERGED), (Action.CONFIRM, State.MERGED)})


def event_of(action: Action, *, before: State) -> Event | None:
    """Which event a move is; that a further tier has taken the ticket is no news to whoever filed it."""
    if (action, before) in NO_NEWS or (action == Action.TAKE and before != State.NEW):
        return None
    return EVENT_OF.get(action)


def announce(
    session: Session, ticket: Ticket, event: Event, *, by: Person | None, note: str = "", tier: str = ""
) -> list[Notice]:
    """Write the notices of one event; ``tier`` is a label to be translated when shown."""
    values = {
        "by": by.name if by else N_("系统"),
        "number": ticket.number,
        "title": ticket.title,
        "note": note[:120],
        "tier": tier,
    }
    return tell(session, event, to=_listeners(session, ticket, event), values=values, ticket=ticket, by=by)


def tell(
    session: Session,
    event: Event,
    *,
    to: Iterable[int],
    values: dict[str, str],
    ticket: Ticket | None = None,
    by: Person | None = None,
    outside: bool = True,
) -> list[Notice]:
    """Write the notices of one event to these people, and that it happened; ``by`` hears nothing of it.

    ``outside``: robots hear of it, too; False where they have heard of the same event before.
    """
    moment = now(session)
    listeners = sorted(set(to) - {by.id if by else 0})
    muted = muted_by(session, TABLE[event].group, listeners) if listeners else set()
    told = [
        Notice(
            person_id=number,
            at=moment,
            event=event,
            ticket_id=ticket.id if ticket else None,
            values=values,
            read_at=moment if number in muted else None,
        )
        for number in listeners
    ]
    heard = {name: text for name, text in values.items() if name in HEARD_OUTSIDE}
    if outside:
        session.add(Happening(at=moment, event=event, ticket_id=ticket.id if ticket else None, values=heard))
    session.add_all(told)
    return told


def _listeners(session: Session, ticket: Ticket, event: Event) -> set[int]:
    found: set[int] = set()
    for listener in TABLE[event].listeners:
        match listener:
            case Listener.REQUESTER:
                found.add(ticket.requester_id)
            case Listener.HOLDER:
                found |= {ticket.holder_id} if ticket.holder_id else set()
            case Listener.WATCHERS:
                found |= set(session.scalars(select(Watcher.person_id).where(Watcher.ticket_id == ticket.id)))
            case Listener.TELLER:
                found |= _teller(session, ticket)
    return found


def _teller(session: Session, ticket: Ticket) -> set[int]:
    told = (Action.ANSWER, Action.TELL)
    by_id = session.scalars(
        select(TrailEntry.by_id)
        .where(TrailEntry.ticket_id == ticket.id, TrailEntry.action.in_(told))
        .order_by(TrailEntry.seq.desc())
        .limit(1)
    ).first()
    return {by_id} if by_id else set()
