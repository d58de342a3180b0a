"""The life of a defect record (疑似 → 已确认 → 处置中 → 已修复 → 已验证 → 已关闭) as a table.

Pure. Duties are this package's own words; the portal maps posts to them. No row, no step.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from indexer.words import N_
from kb.flow import Refused


class DefectState(StrEnum):
    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    IN_PROGRESS = "in_progress"
    FIXED = "fixed"
    VERIFIED = "verified"
    CLOSED = "closed"
    DUPLICATE = "duplicate"
    NOT_A_DEFECT = "not_a_defect"


class DefectAction(StrEnum):
    CONFIRM = "confirm"
    START = "start"
    FIX = "fix"
    VERIFY = "verify"
    FAIL = "fail"
    CLOSE = "close"
    REOPEN = "reopen"
    MERGE = "merge"
    REJECT = "reject"
    RECUR = "recur"
    RETRACT = "retract"  # the alarm was false


class DefectDuty(StrEnum):
    CURATE = "curate"  # the middle
    REPAIR = "repair"  # the back
    SYSTEM = "system"


STATE_LABELS = {
    DefectState.SUSPECTED: N_("疑似"),
    DefectState.CONFIRMED: N_("已确认"),
    DefectState.IN_PROGRESS: N_("处置中"),
    DefectState.FIXED: N_("已修复"),
    DefectState.VERIFIED: N_("已验证"),
    DefectState.CLOSED: N_("已关闭"),
    DefectState.DUPLICATE: N_("重复"),
    DefectState.NOT_A_DEFECT: N_("不是缺陷"),
}

ACTION_LABELS = {
    DefectAction.CONFIRM: N_("确认缺陷"),
    DefectAction.START: N_("开始处置"),
    DefectAction.FIX: N_("登记修复"),
    DefectAction.VERIFY: N_("验证通过"),
    DefectAction.FAIL: N_("验证不通过"),
    DefectAction.CLOSE: N_("关闭"),
    DefectAction.REOPEN: N_("重新打开"),
    DefectAction.MERGE: N_("并入另一条"),
    DefectAction.REJECT: N_("判定不是缺陷"),
    DefectAction.RECUR: N_("复发"),
    DefectAction.RETRACT: N_("撤销复发"),
}

#: States in which the defect still hurts: counted as open, offered for parking.
OPEN = frozenset({DefectState.SUSPECTED, DefectState.CONFIRMED, DefectState.IN_PROGRESS, DefectState.FIXED})
#: States in which a user may be shown the workaround.
KNOWN = frozenset({DefectState.CONFIRMED, DefectState.IN_PROGRESS, DefectState.FIXED, DefectState.VERIFIED})


#: States in which a record is no defect of its own: no fix will ever come for it, nothing is parked on it.
DEAD = frozenset({DefectState.DUPLICATE, DefectState.NOT_A_DEFECT})


@dataclass(frozen=True, slots=True)
class Step:
    start: DefectState
    action: DefectAction
    duty: DefectDuty
    end: DefectState
    needs: tuple[str, ...] = ()
    key_needs: tuple[str, ...] = ()  # of a 重点问题, beside the others

    def wants(self, *, key: bool) -> tuple[str, ...]:
        """What this step asks for: of a key problem more than of any other."""
        return self.needs + self.key_needs if key else self.needs


#: A key problem is gone when nobody who runs its fix has met it for so many days.
QUIET_DAYS = 14

S, A, D = DefectState, DefectAction, DefectDuty
NEEDS = {
    "note": N_("请写明原因。"),
    "cause": N_("请先填写根因，再登记修复。"),
    "fixed_in": N_("请先填写修复版本，各单位靠它知道何时能用上。"),
    "duplicate_of": N_("请指明并入哪一条缺陷。"),
    "planned": N_("重点问题要有整改措施才能关闭：请写明做了什么、由谁做、怎样算完成。"),
    "measures": N_("还有整改措施没有完成，不能关闭重点问题。"),
    "quiet": N_("修复后的观察还不够：要有单位用上修复版本，并且连续 %(days)s 天没有这些单位的工单。"),
    "evidence": N_("关闭重点问题要写明依据：看了什么、怎样确认问题真的消除了。"),
}
#: What closes a key problem; what a person writes comes last, so that they write it once.
EVIDENCE = ("planned", "measures", "quiet", "evidence")

# fmt: off
STEPS = (
    #    from            action      by         to               provided
    Step(S.SUSPECTED,   A.CONFIRM,  D.CURATE,  S.CONFIRMED),
    Step(S.SUSPECTED,   A.REJECT,   D.CURATE,  S.NOT_A_DEFECT,  ("note",)),
    Step(S.SUSPECTED,   A.MERGE,    D.CURATE,  S.DUPLICATE,     ("duplicate_of",)),
    Step(S.CONFIRMED,   A.START,    D.REPAIR,  S.IN_PROGRESS),
    Step(S.CONFIRMED,   A.REJECT,   D.CURATE,  S.NOT_A_DEFECT,  ("note",)),
    Step(S.CONFIRMED,   A.MERGE,    D.CURATE,  S.DUPLICATE,     ("duplicate_of",)),
    Step(S.IN_PROGRESS, A.FIX,      D.REPAIR,  S.FIXED,         ("cause", "fixed_in")),
    Step(S.IN_PROGRESS, A.MERGE,    D.CURATE,  S.DUPLICATE,     ("duplicate_of",)),
    Step(S.FIXED,       A.VERIFY,   D.CURATE,  S.VERIFIED),
    Step(S.FIXED,       A.FAIL,     D.CURATE,  S.IN_PROGRESS,   ("note",)),
    Step(S.VERIFIED,    A.CLOSE,    D.CURATE,  S.CLOSED,        (), EVIDENCE),
    Step(S.VERIFIED,    A.RECUR,    D.SYSTEM,  S.CONFIRMED,     ("note",)),
    Step(S.CONFIRMED,   A.RETRACT,  D.SYSTEM,  S.VERIFIED,      ("note",)),
    Step(S.VERIFIED,    A.REOPEN,   D.CURATE,  S.CONFIRMED,     ("note",)),
    Step(S.CLOSED,      A.RECUR,    D.SYSTEM,  S.CONFIRMED,     ("note",)),
    Step(S.CLOSED,      A.REOPEN,   D.CURATE,  S.CONFIRMED,     ("note",)),
    Step(S.NOT_A_DEFECT, A.REOPEN,  D.CURATE,  S.SUSPECTED,     ("note",)),
    Step(S.DUPLICATE,   A.REOPEN,   D.CURATE,  S.SUSPECTED,     ("note",)),
)
# fmt: on


def open_to(state: DefectState, duties: Collection[DefectDuty]) -> tuple[Step, ...]:
    """The steps a person with these duties may take now: this draws the buttons."""
    return tuple(row for row in STEPS if row.start == state and row.duty in duties)


def step(
    state: DefectState,
    action: DefectAction,
    *,
    duties: Collection[DefectDuty],
    given: Collection[str],
    key: bool = False,
) -> Step:
    """Decide one step, or raise :class:`Refused`; ``given`` names what the record or the person supplies.

    ``key``: the record is a key problem.
    """
    rows = [row for row in STEPS if row.start == state and row.action == action]
    if not rows:
        raise Refused(
            N_("缺陷现在是“%(state)s”，不能%(action)s。"),
            state=STATE_LABELS[state],
            action=ACTION_LABELS[action],
        )
    row = rows[0]
    if row.duty not in duties:
        raise Refused(N_("您的岗位不能%(action)s。"), action=ACTION_LABELS[action])
    missing = next((need for need in row.wants(key=key) if need not in given), None)
    if missing:
        raise Refused(NEEDS[missing], days=QUIET_DAYS)
    return row
