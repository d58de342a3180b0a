"""The life of a gap (待处理 → 已采纳 → 已解决, or 不需要) as a table. Pure.

No row, no step. That an article was published is noticed by the upkeep, as nobody's deed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from indexer.words import N_
from kb.flow import Refused


class GapState(StrEnum):
    OPEN = "open"
    ADOPTED = "adopted"
    SOLVED = "solved"
    DISMISSED = "dismissed"


class GapAction(StrEnum):
    ADOPT = "adopt"
    SETTLE = "settle"
    LAY_BACK = "lay_back"
    DISMISS = "dismiss"
    REOPEN = "reopen"
    ASSIGN = "assign"


GAP_STATE_LABELS = {
    GapState.OPEN: N_("待处理"),
    GapState.ADOPTED: N_("已采纳"),
    GapState.SOLVED: N_("已解决"),
    GapState.DISMISSED: N_("不需要"),
}
GAP_ACTION_LABELS = {
    GapAction.ADOPT: N_("采纳，着手写知识"),
    GapAction.SETTLE: N_("标为已解决"),
    GapAction.LAY_BACK: N_("放回待处理"),
    GapAction.DISMISS: N_("不需要写"),
    GapAction.REOPEN: N_("重新打开"),
    GapAction.ASSIGN: N_("交给编辑"),
}


@dataclass(frozen=True, slots=True)
class Step:
    start: GapState
    action: GapAction
    end: GapState
    needs_article: bool = False
    needs_note: bool = False


S, A = GapState, GapAction

# fmt: off
STEPS = (
    #    from         action       to            an article     a reason
    Step(S.OPEN,      A.ADOPT,     S.ADOPTED,    needs_article=True),
    Step(S.ADOPTED,   A.ADOPT,     S.ADOPTED,    needs_article=True),
    Step(S.OPEN,      A.SETTLE,    S.SOLVED,     needs_article=True),
    Step(S.ADOPTED,   A.SETTLE,    S.SOLVED,     needs_article=True),
    Step(S.ADOPTED,   A.LAY_BACK,  S.OPEN),
    Step(S.OPEN,      A.DISMISS,   S.DISMISSED,                 needs_note=True),
    Step(S.ADOPTED,   A.DISMISS,   S.DISMISSED,                 needs_note=True),
    Step(S.SOLVED,    A.REOPEN,    S.OPEN,                      needs_note=True),
    Step(S.DISMISSED, A.REOPEN,    S.OPEN),
    Step(S.OPEN,      A.ASSIGN,    S.OPEN),
    Step(S.ADOPTED,   A.ASSIGN,    S.ADOPTED),
)
# fmt: on


def open_to(state: GapState) -> tuple[Step, ...]:
    """The steps that lead on from here: this draws the buttons."""
    return tuple(row for row in STEPS if row.start == state)


def step(state: GapState, action: GapAction, *, has_article: bool, note: str) -> Step:
    """Decide one step, or raise :class:`Refused` with the reason."""
    row = next((row for row in STEPS if row.start == state and row.action == action), None)
    if row is None:
        raise Refused(
            N_("这个知识缺口现在是“%(state)s”，不能%(action)s。"),
            state=GAP_STATE_LABELS[state],
            action=GAP_ACTION_LABELS[action],
        )
    if row.needs_article and not has_article:
        raise Refused(N_("请先选好是哪一篇知识。"))
    if row.needs_note and not note.strip():
        raise Refused(N_("请写明原因，以后看到同样问题的同事才知道为什么。"))
    return row
