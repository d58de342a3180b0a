"""The ticket's life as a table: one row is one sentence.

Pure: no database, no clock, no web. Two readers of one table: ``open_to`` draws the buttons,
``step`` decides or raises :class:`kb.flow.Refused` with the sentence for the person. No row, no step.
No tier can skip another: the back has no row that reaches the user, the front none that ends a defect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from indexer.words import N_
from kb.flow import Refused
from portal.people.roles import Permission
from portal.tickets.words import (
    ACTION_LABELS,
    CATEGORY_LABELS,
    STATE_LABELS,
    TIER_LABELS,
    Action,
    Category,
    State,
    Tier,
)


class Who(StrEnum):
    """By whom a step is taken."""

    REQUESTER = "requester"
    FRONT = "front"
    LOCAL = "local"
    MIDDLE = "middle"
    DISPATCH = "dispatch"
    BACK = "back"
    LEAD = "lead"  # whoever may move work between people
    SYSTEM = "system"


#: Which permission makes somebody a "who"; requester and system are known by what they are.
PERMISSION_FOR = {
    Who.FRONT: Permission.WORK_FRONT,
    Who.LOCAL: Permission.WORK_LOCAL,
    Who.MIDDLE: Permission.WORK_MIDDLE,
    Who.DISPATCH: Permission.WORK_DISPATCH,
    Who.BACK: Permission.WORK_BACK,
    Who.LEAD: Permission.REASSIGN,
}
#: What somebody must be allowed to do to hold a ticket that lies on a tier's table.
WORKERS = {
    Tier.FRONT: Permission.WORK_FRONT,
    Tier.LOCAL: Permission.WORK_LOCAL,
    Tier.MIDDLE: Permission.WORK_MIDDLE,
    Tier.DISPATCH: Permission.WORK_DISPATCH,
    Tier.BACK: Permission.WORK_BACK,
}
WHO_LABELS = {
    Who.REQUESTER: N_("用户"),
    Who.FRONT: N_("前台"),
    Who.LOCAL: N_("二线/本地"),
    Who.MIDDLE: N_("中台专家"),
    Who.DISPATCH: N_("调度员"),
    Who.BACK: N_("后台"),
    Who.LEAD: N_("班长"),
    Who.SYSTEM: N_("系统"),
}


@dataclass(frozen=True, slots=True)
class Situation:
    """What the table needs to know of a ticket."""

    state: State
    tier: Tier
    category: Category
    ruled: bool = False
    holder_id: int | None = None
    holder_name: str = ""
    requester_id: int | None = None
    on_defect: bool = False
    untouched: bool = True
    """Nobody beyond the front has worked on it yet: the user may still withdraw it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """What the table needs to know of a person; ``covers``: the ticket lies within their posts."""

    person_id: int | None
    permissions: frozenset[Permission] = field(default=frozenset())
    covers: bool = True
    system: bool = False


SYSTEM = Actor(person_id=None, system=True)


@dataclass(frozen=True, slots=True)
class Route:
    """How a category travels (domain: request categories and their routes)."""

    front_answers: bool  # the front may end it with an answer
    local_tries: bool  # second line may try first
    middle_answers: bool  # the middle may answer without the back
    goes_back: bool  # the back has work to do on it
    parks: bool = False  # may wait on a known defect
    dispatch: bool = False  # must be ruled by the operations dispatch centre
    supervisor: bool = False  # the front's supervisor answers, not the agent


# fmt: off
ROUTES = {
    #                            front  local  middle back
    Category.CONSULTATION: Route(True,  True,  True,  False),
    Category.DEFECT:       Route(False, False, False, True, parks=True),
    Category.FAULT:        Route(False, False, False, True, dispatch=True),
    Category.ACCOUNT:      Route(True,  True,  True,  True),
    Category.DATA:         Route(True,  True,  True,  True, parks=True),
    Category.CHANGE:       Route(False, False, True,  True),
    Category.COMPLAINT:    Route(True,  False, True,  False, supervisor=True),
    Category.RESOURCE:     Route(True,  True,  True,  True),
}
# fmt: on

Condition = Callable[[Situation, Actor], str | None]


def front_may_answer(at: Situation, by: Actor) -> str | None:
    route = ROUTES[at.category]
    if not route.front_answers:
        return N_("这类请求前台不能直接答复办结，请升级中台研判。")
    if route.supervisor and Permission.ANSWER_COMPLAINTS not in by.permissions:
        return N_("投诉由前台班长先处理，请改派给班长或升级中台。")
    return None


def local_may_try(at: Situation, by: Actor) -> str | None:
    return None if ROUTES[at.category].local_tries else N_("这类请求不走二线/本地，请升级中台研判。")


def is_ruled(at: Situation, by: Actor) -> str | None:
    return None if at.ruled else N_("请先研判定类，再决定去向。")


def is_unruled(at: Situation, by: Actor) -> str | None:
    return N_("中台已经研判定类，前台不能再改。") if at.ruled else None


def middle_may_reply(at: Situation, by: Actor) -> str | None:
    if not at.ruled:
        return is_ruled(at, by)
    return None if ROUTES[at.category].middle_answers else N_("这类请求须由后台处置，中台不能直接答复。")


def back_has_work(at: Situation, by: Actor) -> str | None:
    route = ROUTES[at.category]
    if not at.ruled:
        return is_ruled(at, by)
    if route.dispatch:
        return N_("故障须先提交运调中心判定，由调度员指挥后台。")
    return None if route.goes_back else N_("这类请求不需要后台处置，请由中台答复。")


def may_park(at: Situation, by: Actor) -> str | None:
    if not at.ruled:
        return is_ruled(at, by)
    if not ROUTES[at.category].parks:
        return N_("只有缺陷和数据类请求可以挂起到缺陷。")
    return None if at.on_defect else N_("请先把工单关联到一条缺陷，再挂起等待修复。")


def is_fault(at: Situation, by: Actor) -> str | None:
    if not at.ruled:
        return is_ruled(at, by)
    return None if at.category == Category.FAULT else N_("只有研判为故障的工单才提交运调中心。")


def is_untouched(at: Situation, by: Actor) -> str | None:
    return None if at.untouched else N_("已经有人在处理，不能撤销了；可以在下面留言说明情况。")


def is_unheld(at: Situation, by: Actor) -> str | None:
    if at.holder_id is None:
        return None
    return N_("这张工单已经在您手里。") if at.holder_id == by.person_id else N_("已由%(holder)s受理。")


def is_held(at: Situation, by: Actor) -> str | None:
    return None if at.holder_id == by.person_id else N_("这张工单不在您手里。")


def leads_the_tier(at: Situation, by: Actor) -> str | None:
    """A front supervisor leads the front and local support, a service manager every tier."""
    leads = WORKERS[at.tier] in by.permissions or Permission.READ_ALL_TICKETS in by.permissions
    return None if leads else N_("这一层级的改派由服务经理来做。")


@dataclass(frozen=True, slots=True)
class Step:
    start: State
    tier: Tier
    action: Action
    by: Who
    end: State
    then: Tier
    provided: Condition | None = None
    needs: tuple[str, ...] = ()
    """What the person must give: note, category, rating, person, defect."""
    keeps_holder: bool = False

    @property
    def label(self) -> str:
        return ACTION_LABELS[self.action]


S, T, A, W = State, Tier, Action, Who

# fmt: off
STEPS: tuple[Step, ...] = (
    #    in state       held by     action          by           to state      then held by  provided          must give
    # ── front: accepts, answers, dispatches
    Step(S.NEW,        T.FRONT,    A.TAKE,         W.FRONT,     S.OPEN,       T.FRONT,    is_unheld,        (), True),
    Step(S.OPEN,       T.FRONT,    A.TAKE,         W.FRONT,     S.OPEN,       T.FRONT,    is_unheld,        (), True),
    Step(S.OPEN,       T.FRONT,    A.RELEASE,      W.FRONT,     S.OPEN,       T.FRONT,    is_held),
    Step(S.OPEN,       T.FRONT,    A.CLASSIFY,     W.FRONT,     S.OPEN,       T.FRONT,    is_unruled,       ("category",), True),
    Step(S.OPEN,       T.FRONT,    A.ANSWER,       W.FRONT,     S.CONFIRMING, T.USER,     front_may_answer, ("note",)),
    Step(S.OPEN,       T.FRONT,    A.ASK,          W.FRONT,     S.WAITING,    T.FRONT,    None,             ("note",), True),
    Step(S.OPEN,       T.FRONT,    A.TO_LOCAL,     W.FRONT,     S.OPEN,       T.LOCAL,    local_may_try,    ("note",)),
    Step(S.OPEN,       T.FRONT,    A.ESCALATE,     W.FRONT,     S.OPEN,       T.MIDDLE,   None,             ("note",)),
    # ── second line / local IT
    Step(S.OPEN,       T.LOCAL,    A.TAKE,         W.LOCAL,     S.OPEN,       T.LOCAL,    is_unheld,        (), True),
    Step(S.OPEN,       T.LOCAL,    A.RELEASE,      W.LOCAL,     S.OPEN,       T.LOCAL,    is_held),
    Step(S.OPEN,       T.LOCAL,    A.LOCAL_DONE,   W.LOCAL,     S.FEEDBACK,   T.FRONT,    None,             ("note",)),
    Step(S.OPEN,       T.LOCAL,    A.ASK,          W.LOCAL,     S.WAITING,    T.LOCAL,    None,             ("note",), True),
    Step(S.OPEN,       T.LOCAL,    A.TO_FRONT,     W.LOCAL,     S.OPEN,       T.FRONT,    None,             ("note",)),
    Step(S.OPEN,       T.LOCAL,    A.ESCALATE,     W.LOCAL,     S.OPEN,       T.MIDDLE,   None,             ("note",)),
    # ── middle: rules, routes, verifies
    Step(S.OPEN,       T.MIDDLE,   A.TAKE,         W.MIDDLE,    S.OPEN,       T.MIDDLE,   is_unheld,        (), True),
    Step(S.OPEN,       T.MIDDLE,   A.RELEASE,      W.MIDDLE,    S.OPEN,       T.MIDDLE,   is_held),
    Step(S.OPEN,       T.MIDDLE,   A.RULE,         W.MIDDLE,    S.OPEN,       T.MIDDLE,   None,             ("category",), True),
    Step(S.OPEN,       T.MIDDLE,   A.TO_BACK,      W.MIDDLE,    S.OPEN,       T.BACK,     back_has_work,    ("note",)),
    Step(S.OPEN,       T.MIDDLE,   A.REPLY,        W.MIDDLE,    S.FEEDBACK,   T.FRONT,    middle_may_reply, ("note",)),
    Step(S.OPEN,       T.MIDDLE,   A.PARK,         W.MIDDLE,    S.PARKED,     T.MIDDLE,   may_park,         ("note",)),
    Step(S.OPEN,       T.MIDDLE,   A.SUBMIT_FAULT, W.MIDDLE,    S.OPEN,       T.DISPATCH, is_fault,         ("note",)),
    Step(S.OPEN,       T.MIDDLE,   A.ASK,          W.MIDDLE,    S.WAITING,    T.MIDDLE,   None,             ("note",), True),
    Step(S.OPEN,       T.MIDDLE,   A.TO_FRONT,     W.MIDDLE,    S.OPEN,       T.FRONT,    None,             ("note",)),
    Step(S.PARKED,     T.MIDDLE,   A.UNPARK,       W.MIDDLE,    S.OPEN,       T.MIDDLE,   None,             ("note",)),
    Step(S.PARKED,     T.MIDDLE,   A.DEPLOYED,     W.SYSTEM,    S.FEEDBACK,   T.FRONT,    None,             ("note",)),
    Step(S.VERIFYING,  T.MIDDLE,   A.TAKE,         W.MIDDLE,    S.VERIFYING,  T.MIDDLE,   is_unheld,        (), True),
    Step(S.VERIFYING,  T.MIDDLE,   A.RELEASE,      W.MIDDLE,    S.VERIFYING,  T.MIDDLE,   is_held),
    Step(S.VERIFYING,  T.MIDDLE,   A.PASS,         W.MIDDLE,    S.FEEDBACK,   T.FRONT,    None,             ("note",)),
    Step(S.VERIFYING,  T.MIDDLE,   A.FAIL,         W.MIDDLE,    S.OPEN,       T.BACK,     None,             ("note",)),
    # ── operations dispatch centre: is it a fault?
    Step(S.OPEN,       T.DISPATCH, A.TAKE,         W.DISPATCH,  S.OPEN,       T.DISPATCH, is_unheld,        (), True),
    Step(S.OPEN,       T.DISPATCH, A.NOT_A_FAULT,  W.DISPATCH,  S.OPEN,       T.MIDDLE,   None,             ("note",)),
    Step(S.OPEN,       T.DISPATCH, A.COMMAND,      W.DISPATCH,  S.OPEN,       T.BACK,     None,             ("note",)),
    # ── back: fixes; has no way to the user but through the middle
    Step(S.OPEN,       T.BACK,     A.TAKE,         W.BACK,      S.OPEN,       T.BACK,     is_unheld,        (), True),
    Step(S.OPEN,       T.BACK,     A.RELEASE,      W.BACK,      S.OPEN,       T.BACK,     is_held),
    Step(S.OPEN,       T.BACK,     A.FINISH,       W.BACK,      S.VERIFYING,  T.MIDDLE,   None,             ("note",)),
    Step(S.OPEN,       T.BACK,     A.TO_MIDDLE,    W.BACK,      S.OPEN,       T.MIDDLE,   None,             ("note",)),
    # ── front again: tells the user
    Step(S.FEEDBACK,   T.FRONT,    A.TAKE,         W.FRONT,     S.FEEDBACK,   T.FRONT,    is_unheld,        (), True),
    Step(S.FEEDBACK,   T.FRONT,    A.RELEASE,      W.FRONT,     S.FEEDBACK,   T.FRONT,    is_held),
    Step(S.FEEDBACK,   T.FRONT,    A.TELL,         W.FRONT,     S.CONFIRMING, T.USER,     None,             ("note",)),
    Step(S.FEEDBACK,   T.FRONT,    A.TO_MIDDLE,    W.FRONT,     S.OPEN,       T.MIDDLE,   None,             ("note",)),
    # ── the user
    Step(S.WAITING,    T.FRONT,    A.SUPPLY,       W.REQUESTER, S.OPEN,       T.FRONT,    None,             ("note",), True),
    Step(S.WAITING,    T.LOCAL,    A.SUPPLY,       W.REQUESTER, S.OPEN,       T.LOCAL,    None,             ("note",), True),
    Step(S.WAITING,    T.MIDDLE,   A.SUPPLY,       W.REQUESTER, S.OPEN,       T.MIDDLE,   None,             ("note",), True),
    # … or whoever asked writes down what the user said on the phone
    Step(S.WAITING,    T.FRONT,    A.SUPPLY,       W.FRONT,     S.OPEN,       T.FRONT,    None,             ("note",), True),
    Step(S.WAITING,    T.LOCAL,    A.SUPPLY,       W.LOCAL,     S.OPEN,       T.LOCAL,    None,             ("note",), True),
    Step(S.WAITING,    T.MIDDLE,   A.SUPPLY,       W.MIDDLE,    S.OPEN,       T.MIDDLE,   None,             ("note",), True),
    Step(S.CONFIRMING, T.USER,     A.CONFIRM,      W.REQUESTER, S.CLOSED,     T.USER,     None,             ("rating",)),
    Step(S.CONFIRMING, T.USER,     A.CONFIRM,      W.SYSTEM,    S.CLOSED,     T.USER),
    Step(S.CONFIRMING, T.USER,     A.REOPEN,       W.REQUESTER, S.OPEN,       T.FRONT,    None,             ("note",)),
    Step(S.NEW,        T.FRONT,    A.CANCEL,       W.REQUESTER, S.CANCELLED,  T.USER),
    Step(S.OPEN,       T.FRONT,    A.CANCEL,       W.REQUESTER, S.CANCELLED,  T.USER,     is_untouched),
    Step(S.WAITING,    T.FRONT,    A.CANCEL,       W.REQUESTER, S.CANCELLED,  T.USER,     is_untouched),
    # ── leads move work between people
    *(Step(state, tier, A.REASSIGN, W.LEAD, state, tier, leads_the_tier, ("person",), True)
      for state, tier in ((S.OPEN, T.FRONT), (S.OPEN, T.LOCAL), (S.OPEN, T.MIDDLE), (S.OPEN, T.DISPATCH),
                          (S.OPEN, T.BACK), (S.VERIFYING, T.MIDDLE), (S.FEEDBACK, T.FRONT))),
    # ── the system puts back into the queue what somebody held whose account was closed
    *(Step(state, tier, A.RELEASE, W.SYSTEM, state, tier, None, ("note",))
      for state, tier in ((S.OPEN, T.FRONT), (S.OPEN, T.LOCAL), (S.OPEN, T.MIDDLE), (S.OPEN, T.DISPATCH),
                          (S.OPEN, T.BACK), (S.WAITING, T.FRONT), (S.WAITING, T.LOCAL), (S.WAITING, T.MIDDLE),
                          (S.VERIFYING, T.MIDDLE), (S.FEEDBACK, T.FRONT))),
)
# fmt: on

NEEDS = {
    "note": N_("请写明内容，下一位同事和用户都要看得懂。"),
    "category": N_("请选择请求类别。"),
    "rating": N_("请给这次服务打分（1 到 5 分）。"),
    "person": N_("请选择接手的同事。"),
}
#: Moves that any holder of the tier may make although a colleague holds the ticket.
HOLDER_FREE = frozenset(
    {Action.TAKE, Action.REASSIGN, Action.SUPPLY, Action.CONFIRM, Action.REOPEN, Action.CANCEL}
)
#: Moves that send work back to where it came from; they are counted.
RETURNS = frozenset({Action.TO_FRONT, Action.TO_MIDDLE, Action.FAIL, Action.NOT_A_FAULT})
ENDED = frozenset({State.CLOSED, State.CANCELLED})


def is_by(row: Step, at: Situation, by: Actor) -> bool:
    """Is this person the "who" of the row?"""
    if row.by == Who.SYSTEM:
        return by.system
    if row.by == Who.REQUESTER:
        return by.person_id is not None and by.person_id == at.requester_id
    return by.covers and PERMISSION_FOR[row.by] in by.permissions


def rows_of(at: Situation) -> Iterator[Step]:
    """The rows that start where the ticket stands."""
    return (row for row in STEPS if row.start == at.state and row.tier == at.tier)


def objection(row: Step, at: Situation, by: Actor) -> str | None:
    """Why this person may not take this row now; None when they may."""
    held_by_other = at.holder_id is not None and at.holder_id != by.person_id
    if held_by_other and row.action not in HOLDER_FREE and row.by not in (Who.SYSTEM, Who.REQUESTER):
        return N_("%(holder)s正在处理这张工单，请先与其确认，或由班长改派。")
    return row.provided(at, by) if row.provided else None


def closed_to(at: Situation, by: Actor) -> tuple[tuple[Step, str], ...]:
    """The steps that would be this person's, each with the sentence why not now."""
    mine = [(row, objection(row, at, by)) for row in rows_of(at) if is_by(row, at, by)]
    return tuple((row, reason) for row, reason in mine if reason is not None)


def open_to(at: Situation, by: Actor) -> tuple[Step, ...]:
    """The steps this person may take now: this draws the buttons."""
    return tuple(row for row in rows_of(at) if is_by(row, at, by) and objection(row, at, by) is None)


def step(at: Situation, action: Action, by: Actor) -> Step:
    """Decide one step, or raise :class:`Refused` with the sentence for the person."""
    rows = [row for row in rows_of(at) if row.action == action]
    if not rows:
        raise Refused(
            N_("工单现在是“%(tier)s·%(state)s”，不能%(action)s。"),
            tier=TIER_LABELS[at.tier],
            state=STATE_LABELS[at.state],
            action=ACTION_LABELS[action],
        )
    mine = [row for row in rows if is_by(row, at, by)]
    if not mine:
        raise Refused(
            N_("%(action)s要由%(who)s来做。"), action=ACTION_LABELS[action], who=WHO_LABELS[rows[0].by]
        )
    # One deed may stand in the table for several "who"s; the first row that nothing speaks against counts.
    reasons = [objection(row, at, by) for row in mine]
    if None in reasons:
        return mine[reasons.index(None)]
    raise Refused(reasons[0] or "", holder=at.holder_name)


def mermaid() -> str:
    """The table as a Mermaid state diagram; ``docs/ticket-flow.md`` is kept equal to it by a test."""
    lines = ["stateDiagram-v2", "    [*] --> front_new: 提交"]
    for row in STEPS:
        if (row.start, row.tier) == (row.end, row.then):
            continue  # it stays where it is: taking, ruling, handing over
        lines.append(f"    {row.tier}_{row.start} --> {row.then}_{row.end}: {WHO_LABELS[row.by]} {row.label}")
    names = {(row.tier, row.start) for row in STEPS} | {(row.then, row.end) for row in STEPS}
    lines += [
        f"    {tier}_{state}: {TIER_LABELS[tier]}·{STATE_LABELS[state]}" for tier, state in sorted(names)
    ]
    return "\n".join(lines)


def table() -> str:
    """The table as Markdown, for people."""
    lines = ["| 现状 | 谁 | 做什么 | 之后 | 条件 | 必填 |", "|---|---|---|---|---|---|"]
    for row in STEPS:
        condition = row.provided.__name__ if row.provided else ""
        lines.append(
            f"| {TIER_LABELS[row.tier]}·{STATE_LABELS[row.start]} | {WHO_LABELS[row.by]} | {row.label} "
            f"| {TIER_LABELS[row.then]}·{STATE_LABELS[row.end]} | {condition} | {', '.join(row.needs)} |"
        )
    return "\n".join(lines)


def routes() -> str:
    """The categories' routes as Markdown."""
    head = "| 类别 | 前台可答复 | 二线先试 | 中台可答复 | 后台处置 | 可挂起 | 运调判定 | 班长先办 |"
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for category, route in ROUTES.items():
        marks = (
            route.front_answers,
            route.local_tries,
            route.middle_answers,
            route.goes_back,
            route.parks,
            route.dispatch,
            route.supervisor,
        )
        lines.append(
            f"| {CATEGORY_LABELS[category]} | " + " | ".join("是" if mark else "" for mark in marks) + " |"
        )
    return "\n".join(lines)
