"""Loading articles: new ones begun in bulk, known ones revised, the rest left alone.

The invariant: a second run of the same rows changes nothing, not even a time of change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from indexer.words import N_
from kb import articles
from kb.articles import ArticleText
from kb.audience import AUDIENCE_LABELS, Audience
from kb.columns import now
from kb.flow import READABLE, STATE_LABELS, ArticleAction, ArticleState, Duty, step
from kb.importing.fields import Field, choice, code, lines, text, words
from kb.importing.identity import Key, chunks, ids_of, numbered
from kb.importing.loading import Draft, Progress, Settle, drafts_of
from kb.importing.outcome import Outcome, Record
from kb.models import KIND_LABELS, Article, ArticleKind, ArticleMove, Revision

BODY_LIMIT = 200_000

# fmt: off
FIELDS = (
    Field("source",         N_("来源"),       text(100)),
    Field("external_id",    N_("来源编号"),   text(200)),
    Field("language",       N_("语言"),       text(8)),
    Field("translation_of", N_("译自"),       text(200)),
    Field("kind",           N_("类型"),       choice(ArticleKind, KIND_LABELS, ArticleKind.FAQ)),
    Field("title",          N_("标题"),       text(articles.TITLE_LIMIT), required=True),
    Field("body",           N_("正文"),       text(BODY_LIMIT), required=True),
    Field("system",         N_("系统"),       code()),
    Field("module",         N_("模块"),       code()),
    Field("category",       N_("请求类别"),   code()),
    Field("keywords",       N_("关键词"),     words(100)),
    Field("also",           N_("用户也这样问"), lines(500)),
    Field("audience",       N_("读者"),       choice(Audience, AUDIENCE_LABELS, Audience.EVERYONE)),
    Field("units",          N_("适用单位"),   words(64)),
    Field("state",          N_("状态"),       choice(ArticleState, STATE_LABELS)),
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
) -> Outcome:
    """Load articles as ``by``; nothing is written when a row is bad, unless ``skip_bad``.

    ``originals``: table of the plan → the table whose article it translates. With ``publish`` an
    article is published at once, unless its row says that it is a draft or off line.
    """
    outcome = Outcome()
    drafts = drafts_of(records, FIELDS, outcome, settle=settle)
    parents = _parents(drafts, originals or {})
    known = ids_of(
        session, Article, list(dict.fromkeys([*(draft.key for draft in drafts), *parents.values()]))
    )
    drafts = _with_parents(drafts, parents, known, outcome)
    if outcome.faults and not skip_bad:
        return outcome
    loader = _Loader(session, outcome, known, by=by, publish=publish)
    # Originals first, so that a translation finds the id of what it translates.
    for part in (
        *chunks(draft for draft in drafts if draft.key not in parents),
        *chunks(draft for draft in drafts if draft.key in parents),
    ):
        loader.write(part, parents)
        if progress:
            progress(len(part))
    return outcome


def _parents(drafts: Sequence[Draft], originals: dict[int, int]) -> dict[Key, Key]:
    """translation → original: said by the plan's tables, or by the row's own field."""
    by_row = {(id(draft.row), draft.record.table): draft.key for draft in drafts}
    parents: dict[Key, Key] = {}
    for draft in drafts:
        table = originals.get(draft.record.table)
        if table is not None:
            parents[draft.key] = by_row[id(draft.row), table]
        elif draft.values["translation_of"]:
            parents[draft.key] = _named(draft.values["translation_of"], draft.values["source"])
    return parents


def _named(words: str, source: str) -> Key:
    """``id`` in the row's own source, or ``source|id`` in another."""
    other, bar, external_id = words.partition("|")
    return (other, external_id) if bar else (source, words)


def _with_parents(
    drafts: list[Draft], parents: dict[Key, Key], known: dict[Key, int], outcome: Outcome
) -> list[Draft]:
    """Leave out translations of nothing, and of translations."""
    here = {draft.key for draft in drafts}
    kept = []
    for draft in drafts:
        parent = parents.get(draft.key)
        if parent is not None and parent not in here and parent not in known:
            outcome.refuse(draft.row, N_("译自的原文 %(id)s 不在文件里，也没有导入过。") % {"id": parent[1]})
        elif parent is not None and (parent in parents or parent == draft.key):
            outcome.refuse(draft.row, N_("译自的 %(id)s 本身是译文，请指向原文。") % {"id": parent[1]})
        else:
            kept.append(draft)
    return kept


class _Loader:
    """Writes drafts a few hundred at a time; knows the ids of everything written so far."""

    def __init__(
        self, session: Session, outcome: Outcome, known: dict[Key, int], *, by: int, publish: bool
    ) -> None:
        self.session, self.outcome, self.known = session, outcome, known
        self.by, self.publish = by, publish
        self.numbers: Iterator[str] = numbered(articles.next_number(session))

    def write(self, drafts: Sequence[Draft], parents: dict[Key, Key]) -> None:
        present = self._present([self.known[draft.key] for draft in drafts if draft.key in self.known])
        fresh: list[tuple[Key, Article]] = []
        for draft in drafts:
            parent = self.known[parents[draft.key]] if draft.key in parents else None
            article = present.get(self.known.get(draft.key, 0))
            if article is None:
                fresh.append((draft.key, self._begin(draft, parent)))
            else:
                self._revise(article, draft, parent)
        self.session.flush()
        self.known |= {key: article.id for key, article in fresh}

    def _present(self, ids: Sequence[int]) -> dict[int, Article]:
        if not ids:
            return {}
        wanted = select(Article).where(Article.id.in_(ids))
        counted = selectinload(Article.revisions).load_only(Revision.number)
        return {row.id: row for row in self.session.scalars(wanted.options(counted))}

    def _begin(self, draft: Draft, parent: int | None) -> Article:
        article = articles.begin(self.session, _text(draft.values), by=self.by, number=next(self.numbers))
        article.source, article.external_id = draft.key
        article.translation_of_id = parent
        article.revisions[0].note = draft.values["note"]
        if self._wants_publishing(draft.values):
            _publish(article, by=self.by, moment=now(self.session))
        self.outcome.new += 1
        return article

    def _revise(self, article: Article, draft: Draft, parent: int | None) -> None:
        before = (article.version, article.state, article.translation_of_id)
        articles.revise(self.session, article, _text(draft.values), by=self.by, note=draft.values["note"])
        if article.translation_of_id != parent:
            article.translation_of_id = parent
        if article.state == ArticleState.DRAFT and self._wants_publishing(draft.values):
            _publish(article, by=self.by, moment=now(self.session))
        if (article.version, article.state, article.translation_of_id) == before:
            self.outcome.unchanged += 1
        else:
            self.outcome.changed += 1

    def _wants_publishing(self, values: dict[str, Any]) -> bool:
        return self.publish and values["state"] in (None, *READABLE)


def _text(values: dict[str, Any]) -> ArticleText:
    return ArticleText(
        **{name: values[name] for name in ArticleText.__dataclass_fields__ if name != "language"},
        language=values["language"] or "zh",
    )


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
