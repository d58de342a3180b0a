"""The life of an article and how far it may be trusted, as one table.

草稿 → 审核中 → (待发布 →) 已发布 → 待复核 → 已下线, crossed with unverified and verified. Pure: no database,
no permission names of the portal. What a person may do is handed in as a set of ``Duty`` values. No row,
no step: an unknown move is refused. The table draws the buttons and guards the deed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from indexer.words import N_


class Refused(Exception):
    """The move is not open; the message is the sentence for the person."""

    def __init__(self, sentence: str, /, **values: object) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence = sentence
        self.values = values


#: Characters of what a person says about a step.
LONGEST_NOTE = 4_000


def check_note(note: str) -> None:
    """A reason is a few sentences and no document; raises :class:`Refused`."""
    if len(note) > LONGEST_NOTE:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内。"), limit=LONGEST_NOTE)


class ArticleState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    DUE = "due"
    RETIRED = "retired"


class Confidence(StrEnum):
    """Has somebody other than its writer vouched for the words as they stand?"""

    UNVERIFIED = "unverified"
    VERIFIED = "verified"


class ArticleAction(StrEnum):
    SUBMIT = "submit"
    PUBLISH = "publish"
    SCHEDULE = "schedule"
    RELEASE = "release"
    UNSCHEDULE = "unschedule"
    SEND_BACK = "send_back"
    MARK_DUE = "mark_due"
    RECHECK = "recheck"
    STILL_RIGHT = "still_right"
    SNOOZE = "snooze"
    VERIFY = "verify"
    DOUBT = "doubt"
    RETIRE = "retire"
    EXPIRE = "expire"
    REVIVE = "revive"
    RETURN = "return"
    # What ``keeping`` writes down beside the steps; no row of the table leads there.
    ENTRUST = "entrust"
    SET_REVIEW = "set_review"
    SET_EXPIRY = "set_expiry"


class Duty(StrEnum):
    """What somebody may do with articles, in this package's own words."""

    WRITE = "write"
    PUBLISH = "publish"
    VERIFY = "verify"
    SYSTEM = "system"  # the worker's alone: no person holds it


STATE_LABELS = {
    ArticleState.DRAFT: N_("草稿"),
    ArticleState.IN_REVIEW: N_("审核中"),
    ArticleState.SCHEDULED: N_("待发布"),
    ArticleState.PUBLISHED: N_("已发布"),
    ArticleState.DUE: N_("待复核"),
    ArticleState.RETIRED: N_("已下线"),
}

CONFIDENCE_LABELS = {Confidence.UNVERIFIED: N_("未核实"), Confidence.VERIFIED: N_("已核实")}

ACTION_LABELS = {
    ArticleAction.SUBMIT: N_("提交审核"),
    ArticleAction.PUBLISH: N_("发布"),
    ArticleAction.SCHEDULE: N_("定时发布"),
    ArticleAction.RELEASE: N_("到时发布"),
    ArticleAction.UNSCHEDULE: N_("取消定时"),
    ArticleAction.SEND_BACK: N_("退回修改"),
    ArticleAction.MARK_DUE: N_("标为待复核"),
    ArticleAction.RECHECK: N_("复核通过"),
    ArticleAction.STILL_RIGHT: N_("看过，仍然正确"),
    ArticleAction.SNOOZE: N_("过些天再看"),
    ArticleAction.VERIFY: N_("核实无误"),
    ArticleAction.DOUBT: N_("取消核实"),
    ArticleAction.RETIRE: N_("下线"),
    ArticleAction.EXPIRE: N_("到期下线"),
    ArticleAction.REVIVE: N_("恢复为草稿"),
    ArticleAction.RETURN: N_("重新上线"),
    ArticleAction.ENTRUST: N_("换负责人"),
    ArticleAction.SET_REVIEW: N_("改复核日期"),
    ArticleAction.SET_EXPIRY: N_("改有效期"),
}

#: States in which readers may find an article.
READABLE = frozenset({ArticleState.PUBLISHED, ArticleState.DUE})

#: What a step may ask for, and what to say when it is missing.
NOTE, PUBLISH_AT, UNTIL = "note", "publish_at", "until"
NEEDS = {
    NOTE: N_("请写明原因，%(action)s时作者和读者都要看得懂为什么。"),
    PUBLISH_AT: N_("请选择什么时候发布。"),
    UNTIL: N_("请选择哪一天再看。"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One row: who may take an article from where to where, and what that says about its words.

    ``only``: provided it is held so; ``then``: what it is held for afterwards, None: as before.
    """

    start: ArticleState
    action: ArticleAction
    duty: Duty
    end: ArticleState
    four_eyes: bool = False
    needs: tuple[str, ...] = ()
    only: Confidence | None = None
    then: Confidence | None = None

    @property
    def needs_note(self) -> bool:
        return NOTE in self.needs


S, A, D = ArticleState, ArticleAction, Duty
U, V = Confidence.UNVERIFIED, Confidence.VERIFIED
WHY, WHEN, LATER = (NOTE,), (PUBLISH_AT,), (NOTE, UNTIL)

# fmt: off
STEPS = (
    #    from          action          by         to             not its writer  asks for      if       then
    Step(S.DRAFT,     A.SUBMIT,      D.WRITE,   S.IN_REVIEW),
    Step(S.IN_REVIEW, A.PUBLISH,     D.PUBLISH, S.PUBLISHED, four_eyes=True,                         then=V),
    Step(S.IN_REVIEW, A.SCHEDULE,    D.PUBLISH, S.SCHEDULED, four_eyes=True, needs=WHEN,             then=V),
    Step(S.IN_REVIEW, A.SEND_BACK,   D.PUBLISH, S.DRAFT,                     needs=WHY),
    Step(S.SCHEDULED, A.RELEASE,     D.SYSTEM,  S.PUBLISHED),
    Step(S.SCHEDULED, A.PUBLISH,     D.PUBLISH, S.PUBLISHED, four_eyes=True,                         then=V),
    Step(S.SCHEDULED, A.UNSCHEDULE,  D.PUBLISH, S.IN_REVIEW,                                         then=U),
    Step(S.PUBLISHED, A.VERIFY,      D.VERIFY,  S.PUBLISHED, four_eyes=True,              only=U,    then=V),
    Step(S.PUBLISHED, A.STILL_RIGHT, D.VERIFY,  S.PUBLISHED,                 needs=WHY),
    Step(S.PUBLISHED, A.MARK_DUE,    D.WRITE,   S.DUE,                       needs=WHY),
    Step(S.PUBLISHED, A.MARK_DUE,    D.SYSTEM,  S.DUE,                       needs=WHY),
    Step(S.DUE,       A.RECHECK,     D.VERIFY,  S.PUBLISHED, four_eyes=True,                         then=V),
    Step(S.DUE,       A.RECHECK,     D.PUBLISH, S.PUBLISHED),
    Step(S.PUBLISHED, A.SNOOZE,      D.VERIFY,  S.PUBLISHED,                 needs=LATER),
    Step(S.DUE,       A.SNOOZE,      D.VERIFY,  S.DUE,                       needs=LATER),
    Step(S.PUBLISHED, A.DOUBT,       D.VERIFY,  S.PUBLISHED,                 needs=WHY,   only=V,    then=U),
    Step(S.DUE,       A.DOUBT,       D.VERIFY,  S.DUE,                       needs=WHY,   only=V,    then=U),
    Step(S.PUBLISHED, A.RETIRE,      D.PUBLISH, S.RETIRED,                   needs=WHY),
    Step(S.DUE,       A.RETIRE,      D.PUBLISH, S.RETIRED,                   needs=WHY),
    Step(S.PUBLISHED, A.RETIRE,      D.SYSTEM,  S.RETIRED,                   needs=WHY),
    Step(S.DUE,       A.RETIRE,      D.SYSTEM,  S.RETIRED,                   needs=WHY),
    Step(S.PUBLISHED, A.EXPIRE,      D.SYSTEM,  S.RETIRED,                   needs=WHY),
    Step(S.DUE,       A.EXPIRE,      D.SYSTEM,  S.RETIRED,                   needs=WHY),
    Step(S.RETIRED,   A.REVIVE,      D.WRITE,   S.DRAFT,                                             then=U),
    Step(S.RETIRED,   A.RETURN,      D.SYSTEM,  S.PUBLISHED,                 needs=WHY),
)

#: With these a person vouches for the words as they stand: older evidence against them no longer counts.
VOUCHING = frozenset({A.PUBLISH, A.SCHEDULE, A.VERIFY, A.STILL_RIGHT, A.RECHECK})


@dataclass(frozen=True, slots=True)
class Revising:
    """Whose words may change in a state, and where the article stands then."""

    duty: Duty
    then: ArticleState


#: What readers see is changed by those who may publish; an approval does not outlive the words that were
#: approved; an article off line is revived first.
REVISIONS = {
    S.DRAFT:     Revising(D.WRITE,   S.DRAFT),
    S.IN_REVIEW: Revising(D.WRITE,   S.IN_REVIEW),
    S.SCHEDULED: Revising(D.WRITE,   S.IN_REVIEW),
    S.PUBLISHED: Revising(D.PUBLISH, S.PUBLISHED),
    S.DUE:       Revising(D.PUBLISH, S.DUE),
}
# fmt: on


def is_revisable(state: ArticleState, duties: Collection[Duty]) -> bool:
    """May a person with these duties change the words of an article in this state?"""
    return state in REVISIONS and REVISIONS[state].duty in duties


def check_revisable(state: ArticleState, duties: Collection[Duty]) -> None:
    """Raise :class:`Refused` when the words may not be changed now."""
    if state not in REVISIONS:
        raise Refused(N_("知识已经下线，请先恢复为草稿再修改。"))
    if not is_revisable(state, duties):
        raise Refused(N_("读者正在看的知识由审核人修改；请用“标为待复核”或“请求更正”写明哪里要改。"))


def held_after_revision(confidence: Confidence, duties: Collection[Duty], *, is_author: bool) -> Confidence:
    """Changed words stay verified only in the hands of somebody who could verify them at that moment."""
    rows = open_to(S.PUBLISHED, duties, is_author=is_author, confidence=U)
    return confidence if any(row.action == A.VERIFY for row in rows) else U


def open_to(
    state: ArticleState,
    duties: Collection[Duty],
    *,
    is_author: bool,
    confidence: Confidence | None = None,
) -> tuple[Step, ...]:
    """The steps a person may take now, each action once: this draws the buttons.

    ``confidence`` is how the article is held now; without it, steps that depend on it are not offered.
    """
    found: dict[ArticleAction, Step] = {}
    for row in STEPS:
        if row.start == state and _fits(row, duties, is_author=is_author, confidence=confidence):
            found.setdefault(row.action, row)
    return tuple(found.values())


def step(
    state: ArticleState,
    action: ArticleAction,
    *,
    duties: Collection[Duty],
    is_author: bool,
    note: str,
    confidence: Confidence | None = None,
    given: Collection[str] = (),
) -> Step:
    """Decide one step, or raise :class:`Refused` with the reason; ``given`` names what else was brought."""
    rows = [row for row in STEPS if row.start == state and row.action == action]
    fitting = [row for row in rows if _fits(row, duties, is_author=is_author, confidence=confidence)]
    if not fitting:
        raise _refusal(state, action, rows, duties, is_author=is_author)
    brought = {*given, *((NOTE,) if note.strip() else ())}
    for need in fitting[0].needs:
        if need not in brought:
            raise Refused(NEEDS[need], action=ACTION_LABELS[action])
    return fitting[0]


def _fits(row: Step, duties: Collection[Duty], *, is_author: bool, confidence: Confidence | None) -> bool:
    held = row.only is None or row.only == confidence
    return row.duty in duties and held and not (row.four_eyes and is_author)


def _refusal(
    state: ArticleState,
    action: ArticleAction,
    rows: Collection[Step],
    duties: Collection[Duty],
    *,
    is_author: bool,
) -> Refused:
    """Why none of these rows is open: nothing there, the wrong post, one's own words, or how it is held."""
    named = {"state": STATE_LABELS[state], "action": ACTION_LABELS[action]}
    if not rows:
        return Refused(N_("知识现在是“%(state)s”，不能%(action)s。"), **named)
    if not any(row.duty in duties for row in rows):
        return Refused(N_("您的岗位不能%(action)s。"), action=named["action"])
    if is_author and any(row.four_eyes and row.duty in duties for row in rows):
        return Refused(OWN_WORDS.get(action, OWN_WORDS[A.PUBLISH]))
    held = next((CONFIDENCE_LABELS[row.only] for row in rows if row.only is not None), "")
    return Refused(N_("只有“%(held)s”的知识才能%(action)s。"), held=held, action=named["action"])


#: The sentence of the four eyes, by what was wanted.
OWN_WORDS = {
    A.PUBLISH: N_("知识须由另一位同事审核发布，作者本人不能发布自己的稿件。"),
    A.VERIFY: N_("核实须由写这些话以外的同事来做，自己写的不能自己核实。"),
    A.RECHECK: N_("复核须由写这些话以外的同事来做。"),
}
