"""Loading articles: new ones begun in bulk, known ones revised, the rest left alone.

What becomes of each is decided in ``prospects``. The invariant: a second run of the same rows changes
nothing, not even a time of change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from indexer.words import N_
from kb import articles
from kb.audience import AUDIENCE_LABELS, Audience
from kb.columns import now
from kb.flow import STATE_LABELS, ArticleAction, ArticleState, Duty, step
from kb.importing.batch import Batch, batch_of
from kb.importing.fields import Field, choice, code, day, lines, text, words
from kb.importing.identity import Key
from kb.importing.illustrating import Keeper
from kb.importing.loading import Draft, Progress, Settle
from kb.importing.outcome import Fate, Outcome, Record
from kb.importing.prospects import Judge, Prospect
from kb.importing.tending import tend
from kb.models import AT_EXPIRY_LABELS, KIND_LABELS, Article, ArticleKind, ArticleMove, AtExpiry

# fmt: off
FIELDS = (
    Field("source",         N_("来源"),       text(100)),
    Field("external_id",    N_("来源编号"),   text(200)),
    Field("language",       N_("语言"),       text(8)),
    Field("translation_of", N_("译自"),       text(200)),
    Field("kind",           N_("类型"),       choice(ArticleKind, KIND_LABELS, ArticleKind.FAQ)),
    Field("title",          N_("标题"),       text(articles.TITLE_LIMIT), required=True),
    Field("body",           N_("正文"),       text(articles.BODY_LIMIT), required=True),
    Field("system",         N_("系统"),       code()),
    Field("module",         N_("模块"),       code()),
    Field("category",       N_("请求类别"),   code()),
    Field("keywords",       N_("关键词"),     words(100)),
    Field("also",           N_("用户也这样问"), lines(500)),
    Field("audience",       N_("读者"),       choice(Audience, AUDIENCE_LABELS, Audience.EVERYONE)),
    Field("units",          N_("适用单位"),   words(64)),
    Field("state",          N_("状态"),       choice(ArticleState, STATE_LABELS)),
    Field("owner",          N_("负责人"),     code()),
    Field("review_on",      N_("复核日期"),   day),
    Field("expires_on",     N_("有效期到"),   day),
    Field("at_expiry",      N_("到期以后"),   choice(AtExpiry, AT_EXPIRY_LABELS)),
    Field("note",           N_("版本说明"),   text(300)),
)
# fmt: on


def load(
    session: Session,
    records: Iterable[Record],
    *,
    by: int,
    publish: bool = False,
    skip_bad: bool = False,
    originals: dict[int, int] | None = None,
    settle: Settle | None = None,
    progress: Progress | None = None,
    keeper: Keeper | None = None,
    duties: Collection[Duty] | None = None,
) -> Outcome:
    """Load articles as ``by``; nothing is written when a row is bad, unless ``skip_bad``.

    ``originals``: table of the plan → the table whose article it translates. With ``publish`` an
    article is published at once, unless its row says that it is a draft or off line. ``keeper`` takes
    the files that the texts show; ``duties`` are the person's, left out by an operator.
    """
    outcome = Outcome()
    batch = batch_of(session, records, FIELDS, outcome, originals=originals or {}, settle=settle)
    if outcome.faults and not skip_bad:
        return outcome
    judge = Judge(session, batch, publish=publish, keeper=keeper, duties=duties)
    writer = Writer(session, batch, outcome, by=by, keeper=keeper)
    for part in batch.parts():
        writer.write(judge.prospects(part))
        if progress:
            progress(len(part))
    return outcome


class Writer:
    """Does what was decided, a few hundred articles at a time; knows the ids of everything written."""

    def __init__(
        self, session: Session, batch: Batch, outcome: Outcome, *, by: int, keeper: Keeper | None = None
    ) -> None:
        self.session, self.batch, self.outcome = session, batch, outcome
        self.by, self.keeper = by, keeper

    def write(self, prospects: Sequence[Prospect]) -> None:
        fresh: list[tuple[Key, Article, list[str]]] = []
        for found in prospects:
            if found.fate == Fate.REFUSED:
                self._tell(found)
            elif found.article is None:
                fresh.append((found.draft.key, self._begin(found), found.fresh))
            else:
                self._revise(found, found.article)
        self.session.flush()
        for key, article, files in fresh:
            self.batch.known[key] = article.id
            if self.keeper is not None and files:
                self.keeper.give(files, article.id)

    def _begin(self, found: Prospect) -> Article:
        number = self.batch.numbers[found.draft.key]
        article = articles.begin(self.session, found.text, by=self.by, number=number)
        article.source, article.external_id = found.draft.key
        article.translation_of_id = self._parent(found.draft)
        article.revisions[0].note = found.draft.values["note"]
        if found.publishes:
            _publish(article, by=self.by, moment=now(self.session))
        tend(self.session, article, found.care, by=self.by)
        found.article = article
        self._tell(found)
        return article

    def _revise(self, found: Prospect, article: Article) -> None:
        if found.fate == Fate.CHANGED:
            note = found.draft.values["note"]
            articles.revise(self.session, article, found.text, by=self.by, note=note)
            if article.translation_of_id != found.parent:
                article.translation_of_id = found.parent
            if found.publishes:
                _publish(article, by=self.by, moment=now(self.session))
            tend(self.session, article, found.care, by=self.by)
        self._tell(found)

    def _parent(self, draft: Draft) -> int | None:
        parent = self.batch.parents.get(draft.key)
        return self.batch.known[parent] if parent is not None else None

    def _tell(self, found: Prospect) -> None:
        row = found.draft.row
        if found.fate == Fate.REFUSED:
            self.outcome.refuse(row, found.sentence)
        else:
            number = self.batch.numbers[found.draft.key]
            self.outcome.count(row, found.fate, number=number, title=found.text.title)
        for remark in found.remarks:
            self.outcome.remark(row, remark)


def _publish(article: Article, *, by: int, moment: datetime) -> None:
    """Walk the table from draft to published; four eyes do not apply to an operator's command."""
    for action in (ArticleAction.SUBMIT, ArticleAction.PUBLISH):
        row = step(article.state, action, duties={Duty.WRITE, Duty.PUBLISH}, is_author=False, note="")
        note = N_("批量导入时直接发布")
        article.moves.append(
            ArticleMove(action=action, start=row.start, end=row.end, by_id=by, at=moment, note=note)
        )
        article.state = row.end
    article.published_at = article.published_at or moment
    article.review_on = (moment + articles.REVIEW_EVERY).date()
