"""The ticket's life as a table: one row is one sentence.

Pure: no database, no clock, no web. Two readers of one table: ``open_to`` draws the buttons,
``step`` decides or raises :class:`kb.flow.Refused` with the sentence for the person. No row, no step.
No tier can skip another: the back has no row that reaches the user, the front none that ends a defect.
What the table looks at is in ``situation``, the reasons against a step in ``conditions``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from indexer.words import N_
from kb.flow import Refused
from portal.tickets.conditions import (
    Condition,
    back_has_work,
    children_have_ended,
    fault_has_ended,
    front_may_end,
    has_nothing_to_wait_for,
    is_fault,
    is_held,
    is_informed,
    is_unheld,
    is_unrated,
    is_unruled,
    is_untouched,
    keeps_out,
    leads_the_holder,
    leads_the_tier,
    local_may_try,
    may_merge,
    may_park,
    middle_may_end,
    sentence_values,
    survivor_goes_on,
    survivor_has_answer,
    works_for_another,
)
from portal.tickets.situation import (
    PERMISSION_FOR,
    ROUTES,
    SYSTEM,
    WHO_LABELS,
    WORKERS,
    Actor,
    Route,
    Situation,
    Who,
)
from portal.tickets.words import ACTION_LABELS, STATE_LABELS, TIER_LABELS, Action, State, Tier

__all__ = [
    "BETWEEN_TICKETS",
    "ENDED",
    "HOLDER_FREE",
    "NEEDS",
    "PERMISSION_FOR",
    "RETURNS",
    "ROUTES",
    "STEPS",
    "SYSTEM",
    "WHO_LABELS",
    "WORKERS",
    "Actor",
    "Condition",
    "Route",
    "Situation",
    "Step",
    "Who",
    "closed_to",
    "is_by",
    "objection",
    "open_to",
    "rows_of",
    "step",
]


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
#: Where somebody may hold a ticket, and as whom.
HELD = (
    (S.OPEN, T.FRONT, W.FRONT),
    (S.OPEN, T.LOCAL, W.LOCAL),
    (S.OPEN, T.MIDDLE, W.MIDDLE),
    (S.OPEN, T.DISPATCH, W.DISPATCH),
    (S.OPEN, T.BACK, W.BACK),
    (S.WAITING, T.FRONT, W.FRONT),
    (S.WAITING, T.LOCAL, W.LOCAL),
    (S.WAITING, T.MIDDLE, W.MIDDLE),
    (S.VERIFYING, T.MIDDLE, W.MIDDLE),
    (S.FEEDBACK, T.FRONT, W.FRONT),
)
#: Where a ticket is found to be another one's duplicate: before anybody behind the middle has worked on it.
MERGERS = ((T.FRONT, W.FRONT), (T.LOCAL, W.LOCAL), (T.MIDDLE, W.MIDDLE))
MERGEABLE = (
    (S.NEW, T.FRONT, W.FRONT),
    *((state, tier, who) for state in (S.OPEN, S.WAITING) for tier, who in MERGERS),
    (S.PARKED, T.MIDDLE, W.MIDDLE),
)
#: Who may ask another system for help: whoever works on it, before its result stands.
ASKING_FOR_HELP = tuple(place for place in HELD if place[0] != S.FEEDBACK)
#: Every place of a ticket that has not ended.
ANYWHERE = (
    (S.NEW, T.FRONT),
    *((state, tier) for state, tier, _who in HELD),
    (S.PARKED, T.MIDDLE),
    (S.CONFIRMING, T.USER),
)

# fmt: off
STEPS: tuple[Step, ...] = (
    #    in state       held by     action          by           to state      then held by  provided          must give
    # ── front: accepts, answers, dispatches
    Step(S.NEW,        T.FRONT,    A.TAKE,         W.FRONT,     S.OPEN,       T.FRONT,    is_unheld,        (), True),
    Step(S.OPEN,       T.FRONT,    A.TAKE,         W.FRONT,     S.OPEN,       T.FRONT,    is_unheld,        (), True),
    Step(S.OPEN,       T.FRONT,    A.RELEASE,      W.FRONT,     S.OPEN,       T.FRONT,    is_held),
    Step(S.OPEN,       T.FRONT,    A.CLASSIFY,     W.FRONT,     S.OPEN,       T.FRONT,    is_unruled,       ("category",), True),
    Step(S.OPEN,       T.FRONT,    A.ANSWER,       W.FRONT,     S.CONFIRMING, T.USER,     front_may_end,    ("note",)),
    Step(S.OPEN,       T.FRONT,    A.ASK,          W.FRONT,     S.WAITING,    T.FRONT,    None,             ("note",), True),
    Step(S.OPEN,       T.FRONT,    A.TO_LOCAL,     W.FRONT,     S.OPEN,       T.LOCAL,    local_may_try,    ("note",)),
    Step(S.OPEN,       T.FRONT,    A.ESCALATE,     W.FRONT,     S.OPEN,       T.MIDDLE,   is_informed,      ("note",)),
    # ── second line / local IT
    Step(S.OPEN,       T.LOCAL,    A.TAKE,         W.LOCAL,     S.OPEN,       T.LOCAL,    is_unheld,        (), True),
    Step(S.OPEN,       T.LOCAL,    A.RELEASE,      W.LOCAL,     S.OPEN,       T.LOCAL,    is_held),
    Step(S.OPEN,       T.LOCAL,    A.LOCAL_DONE,   W.LOCAL,     S.FEEDBACK,   T.FRONT,    children_have_ended, ("note",)),
    Step(S.OPEN,       T.LOCAL,    A.ASK,          W.LOCAL,     S.WAITING,    T.LOCAL,    None,             ("note",), True),
    Step(S.OPEN,       T.LOCAL,    A.TO_FRONT,     W.LOCAL,     S.OPEN,       T.FRONT,    None,             ("note",)),
    Step(S.OPEN,       T.LOCAL,    A.ESCALATE,     W.LOCAL,     S.OPEN,       T.MIDDLE,   is_informed,      ("note",)),
    # ── middle: rules, routes, verifies
    Step(S.OPEN,       T.MIDDLE,   A.TAKE,         W.MIDDLE,    S.OPEN,       T.MIDDLE,   is_unheld,        (), True),
    Step(S.OPEN,       T.MIDDLE,   A.RELEASE,      W.MIDDLE,    S.OPEN,       T.MIDDLE,   is_held),
    Step(S.OPEN,       T.MIDDLE,   A.RULE,         W.MIDDLE,    S.OPEN,       T.MIDDLE,   None,             ("category",), True),
    Step(S.OPEN,       T.MIDDLE,   A.TO_BACK,      W.MIDDLE,    S.OPEN,       T.BACK,     back_has_work,    ("note",)),
    Step(S.OPEN,       T.MIDDLE,   A.REPLY,        W.MIDDLE,    S.FEEDBACK,   T.FRONT,    middle_may_end,   ("note",)),
    Step(S.OPEN,       T.MIDDLE,   A.PARK,         W.MIDDLE,    S.PARKED,     T.MIDDLE,   may_park,         ("note",)),
    Step(S.OPEN,       T.MIDDLE,   A.SUBMIT_FAULT, W.MIDDLE,    S.OPEN,       T.DISPATCH, is_fault,         ("note",)),
    Step(S.OPEN,       T.MIDDLE,   A.ASK,          W.MIDDLE,    S.WAITING,    T.MIDDLE,   None,             ("note",), True),
    Step(S.OPEN,       T.MIDDLE,   A.TO_FRONT,     W.MIDDLE,    S.OPEN,       T.FRONT,    None,             ("note",)),
    Step(S.PARKED,     T.MIDDLE,   A.UNPARK,       W.MIDDLE,    S.OPEN,       T.MIDDLE,   None,             ("note",)),
    Step(S.PARKED,     T.MIDDLE,   A.UNPARK,       W.SYSTEM,    S.OPEN,       T.MIDDLE,   has_nothing_to_wait_for, ("note",)),
    Step(S.PARKED,     T.MIDDLE,   A.DEPLOYED,     W.SYSTEM,    S.FEEDBACK,   T.FRONT,    None,             ("note",)),
    Step(S.VERIFYING,  T.MIDDLE,   A.TAKE,         W.MIDDLE,    S.VERIFYING,  T.MIDDLE,   is_unheld,        (), True),
    Step(S.VERIFYING,  T.MIDDLE,   A.RELEASE,      W.MIDDLE,    S.VERIFYING,  T.MIDDLE,   is_held),
    Step(S.VERIFYING,  T.MIDDLE,   A.PASS,         W.MIDDLE,    S.FEEDBACK,   T.FRONT,    children_have_ended, ("note",)),
    Step(S.VERIFYING,  T.MIDDLE,   A.FAIL,         W.MIDDLE,    S.OPEN,       T.BACK,     None,             ("note",)),
    # ── operations dispatch centre: is it a fault?
    Step(S.OPEN,       T.DISPATCH, A.TAKE,         W.DISPATCH,  S.OPEN,       T.DISPATCH, is_unheld,        (), True),
    Step(S.OPEN,       T.DISPATCH, A.NOT_A_FAULT,  W.DISPATCH,  S.OPEN,       T.MIDDLE,   None,             ("note",)),
    Step(S.OPEN,       T.DISPATCH, A.COMMAND,      W.DISPATCH,  S.OPEN,       T.BACK,     None,             ("note",)),
    # ── back: fixes; has no way to the user but through the middle
    Step(S.OPEN,       T.BACK,     A.TAKE,         W.BACK,      S.OPEN,       T.BACK,     is_unheld,        (), True),
    Step(S.OPEN,       T.BACK,     A.RELEASE,      W.BACK,      S.OPEN,       T.BACK,     is_held),
    Step(S.OPEN,       T.BACK,     A.FINISH,       W.BACK,      S.VERIFYING,  T.MIDDLE,   children_have_ended, ("note",)),
    Step(S.OPEN,       T.BACK,     A.TO_MIDDLE,    W.BACK,      S.OPEN,       T.MIDDLE,   None,             ("note",)),
    # ── front again: tells the user
    Step(S.FEEDBACK,   T.FRONT,    A.TAKE,         W.FRONT,     S.FEEDBACK,   T.FRONT,    is_unheld,        (), True),
    Step(S.FEEDBACK,   T.FRONT,    A.RELEASE,      W.FRONT,     S.FEEDBACK,   T.FRONT,    is_held),
    Step(S.FEEDBACK,   T.FRONT,    A.TELL,         W.FRONT,     S.CONFIRMING, T.USER,     children_have_ended, ("note",)),
    Step(S.FEEDBACK,   T.FRONT,    A.TO_MIDDLE,    W.FRONT,     S.OPEN,       T.MIDDLE,   None,             ("note",)),
    # ── the user
    Step(S.WAITING,    T.FRONT,    A.SUPPLY,       W.REQUESTER, S.OPEN,       T.FRONT,    None,             ("note",), True),
    Step(S.WAITING,    T.LOCAL,    A.SUPPLY,       W.REQUESTER, S.OPEN,       T.LOCAL,    None,             ("note",), True),
    Step(S.WAITING,    T.MIDDLE,   A.SUPPLY,       W.REQUESTER, S.OPEN,       T.MIDDLE,   None,             ("note",), True),
    # … or whoever asked writes down what the user said on the phone
    Step(S.WAITING,    T.FRONT,    A.SUPPLY,       W.FRONT,     S.OPEN,       T.FRONT,    None,             ("note",), True),
    Step(S.WAITING,    T.LOCAL,    A.SUPPLY,       W.LOCAL,     S.OPEN,       T.LOCAL,    None,             ("note",), True),
    Step(S.WAITING,    T.MIDDLE,   A.SUPPLY,       W.MIDDLE,    S.OPEN,       T.MIDDLE,   None,             ("note",), True),
    Step(S.CONFIRMING, T.USER,     A.CONFIRM,      W.REQUESTER, S.CLOSED,     T.USER,     children_have_ended, ("rating",)),
    Step(S.CONFIRMING, T.USER,     A.CONFIRM,      W.SYSTEM,    S.CLOSED,     T.USER,     children_have_ended),
    Step(S.CONFIRMING, T.USER,     A.REOPEN,       W.REQUESTER, S.OPEN,       T.FRONT,    None,             ("note",)),
    # … a closed one only by whoever rang afterwards and heard that it isn't solved
    Step(S.CLOSED,     T.USER,     A.REOPEN,       W.CALLER,    S.OPEN,       T.FRONT,    None,             ("note",)),
    Step(S.NEW,        T.FRONT,    A.CANCEL,       W.REQUESTER, S.CANCELLED,  T.USER),
    Step(S.OPEN,       T.FRONT,    A.CANCEL,       W.REQUESTER, S.CANCELLED,  T.USER,     is_untouched),
    Step(S.WAITING,    T.FRONT,    A.CANCEL,       W.REQUESTER, S.CANCELLED,  T.USER,     is_untouched),
    # ── reports follow their fault event: its rulings were made by the tier whose step this is
    Step(S.OPEN,       T.MIDDLE,   A.SUBMIT_FAULT, W.SYSTEM,    S.OPEN,       T.DISPATCH, is_fault,         ("note",)),
    Step(S.OPEN,       T.DISPATCH, A.COMMAND,      W.SYSTEM,    S.OPEN,       T.BACK,     is_fault,         ("note",)),
    Step(S.OPEN,       T.BACK,     A.FINISH,       W.SYSTEM,    S.VERIFYING,  T.MIDDLE,   fault_has_ended,  ("note",)),
    Step(S.VERIFYING,  T.MIDDLE,   A.PASS,         W.SYSTEM,    S.FEEDBACK,   T.FRONT,    fault_has_ended,  ("note",)),
    Step(S.VERIFYING,  T.MIDDLE,   A.FAIL,         W.SYSTEM,    S.OPEN,       T.BACK,     is_fault,         ("note",)),
    *(Step(state, tier, A.NOT_A_FAULT, W.SYSTEM, S.OPEN, T.MIDDLE, is_fault, ("note",))
      for state, tier in ((S.OPEN, T.DISPATCH), (S.OPEN, T.BACK), (S.VERIFYING, T.MIDDLE))),
    # ── leads move work between people
    Step(S.NEW,        T.FRONT,    A.REASSIGN,     W.LEAD,      S.OPEN,       T.FRONT,    leads_the_tier,   ("person",), True),
    *(Step(state, tier, A.REASSIGN, W.LEAD, state, tier, leads_the_tier, ("person",), True)
      for state, tier, _who in HELD),
    *(Step(state, tier, A.RELEASE, W.LEAD, state, tier, leads_the_holder) for state, tier, _who in HELD),
    # ── whoever holds a ticket hands it to a colleague; while the user is asked it can be put back, too
    *(Step(state, tier, A.HAND_OVER, who, state, tier, is_held, ("person",), True) for state, tier, who in HELD),
    *(Step(state, tier, A.RELEASE, who, state, tier, is_held)
      for state, tier, who in HELD if state == S.WAITING),
    # ── duplicates: a ticket that asks for the same as another one ends as merged into it
    *(Step(state, tier, A.MERGE, who, S.MERGED, tier, may_merge, ("other",)) for state, tier, who in MERGEABLE),
    *(Step(S.MERGED, tier, A.UNMERGE, who, S.OPEN, tier, survivor_goes_on, ("note",)) for tier, who in MERGERS),
    # … its user hears what the other one's user hears, and has the last word on their own
    *(Step(S.MERGED, tier, A.CONFIRM, W.REQUESTER, S.MERGED, tier, is_unrated, ("rating",)) for tier, _who in MERGERS),
    *(Step(S.MERGED, tier, A.REOPEN, W.REQUESTER, S.OPEN, T.FRONT, survivor_has_answer, ("note",))
      for tier, _who in MERGERS),
    # … the system passes a chain on to its end, and gives back what a withdrawn ticket had taken in
    *(Step(S.MERGED, tier, A.MERGE, W.SYSTEM, S.MERGED, tier, None, ("other",)) for tier, _who in MERGERS),
    *(Step(S.MERGED, tier, A.UNMERGE, W.SYSTEM, S.OPEN, tier, None, ("note",)) for tier, _who in MERGERS),
    *(Step(state, tier, action, W.SYSTEM, state, tier, None, ("note",), True)
      for state, tier in ANYWHERE for action in (A.ABSORB, A.LET_GO)),
    # ── parent and children across systems: the parent's worker ties, the system writes it down on the child
    *(Step(state, tier, action, who, state, tier, None, ("other",), True)
      for state, tier, who in ASKING_FOR_HELP for action in (A.ATTACH, A.DETACH)),
    *(Step(state, tier, action, W.SYSTEM, state, tier, None, ("other",), True)
      for state, tier in ANYWHERE for action in (A.ATTACH, A.DETACH)),
    # … what the front has understood once it need not understand again, and colleagues tell each other
    Step(S.NEW,        T.FRONT,    A.ESCALATE,     W.SYSTEM,    S.OPEN,       T.MIDDLE,   works_for_another, ("note",)),
    Step(S.FEEDBACK,   T.FRONT,    A.TELL,         W.SYSTEM,    S.CONFIRMING, T.USER,     works_for_another, ("note",)),
    # ── the system puts back into the queue what somebody held whose account was closed
    *(Step(state, tier, A.RELEASE, W.SYSTEM, state, tier, None, ("note",)) for state, tier, _who in HELD),
)
# fmt: on

NEEDS = {
    "note": N_("请写明内容，下一位同事和用户都要看得懂。"),
    "category": N_("请选择请求类别。"),
    "rating": N_("请给这次服务打分（1 到 5 分）。"),
    "person": N_("请选择接手的同事。"),
    "other": N_("请写明是哪一张工单。"),
}
#: Moves that any holder of the tier may make although a colleague holds the ticket.
HOLDER_FREE = frozenset(
    {Action.TAKE, Action.REASSIGN, Action.SUPPLY, Action.CONFIRM, Action.REOPEN, Action.CANCEL}
)
#: Who never holds a ticket: what a colleague has in hand is no bar to them.
NOT_AT_THE_TABLE = frozenset({Who.SYSTEM, Who.REQUESTER, Who.LEAD})
#: Moves that send work back to where it came from; they are counted.
RETURNS = frozenset({Action.TO_FRONT, Action.TO_MIDDLE, Action.FAIL, Action.NOT_A_FAULT})
ENDED = frozenset({State.CLOSED, State.CANCELLED, State.MERGED})
#: Deeds between tickets: they have a panel of their own beside the buttons of the ticket's way.
BETWEEN_TICKETS = frozenset(
    {Action.MERGE, Action.UNMERGE, Action.ABSORB, Action.LET_GO, Action.ATTACH, Action.DETACH}
)


def is_by(row: Step, at: Situation, by: Actor) -> bool:
    """Is this person the "who" of the row?"""
    if row.by == Who.SYSTEM:
        return by.system
    if row.by == Who.REQUESTER:
        return by.person_id is not None and by.person_id in (at.requester_id, at.stand_in_id)
    if row.by == Who.CALLER and not by.heard:
        return False
    return by.covers and PERMISSION_FOR[row.by] in by.permissions


def rows_of(at: Situation) -> Iterator[Step]:
    """The rows that start where the ticket stands."""
    return (row for row in STEPS if row.start == at.state and row.tier == at.tier)


def objection(row: Step, at: Situation, by: Actor) -> str | None:
    """Why this person may not take this row now; None when they may."""
    held_by_other = at.holder_id is not None and at.holder_id != by.person_id
    if held_by_other and row.action not in HOLDER_FREE and row.by not in NOT_AT_THE_TABLE:
        return N_("%(holder)s正在处理这张工单，请先与其确认，或由班长改派。")
    if row.by not in (Who.SYSTEM, Who.REQUESTER) and (reason := keeps_out(at, by)):
        return reason
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
    raise Refused(reasons[0] or "", **sentence_values(at))
