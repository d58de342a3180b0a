"""The life of a fault event and of an announcement, as tables. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from indexer.words import N_
from kb.flow import Refused
from portal.people.roles import Permission


class FaultState(StrEnum):
    GATHERING = "gathering"
    SUBMITTED = "submitted"
    DECLARED = "declared"
    RECOVERED = "recovered"
    VERIFIED = "verified"
    DISMISSED = "dismissed"


class FaultAction(StrEnum):
    """Everything that is written down of an event: its steps, and the deeds beside them, which have no row."""

    SUBMIT = "submit"
    DECLARE = "declare"
    DISMISS = "dismiss"
    REVOKE = "revoke"
    RECOVER = "recover"
    VERIFY = "verify"
    FAIL = "fail"
    GATHER = "gather"
    ADD = "add"
    LEAVE = "leave"
    CATCH_UP = "catch_up"
    ANNOUNCE = "announce"
    UPDATE = "update"
    WITHDRAW = "withdraw"
    TELL = "tell"
    RECOVERY = "recovery"


#: While the outage is in these states it may be announced as a fault.
ANNOUNCEABLE = frozenset({FaultState.DECLARED, FaultState.RECOVERED})
OVER = frozenset({FaultState.VERIFIED, FaultState.DISMISSED})


class AnnouncementKind(StrEnum):
    FAULT = "fault"
    MAINTENANCE = "maintenance"
    NOTICE = "notice"


class AnnouncementState(StrEnum):
    DRAFT = "draft"
    LIVE = "live"
    RECOVERED = "recovered"
    WITHDRAWN = "withdrawn"


FAULT_STATE_LABELS = {
    FaultState.GATHERING: N_("归集中"),
    FaultState.SUBMITTED: N_("待运调判定"),
    FaultState.DECLARED: N_("故障抢修中"),
    FaultState.RECOVERED: N_("已恢复待验证"),
    FaultState.VERIFIED: N_("已验证恢复"),
    FaultState.DISMISSED: N_("判定不是故障"),
}
FAULT_ACTION_LABELS = {
    FaultAction.SUBMIT: N_("提交运调判定"),
    FaultAction.DECLARE: N_("判定为故障并指挥后台"),
    FaultAction.DISMISS: N_("判定不是故障"),
    FaultAction.REVOKE: N_("撤销判定，不是故障"),
    FaultAction.RECOVER: N_("登记恢复"),
    FaultAction.VERIFY: N_("验证恢复"),
    FaultAction.FAIL: N_("验证不通过"),
    FaultAction.GATHER: N_("归集报障"),
    FaultAction.ADD: N_("补充归集"),
    FaultAction.LEAVE: N_("移出工单"),
    FaultAction.CATCH_UP: N_("让工单跟上"),
    FaultAction.ANNOUNCE: N_("发布公告"),
    FaultAction.UPDATE: N_("更新公告"),
    FaultAction.WITHDRAW: N_("撤回公告"),
    FaultAction.TELL: N_("告知报障人"),
    FaultAction.RECOVERY: N_("发布恢复公告"),
}
ANNOUNCEMENT_KIND_LABELS = {
    AnnouncementKind.FAULT: N_("故障公告"),
    AnnouncementKind.MAINTENANCE: N_("检修公告"),
    AnnouncementKind.NOTICE: N_("通知"),
}
ANNOUNCEMENT_STATE_LABELS = {
    AnnouncementState.DRAFT: N_("草稿"),
    AnnouncementState.LIVE: N_("生效中"),
    AnnouncementState.RECOVERED: N_("已恢复"),
    AnnouncementState.WITHDRAWN: N_("已撤回"),
}


@dataclass(frozen=True, slots=True)
class Step:
    start: FaultState
    action: FaultAction
    permission: Permission
    end: FaultState


S, A, P = FaultState, FaultAction, Permission
# fmt: off
STEPS = (
    #    from          action      by                 to
    Step(S.GATHERING, A.SUBMIT,   P.WORK_MIDDLE,   S.SUBMITTED),
    Step(S.SUBMITTED, A.DECLARE,  P.WORK_DISPATCH, S.DECLARED),
    Step(S.SUBMITTED, A.DISMISS,  P.WORK_DISPATCH, S.DISMISSED),
    Step(S.DECLARED,  A.RECOVER,  P.WORK_BACK,     S.RECOVERED),
    Step(S.DECLARED,  A.REVOKE,   P.WORK_DISPATCH, S.DISMISSED),
    Step(S.RECOVERED, A.REVOKE,   P.WORK_DISPATCH, S.DISMISSED),
    Step(S.RECOVERED, A.VERIFY,   P.WORK_MIDDLE,   S.VERIFIED),
    Step(S.RECOVERED, A.FAIL,     P.WORK_MIDDLE,   S.DECLARED),
)
# fmt: on


def open_to(state: FaultState, permissions: Collection[Permission]) -> tuple[Step, ...]:
    """The steps a person may take now: this draws the buttons."""
    return tuple(row for row in STEPS if row.start == state and row.permission in permissions)


def step(state: FaultState, action: FaultAction, *, permissions: Collection[Permission], note: str) -> Step:
    """Decide one step, or raise :class:`Refused`; every ruling needs its reason."""
    rows = [row for row in STEPS if row.start == state and row.action == action]
    if not rows:
        raise Refused(
            N_("故障事件现在是“%(state)s”，不能%(action)s。"),
            state=FAULT_STATE_LABELS[state],
            action=FAULT_ACTION_LABELS[action],
        )
    if rows[0].permission not in permissions:
        raise Refused(N_("您的岗位不能%(action)s。"), action=FAULT_ACTION_LABELS[action])
    if not note.strip():
        raise Refused(N_("请写明情况和依据。"))
    return rows[0]
