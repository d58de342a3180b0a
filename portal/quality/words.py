"""The closed sets of follow-ups and inspections and their names. Pure."""

from __future__ import annotations

from enum import StrEnum

from indexer.words import N_


class Kind(StrEnum):
    """What a sampling rule draws tickets for."""

    FOLLOW_UP = "follow_up"
    INSPECTION = "inspection"


class Per(StrEnum):
    """Whose tickets a day's limit counts."""

    AGENT = "agent"
    UNIT = "unit"


class FollowUpState(StrEnum):
    OPEN = "open"
    REACHED = "reached"
    GIVEN_UP = "given_up"


class NextStep(StrEnum):
    """What follows when the user says that it is not solved."""

    NOTHING = "nothing"
    REOPEN = "reopen"
    NEW_TICKET = "new_ticket"


class InspectionState(StrEnum):
    OPEN = "open"
    SCORED = "scored"
    APPEALED = "appealed"
    DECIDED = "decided"


class Verdict(StrEnum):
    """How an appeal ends."""

    KEPT = "kept"
    CHANGED = "changed"


KIND_LABELS = {Kind.FOLLOW_UP: N_("回访"), Kind.INSPECTION: N_("质检")}
PER_LABELS = {Per.AGENT: N_("每位受理员"), Per.UNIT: N_("每个单位")}
FOLLOW_UP_STATE_LABELS = {
    FollowUpState.OPEN: N_("待回访"),
    FollowUpState.REACHED: N_("已回访"),
    FollowUpState.GIVEN_UP: N_("未能接通"),
}
NEXT_STEP_LABELS = {
    NextStep.NOTHING: N_("只记录"),
    NextStep.REOPEN: N_("重新打开原工单"),
    NextStep.NEW_TICKET: N_("另提一张新工单"),
}
INSPECTION_STATE_LABELS = {
    InspectionState.OPEN: N_("待质检"),
    InspectionState.SCORED: N_("已评分"),
    InspectionState.APPEALED: N_("申诉中"),
    InspectionState.DECIDED: N_("申诉已裁定"),
}
VERDICT_LABELS = {Verdict.KEPT: N_("维持原分"), Verdict.CHANGED: N_("改分")}
SATISFACTION_LABELS = {
    5: N_("非常满意"),
    4: N_("满意"),
    3: N_("一般"),
    2: N_("不满意"),
    1: N_("非常不满意"),
}
