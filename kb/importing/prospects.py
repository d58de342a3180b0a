"""What would become of each article that an import brings: made anew, changed, left alone, or refused.

Both the preview and the import itself ask here, so that the one does what the other has promised. The
invariants: what a file does not mention stays as it is; an empty cell never widens who may read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from indexer.words import N_
from kb import articles
from kb.articles import ArticleText
from kb.audience import AUDIENCE_LABELS, Audience
from kb.columns import now
from kb.flow import READABLE, ArticleState, Duty, Refused, check_revisable
from kb.importing.batch import Batch, stated_number
from kb.importing.illustrating import Held, Illustrated, Keeper, illustrate
from kb.importing.loading import Draft
from kb.importing.outcome import Fate
from kb.importing.tending import NOTHING, Care, care_of
from kb.models import Article, Revision

#: An empty value for these says nothing; for the others it says "none".
NEVER_EMPTY = ("audience", "kind", "language")
WIDTH = (Audience.EXPERTS, Audience.STAFF, Audience.EVERYONE)


@dataclass(slots=True)
class Prospect:
    """One article to come. ``article`` is what is there already; ``fresh`` the files kept for it just now."""

    draft: Draft
    fate: Fate
    text: ArticleText
    article: Article | None = None
    parent: int | None = None
    publishes: bool = False
    remarks: list[str] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)
    sentence: str = ""
    care: Care = NOTHING
    awaits: bool = False  # it points at articles that this import has yet to bring


@dataclass(slots=True)
class Judge:
    """Decides about drafts. ``duties`` are the importer's, None for an operator who may everything."""

    session: Session
    batch: Batch
    publish: bool = False
    keeper: Keeper | None = None
    duties: Collection[Duty] | None = None

    def prospects(self, drafts: Sequence[Draft]) -> list[Prospect]:
        """What becomes of these; a few statements, however many they are."""
        known = self.batch.known
        present = present_articles(self.session, [known[draft.key] for draft in drafts if draft.key in known])
        held: Held = self.keeper.held(list(present)) if self.keeper else {}
        return [self._one(draft, present.get(known.get(draft.key, 0)), held) for draft in drafts]

    def _one(self, draft: Draft, article: Article | None, held: Held) -> Prospect:
        foreign = article is None or article.source is not None
        body, remarks = self.batch.crossing.crossed(draft.row, draft.values["body"], foreign=foreign)
        awaits = self.batch.crossing.awaits
        done = Illustrated(body)
        if self.keeper is not None:
            there = article.id if article is not None else None
            later = self.batch.crossing.later
            done = illustrate(draft.row, body, self.keeper, article=there, held=held, passing=later)
        found = Prospect(draft, Fate.NEW, text_for(draft, article, done.body), article, fresh=done.fresh)
        found.remarks = [*draft.row.remarks, *remarks, *done.remarks]
        today, exported = now(self.session).date(), bool(stated_number(draft))
        found.care, untended = care_of(draft.values, duties=self.duties, today=today, exported=exported)
        found.remarks += untended
        found.awaits, found.parent = awaits, self._parent(draft, article)
        found.publishes = self._publishes(draft, article)
        self._decide(found)
        return found

    def _decide(self, found: Prospect) -> None:
        try:
            articles.check(found.text)
            if found.article is not None:
                found.fate = self._fate(found, found.article)
        except Refused as refusal:
            found.fate, found.sentence = Fate.REFUSED, str(refusal)

    def _fate(self, found: Prospect, article: Article) -> Fate:
        before = articles.text_of(article)
        same_words = before == tidied(found.text)
        if not same_words and self.duties is not None:
            check_revisable(article.state, self.duties)
        if not same_words:
            found.remarks += _widening(before, found.text)
        same = same_words and article.translation_of_id == found.parent and not found.publishes
        same = same and not found.care.differs(article)
        return Fate.UNCHANGED if same else Fate.CHANGED

    def _parent(self, draft: Draft, article: Article | None) -> int | None:
        """The id of the original; 0 for one that is yet to come."""
        if draft.key in self.batch.parents:
            return self.batch.known.get(self.batch.parents[draft.key], 0)
        said = article is None or "translation_of" in draft.record.fields
        return None if said or article is None else article.translation_of_id

    def _publishes(self, draft: Draft, article: Article | None) -> bool:
        wanted = self.publish and draft.values["state"] in (None, *READABLE)
        return wanted and (article is None or article.state == ArticleState.DRAFT)


def present_articles(session: Session, ids: Collection[int]) -> dict[int, Article]:
    """The articles with these ids, with what writing a revision needs."""
    if not ids:
        return {}
    wanted = select(Article).where(Article.id.in_(ids))
    counted = selectinload(Article.revisions).load_only(Revision.number, Revision.author_id)
    return {row.id: row for row in session.scalars(wanted.options(counted))}


def text_for(draft: Draft, article: Article | None, body: str) -> ArticleText:
    """Everything about an article: what the file says, and for the rest what is there."""
    values = {name: draft.values[name] for name in ArticleText.__dataclass_fields__ if name in draft.values}
    values["body"] = body
    if article is None:
        return ArticleText(**{**values, "language": values["language"] or "zh"})
    given = draft.record.fields
    said = {
        name: value
        for name, value in values.items()
        if name in given and not (name in NEVER_EMPTY and given[name] in (None, ""))
    }
    return replace(articles.text_of(article), **{**said, "title": values["title"], "body": body})


def tidied(text: ArticleText) -> ArticleText:
    """A text as the verbs keep it, so that equal ones are seen to be equal."""
    return articles._clean(text)


def _widening(before: ArticleText, after: ArticleText) -> list[str]:
    """What an editor should know before more people read it."""
    said = []
    if WIDTH.index(after.audience) > WIDTH.index(before.audience):
        names = {"before": AUDIENCE_LABELS[before.audience], "after": AUDIENCE_LABELS[after.audience]}
        said.append(N_("读者会变宽：从“%(before)s”到“%(after)s”。") % names)
    if (before.units and not set(after.units)) or set(after.units) - set(before.units or after.units):
        said.append(N_("适用单位会变宽。"))
    return said
