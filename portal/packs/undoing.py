"""Taking an item back, while nobody has touched it since.

What was here says again what it said, by the same verbs and with moves and revisions of its own. What was
new is taken from readers and stays as a draft or a rejected record: nothing is ever deleted here, and no
number is given twice. The invariant: nobody's later work is undone along with a pack.
"""

from __future__ import annotations

from collections.abc import Callable

from defects import library
from defects.flow import DefectAction, DefectState
from defects.models import Defect
from indexer.words import N_
from kb import articles
from kb.flow import ArticleAction, ArticleState, Confidence, Refused
from kb.models import Article
from portal.finder.synonyms import words as synonyms
from portal.finder.synonyms.models import SynonymGroup
from portal.packs import article_takes, defect_takes
from portal.packs.models import PackTie
from portal.packs.task import Task, as_it_was_left, here_of
from portal.packs.ties import ties_of
from portal.packs.words import Choice, Kind, Standing

S, A = ArticleState, ArticleAction
TOUCHED = N_("接收以后这里又有人动过，没有撤销。")

# fmt: off
#: (how it was left, how it had been; None: not here) → the steps back. What isn't here needs none.
WAYS_BACK: dict[tuple[ArticleState, ArticleState | None], tuple[ArticleAction, ...]] = {
    (S.IN_REVIEW, None):        (A.SEND_BACK,),
    (S.PUBLISHED, None):        (A.RETIRE,),
    (S.IN_REVIEW, S.DRAFT):     (A.SEND_BACK,),
    (S.PUBLISHED, S.DRAFT):     (A.RETIRE,),
    (S.IN_REVIEW, S.RETIRED):   (A.SEND_BACK,),
    (S.PUBLISHED, S.RETIRED):   (A.RETIRE,),
    (S.DUE,       S.PUBLISHED): (A.RECHECK,),
    (S.RETIRED,   S.PUBLISHED): (A.REVIVE, A.SUBMIT, A.PUBLISH),
    (S.RETIRED,   S.DUE):       (A.REVIVE, A.SUBMIT, A.PUBLISH, A.MARK_DUE),
}
# fmt: on


def take_back(task: Task) -> None:
    """Raises :class:`Refused` when somebody has touched it since."""
    UNDOINGS[task.item.kind](task)


def _article(task: Task) -> None:
    if _only_line(task):
        return
    if not as_it_was_left(task):
        raise Refused(TOUCHED)
    article: Article | None = here_of(task)
    before = task.row.before
    assert article is not None  # as it was left, so it is here
    if "text" in before:
        text = article_takes.from_json(before["text"])
        duties = article_takes.DUTIES
        articles.revise(task.session, article, text, by=task.by.id, note=N_("撤销资料包"), duties=duties)
        article.translation_of_id = before["original"]
    _walk_back(task, article)
    _restore_tie(task, article.id)


def _walk_back(task: Task, article: Article) -> None:
    before = task.row.before
    former = ArticleState(before["state"]) if before["state"] else None
    for action in WAYS_BACK.get((article.state, former), ()):
        article_takes.walk(task, article, action)
    if former is not None and article.state == former:
        article.confidence = Confidence(before["confidence"])  # the very words that it was held for


def _defect(task: Task) -> None:
    if _only_line(task):
        return
    if not as_it_was_left(task):
        raise Refused(TOUCHED)
    defect: Defect | None = here_of(task)
    before = task.row.before
    assert defect is not None
    if "text" in before:
        library.describe(task.session, defect, defect_takes.from_json(before["text"]))
    for number in before.get("tied", ()):
        library.untie(task.session, defect, task.session.get_one(Article, number))
    _step_back(task, defect)
    _restore_tie(task, defect.id)


def _step_back(task: Task, defect: Defect) -> None:
    former = task.row.before["state"]
    if former in (None, DefectState.NOT_A_DEFECT.value):
        defect_takes.move(task, defect, DefectAction.REJECT)
    elif defect.state == DefectState.NOT_A_DEFECT:
        defect_takes.move(task, defect, DefectAction.REOPEN)
        if former == DefectState.CONFIRMED.value:
            defect_takes.move(task, defect, DefectAction.CONFIRM)


def _only_line(task: Task) -> bool:
    """Nothing of ours was changed: a draft beside it, or only what both sides agreed on."""
    before = task.row.before
    if "left" in before:
        return False
    if "tie" in before and task.here is not None:
        _restore_tie(task, task.here.row.id)
    if "beside" in before:
        task.row.sentence = N_("另存的草稿还在，可以自行处理。")
    return True


def _restore_tie(task: Task, subject_id: int) -> None:
    tie: PackTie | None = ties_of(task.session, task.item.kind, [subject_id]).get(subject_id)
    before = task.row.before
    if tie is None:
        return
    if before.get("tie"):
        tie.line, tie.agreed = before["tie"]
    elif before.get("created") or task.row.standing == Standing.NEW:
        tie.line, tie.agreed = [], ""
    else:
        task.session.delete(tie)
    task.session.flush()


def _synonym(task: Task) -> None:
    group = task.session.get(SynonymGroup, task.row.subject_id or 0)
    if group is None or task.row.chosen != Choice.TAKE:
        return
    removed = task.item.content is None
    if (group.removed_at is not None) != removed:
        raise Refused(TOUCHED)
    if removed:
        synonyms.add(task.session, group.words, by=task.by, source=group.source, desk=group.desk)
    else:
        synonyms.remove(task.session, group, by=task.by)


UNDOINGS: dict[Kind, Callable[[Task], None]] = {
    Kind.ARTICLE: _article,
    Kind.DEFECT: _defect,
    Kind.SYNONYM: _synonym,
}
