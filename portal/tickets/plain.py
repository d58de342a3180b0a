"""A ticket's life in the words of whoever filed it: no tier, no jargon, nobody's internal remarks.

Two tables and their readers, pure: where it stands now (who has it, what comes next, by when) and what
each move means to the user. The invariant: a note appears here only when ``NOTES_FOR_USER`` names its
action; whatever colleagues wrote to each other stays theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from indexer.words import N_
from portal.people.models import Person
from portal.tickets.models import Comment, Ticket, TrailEntry
from portal.tickets.service_levels import Clock
from portal.tickets.words import TIER_LABELS, Action, State, Tier


@dataclass(frozen=True, slots=True)
class Place:
    """One row: who has it (``held`` when somebody has taken it), and what comes next."""

    held: str
    waiting: str
    next: str


# fmt: off
PLACES: dict[tuple[State, Tier], Place] = {
    (State.NEW, Tier.FRONT): Place(
        N_("%(holder)s已经看到您的问题"), N_("服务台已收到，正在排队受理"),
        N_("受理员先看您的描述，能解决的直接答复您，解决不了的交给专家。")),
    (State.OPEN, Tier.FRONT): Place(
        N_("服务台的%(holder)s正在处理"), N_("服务台正在安排人处理"),
        N_("能解决的直接答复您，解决不了的交给专家判断。")),
    (State.OPEN, Tier.LOCAL): Place(
        N_("本地支持人员%(holder)s正在处理"), N_("已转给本地支持人员，正在安排"),
        N_("本地支持人员会联系您或到现场处理。")),
    (State.OPEN, Tier.MIDDLE): Place(
        N_("专家%(holder)s正在判断原因"), N_("已转给专家，正在排队判断"),
        N_("弄清原因后，交给技术人员处理，或直接给出答复。")),
    (State.OPEN, Tier.DISPATCH): Place(
        N_("运行调度中心的%(holder)s正在判断影响范围"), N_("运行调度中心正在判断影响范围"),
        N_("确认是故障就立即组织抢修，并发布公告。")),
    (State.OPEN, Tier.BACK): Place(
        N_("技术人员%(holder)s正在处理"), N_("已转给技术人员，正在安排"),
        N_("处理完先由专家检查，通过后服务台把结果告诉您。")),
    (State.VERIFYING, Tier.MIDDLE): Place(
        N_("专家%(holder)s正在检查处理结果"), N_("技术人员已处理完，等专家检查"),
        N_("检查通过后服务台把结果告诉您；没通过会退回继续处理。")),
    (State.FEEDBACK, Tier.FRONT): Place(
        N_("服务台的%(holder)s正准备把结果告诉您"), N_("已有结果，服务台马上告诉您"),
        N_("您会收到通知或电话，由您确认后才算办结。")),
    (State.PARKED, Tier.MIDDLE): Place(
        N_("原因已经找到，正在等系统修复"), N_("原因已经找到，正在等系统修复"),
        N_("修复部署到您单位后会自动通知您，不需要再次提单。")),
    (State.CONFIRMING, Tier.USER): Place(
        N_("已有结果，等您确认"), N_("已有结果，等您确认"),
        N_("解决了请确认并打分；没解决可以重新打开。超过 %(days)s 个工作日没有回复会自动办结。")),
    (State.CLOSED, Tier.USER): Place(
        N_("已经办结"), N_("已经办结"), N_("还有问题可以再提一张工单，写上这张的编号即可。")),
    (State.CANCELLED, Tier.USER): Place(
        N_("您已撤销这张工单"), N_("您已撤销这张工单"), N_("需要时随时可以再提。")),
}
#: The desk waits for an answer, whoever asked for it.
ASKED = Place(
    N_("%(holder)s在等您补充信息"), N_("在等您补充信息"),
    N_("您补充之后马上接着处理。"))

#: Somebody else's ticket is worked on instead; the page tells how that one stands.
ELSEWHERE = Place(
    N_("和同样的问题合并处理"), N_("和同样的问题合并处理"),
    N_("有了结果会通知您来确认；您这边没解决，可以让我们单独处理。"))
#: Said alike whichever tier it lies on.
ANYWHERE = {State.WAITING: ASKED, State.MERGED: ELSEWHERE}

#: The states as their owner would name them.
STATES: dict[State, str] = {
    State.NEW:        N_("等待受理"),
    State.OPEN:       N_("处理中"),
    State.WAITING:    N_("等您补充"),
    State.PARKED:     N_("等待修复"),
    State.VERIFYING:  N_("检查中"),
    State.FEEDBACK:   N_("马上告诉您结果"),
    State.CONFIRMING: N_("等您确认"),
    State.CLOSED:     N_("已办结"),
    State.CANCELLED:  N_("已撤销"),
    State.MERGED:     N_("已合并处理"),
}
#: The desk's name of a tier → who that is to an employee.
TIERS: dict[str, str] = {
    TIER_LABELS[Tier.FRONT]:    N_("服务台"),
    TIER_LABELS[Tier.LOCAL]:    N_("本地支持人员"),
    TIER_LABELS[Tier.MIDDLE]:   N_("专家"),
    TIER_LABELS[Tier.DISPATCH]: N_("运行调度中心"),
    TIER_LABELS[Tier.BACK]:     N_("技术人员"),
}
#: What each move means to the user; None is the desk's own business and isn't told.
DEEDS: dict[Action, str | None] = {
    Action.FILE:         N_("提交了问题"),
    Action.TAKE:         N_("接手处理"),
    Action.RELEASE:      None,
    Action.REASSIGN:     None,
    Action.HAND_OVER:    None,
    Action.ASK:          N_("请您补充信息"),
    Action.SUPPLY:       N_("补充了信息"),
    Action.CLASSIFY:     N_("确认了问题的类别"),
    Action.INFORM:       N_("补全了问题的信息"),
    Action.ANSWER:       N_("答复了您"),
    Action.TO_LOCAL:     N_("转给本地支持人员"),
    Action.LOCAL_DONE:   N_("完成了现场处理"),
    Action.ESCALATE:     N_("转给专家判断"),
    Action.RULE:         N_("确定了问题的类别"),
    Action.REPLY:        N_("给出了处理意见，由服务台告诉您"),
    Action.TO_BACK:      N_("转给技术人员处理"),
    Action.TO_FRONT:     N_("转回服务台"),
    Action.PARK:         N_("找到了原因，等系统修复"),
    Action.UNPARK:       N_("不再等修复，继续处理"),
    Action.DEPLOYED:     N_("修复已部署到您单位"),
    Action.SUBMIT_FAULT: N_("报给运行调度中心"),
    Action.NOT_A_FAULT:  N_("转回专家判断"),
    Action.COMMAND:      N_("确认是故障，组织抢修"),
    Action.FINISH:       N_("技术处理完成，等专家检查"),
    Action.TO_MIDDLE:    N_("转回专家判断"),
    Action.PASS:         N_("检查通过"),
    Action.FAIL:         N_("检查没有通过，继续处理"),
    Action.TELL:         N_("把结果告诉了您"),
    Action.CONFIRM:      N_("确认问题已解决"),
    Action.REOPEN:       N_("重新打开了工单"),
    Action.CANCEL:       N_("撤销了工单"),
    Action.AMEND:        None,
    Action.RETRACT:      None,
    Action.MERGE:        N_("和同样的问题合并处理"),
    Action.UNMERGE:      N_("恢复单独处理"),
    Action.ABSORB:       None,
    Action.LET_GO:       None,
    Action.ATTACH:       N_("请相关系统一起处理"),
    Action.DETACH:       None,
    Action.AUTO_LINK:    None,  # a machine's guess is no news for the user
    Action.AUTO_KEPT:    None,
    Action.AUTO_UNDONE:  None,
}
CLOSED_BY_SILENCE = N_("到期没有收到您的回复，自动办结")
#: Moves whose note was written by or for the user.
NOTES_FOR_USER = frozenset({
    Action.FILE, Action.ASK, Action.SUPPLY, Action.ANSWER, Action.TELL,
    Action.CONFIRM, Action.REOPEN, Action.CANCEL,
})
# fmt: on


class By(StrEnum):
    """Who is speaking, as far as the user is concerned."""

    ME = "me"
    DESK = "desk"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Standing:
    """Who has it, what comes next, by when. ``late`` and ``paused`` say why there is no promise."""

    who: str
    next: str
    holder: Person | None = None
    until: datetime | None = None
    late: bool = False
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the story; ``deed`` is empty for a remark, ``who`` where the system acted."""

    at: datetime
    by: By
    who: Person | None
    deed: str
    words: str = ""
    remark: int | None = None
    edited: bool = False


def standing_of(ticket: Ticket, clock: Clock | None) -> Standing:
    """Where the ticket stands now, for the sentence on top of the user's page."""
    place = ANYWHERE.get(ticket.state) or PLACES[ticket.state, ticket.tier]
    running = clock is not None and not clock.paused
    late = running and clock is not None and clock.overdue
    return Standing(
        who=place.held if ticket.holder else place.waiting,
        next=place.next,
        holder=ticket.holder,
        until=clock.due if clock is not None and running and not late else None,
        late=late,
        paused=clock is not None and clock.paused,
    )


def question_of(ticket: Ticket, trail: Sequence[TrailEntry]) -> str:
    """What the desk asked last, while it waits for the answer."""
    if ticket.state != State.WAITING:
        return ""
    return next((entry.note for entry in reversed(trail) if entry.action == Action.ASK), "")


def story_of(ticket: Ticket, trail: Sequence[TrailEntry], comments: Sequence[Comment]) -> list[Told]:
    """What happened, newest first: moves in plain words and the remarks that are meant to be read."""
    moves = [line for entry in trail if (line := _told(ticket, entry)) is not None]
    remarks = [
        Told(row.at, _by(ticket, row.by_id), row.by, "", row.text, row.id, row.edited_at is not None)
        for row in comments
        if not row.internal and row.withdrawn_at is None
    ]
    # Sorted first and turned round then, so that moves of one second keep their order.
    return sorted(moves + remarks, key=lambda line: line.at)[::-1]


def _told(ticket: Ticket, entry: TrailEntry) -> Told | None:
    deed = DEEDS[entry.action]
    if deed is None:
        return None
    if entry.action == Action.CONFIRM and entry.by_id is None:
        deed = CLOSED_BY_SILENCE
    words = entry.note if entry.action in NOTES_FOR_USER else ""
    return Told(entry.at, _by(ticket, entry.by_id), entry.by, deed, words)


def _by(ticket: Ticket, person_id: int | None) -> By:
    if person_id is None:
        return By.SYSTEM
    return By.ME if person_id == ticket.requester_id else By.DESK
