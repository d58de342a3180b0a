"""The life of an article (草稿 → 审核中 → 已发布 → 待复核 → 已下线) as a table.

Pure: no database, no permission names of the portal. What a person may do is handed in as a set of
``Duty`` values. No row, no step: an unknown move is refused.
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


class ArticleState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    DUE = "due"
    RETIRED = "retired"


class ArticleAction(StrEnum):
    SUBMIT = "submit"
    PUBLISH = "publish"
    SEND_BACK = "send_back"
    MARK_DUE = "mark_due"
    RECHECK = "recheck"
    RETIRE = "retire"
    REVIVE = "revive"


class Duty(StrEnum):
    """What somebody may do with articles, in this package's own words."""

    WRITE = "write"
    PUBLISH = "publish"


STATE_LABELS = {
    ArticleState.DRAFT: N_("草稿"),
    ArticleState.IN_REVIEW: N_("审核中"),
    ArticleState.PUBLISHED: N_("已发布"),
    ArticleState.DUE: N_("待复核"),
    ArticleState.RETIRED: N_("已下线"),
}

ACTION_LABELS = {
    ArticleAction.SUBMIT: N_("提交审核"),
    ArticleAction.PUBLISH: N_("发布"),
    ArticleAction.SEND_BACK: N_("退回修改"),
    ArticleAction.MARK_DUE: N_("标为待复核"),
    ArticleAction.RECHECK: N_("复核通过"),
    ArticleAction.RETIRE: N_("下线"),
    ArticleAction.REVIVE: N_("恢复为草稿"),
}

#: States in which readers may find an article.
READABLE = frozenset({ArticleState.PUBLISHED, ArticleState.DUE})


@dataclass(frozen=True, slots=True)
class Step:
    start: ArticleState
    action: ArticleAction
    duty: Duty
    end: ArticleState
    four_eyes: bool = False
    needs_note: bool = False


S, A, D = ArticleState, ArticleAction, Duty

# fmt: off
STEPS = (
    #    from          action         by         to             not by the author   with a reason
    Step(S.DRAFT,     A.SUBMIT,    D.WRITE,   S.IN_REVIEW),
    Step(S.IN_REVIEW, A.PUBLISH,   D.PUBLISH, S.PUBLISHED, four_eyes=True),
    Step(S.IN_REVIEW, A.SEND_BACK, D.PUBLISH, S.DRAFT,                        needs_note=True),
    Step(S.PUBLISHED, A.MARK_DUE,  D.WRITE,   S.DUE,                          needs_note=True),
    Step(S.DUE,       A.RECHECK,   D.PUBLISH, S.PUBLISHED),
    Step(S.PUBLISHED, A.RETIRE,    D.PUBLISH, S.RETIRED,                      needs_note=True),
    Step(S.DUE,       A.RETIRE,    D.PUBLISH, S.RETIRED,                      needs_note=True),
    Step(S.RETIRED,   A.REVIVE,    D.WRITE,   S.DRAFT),
)

#: Whose words may change in which state. What readers see is changed by those who may publish;
#: an article off line is revived first.
REVISERS = {
    S.DRAFT:     D.WRITE,
    S.IN_REVIEW: D.WRITE,
    S.PUBLISHED: D.PUBLISH,
    S.DUE:       D.PUBLISH,
}
# fmt: on


def is_revisable(state: ArticleState, duties: Collection[Duty]) -> bool:
    """May a person with these duties change the words of an article in this state?"""
    return REVISERS.get(state) in duties


def check_revisable(state: ArticleState, duties: Collection[Duty]) -> None:
    """Raise :class:`Refused` when the words may not be changed now."""
    if state not in REVISERS:
        raise Refused(N_("知识已经下线，请先恢复为草稿再修改。"))
    if not is_revisable(state, duties):
        raise Refused(N_("读者正在看的知识由审核人修改；请用“标为待复核”或“请求更正”写明哪里要改。"))


def open_to(state: ArticleState, duties: Collection[Duty], *, is_author: bool) -> tuple[Step, ...]:
    """The steps a person may take now: this draws the buttons."""
    return tuple(
        row
        for row in STEPS
        if row.start == state and row.duty in duties and not (row.four_eyes and is_author)
    )


def step(
    state: ArticleState, action: ArticleAction, *, duties: Collection[Duty], is_author: bool, note: str
) -> Step:
    """Decide one step, or raise :class:`Refused` with the reason."""
    rows = [row for row in STEPS if row.start == state and row.action == action]
    if not rows:
        raise Refused(
            N_("知识现在是“%(state)s”，不能%(action)s。"),
            state=STATE_LABELS[state],
            action=ACTION_LABELS[action],
        )
    row = rows[0]
    if row.duty not in duties:
        raise Refused(N_("您的岗位不能%(action)s。"), action=ACTION_LABELS[action])
    if row.four_eyes and is_author:
        raise Refused(N_("知识须由另一位同事审核发布，作者本人不能发布自己的稿件。"))
    if row.needs_note and not note.strip():
        raise Refused(
            N_("请写明原因，%(action)s时作者和读者都要看得懂为什么。"), action=ACTION_LABELS[action]
        )
    return row
