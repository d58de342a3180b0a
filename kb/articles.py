"""The verbs of the knowledge base: write, revise, restore, move; what readers say is ``verdicts``'.

Verbs never commit; they raise :class:`kb.flow.Refused` with a sentence for the person.
The invariant: every change of an article's words leaves a revision, every change of its state a move.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.audience import Audience
from kb.columns import now
from kb.flow import (
    REVISIONS,
    ArticleAction,
    ArticleState,
    Confidence,
    Duty,
    Refused,
    check_note,
    check_revisable,
    held_after_revision,
    step,
)
from kb.life import NOTHING, REVIEW_EVERY, Given, check_given, is_own, settle, steps_open
from kb.links.noting import note_links
from kb.models import Article, ArticleKind, ArticleMove, ArticleUnit, Revision
from kb.verdicts import flag, rate, take_back, verdict_of

#: The rest of an article's verbs, from ``life`` and ``verdicts``.
__all__ = ["REVIEW_EVERY", "Given", "flag", "is_own", "rate", "steps_open", "take_back", "verdict_of"]

TITLE_LIMIT = 300
BODY_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class ArticleText:
    """Everything an author decides about an article."""

    title: str
    body: str
    kind: ArticleKind = ArticleKind.FAQ
    language: str = "zh"
    system: str | None = None
    module: str | None = None
    category: str | None = None
    keywords: Sequence[str] = field(default=())
    also: Sequence[str] = field(default=())
    audience: Audience = Audience.EVERYONE
    units: Sequence[str] = field(default=())


def check(text: ArticleText) -> None:
    """Raise :class:`Refused` when the text can't stand as an article."""
    if not text.title.strip():
        raise Refused(N_("请填写标题，用户靠标题判断是不是自己的问题。"))
    if len(text.title) > TITLE_LIMIT:
        raise Refused(N_("标题太长，请控制在 %(limit)s 个字以内。"), limit=TITLE_LIMIT)
    if not text.body.strip():
        raise Refused(N_("请填写正文。"))
    if len(text.body) > BODY_LIMIT:
        raise Refused(N_("正文太长，请控制在 %(limit)s 个字以内，或拆成几篇。"), limit=BODY_LIMIT)


def write(session: Session, text: ArticleText, *, by: int) -> Article:
    """Start a new article as a draft."""
    article = begin(session, text, by=by, number=next_number(session))
    session.flush()
    return article


def begin(session: Session, text: ArticleText, *, by: int, number: str) -> Article:
    """A new draft under a number already taken for it, not yet flushed: imports begin many at once."""
    check(text)
    moment = now(session)
    article = Article(
        number=number,
        author_id=by,
        owner_id=by,
        created_at=moment,
        updated_at=moment,
        state=ArticleState.DRAFT,
        confidence=Confidence.UNVERIFIED,
    )
    session.add(article)
    _apply(session, article, text, by=by, note="")
    return article


def revise(
    session: Session,
    article: Article,
    text: ArticleText,
    *,
    by: int,
    note: str = "",
    seen: int | None = None,
    duties: Collection[Duty] | None = None,
) -> Article:
    """Change an article's words and keep the former ones as a revision.

    ``seen`` is the version the author was looking at; a newer one in between is refused, so that
    nobody overwrites a colleague's work. ``duties`` are the person's; only imports leave them out.
    """
    check(text)
    if duties is not None:
        check_revisable(article.state, duties)
    if seen is not None and seen != article.version:
        raise Refused(N_("这篇知识在您编辑期间被同事改过。您的内容还在，请对照最新版本后再保存。"))
    clean = _clean(text)
    if text_of(article) != clean:
        if (article.title, article.body) != (clean.title, clean.body):
            _doubt(article, by=by, duties=duties or ())
        _apply(session, article, text, by=by, note=note)
        _step_back(session, article, by=by)
        session.flush()
    return article


def _doubt(article: Article, *, by: int, duties: Collection[Duty]) -> None:
    """Before other words are written: are they still vouched for by somebody else than their writer?"""
    article.confidence = held_after_revision(article.confidence, duties, is_author=is_own(article, by))


def _step_back(session: Session, article: Article, *, by: int) -> None:
    """An approval does not outlive the words that were approved: who changes them asks for another."""
    then = REVISIONS[article.state].then if article.state in REVISIONS else article.state
    if then != article.state:
        note = N_("内容有改动，须重新审核")
        _write_down(session, article, ArticleAction.UNSCHEDULE, end=then, by=by, note=note)
        article.publish_at, article.confidence = None, Confidence.UNVERIFIED


def text_of(article: Article) -> ArticleText:
    """The author's decisions as they stand now."""
    return ArticleText(
        title=article.title,
        body=article.body,
        kind=article.kind,
        language=article.language,
        system=article.system,
        module=article.module,
        category=article.category,
        keywords=tuple(article.keywords),
        also=tuple(article.also),
        audience=article.audience,
        units=article.units,
    )


def restore(
    session: Session, article: Article, number: int, *, by: int, duties: Collection[Duty] | None = None
) -> Article:
    """Bring the words of an earlier revision back, as a new revision."""
    revision = next((row for row in article.revisions if row.number == number), None)
    if revision is None:
        raise Refused(N_("没有第 %(number)s 版。"), number=number)
    current = text_of(article)
    text = ArticleText(
        title=revision.title,
        body=revision.body,
        kind=current.kind,
        language=current.language,
        system=current.system,
        module=current.module,
        category=current.category,
        keywords=tuple(revision.keywords),
        also=tuple(revision.also),
        audience=current.audience,
        units=current.units,
    )
    note = N_("恢复到第 %(number)s 版") % {"number": number}
    return revise(session, article, text, by=by, note=note, duties=duties)


def move(
    session: Session,
    article: Article,
    action: ArticleAction,
    *,
    by: int | None,
    duties: Collection[Duty],
    note: str = "",
    given: Given = NOTHING,
) -> ArticleMove:
    """Take one step of the article's life and write it down."""
    check_note(note)
    row = step(
        article.state,
        action,
        duties=duties,
        is_author=is_own(article, by),
        note=note,
        confidence=article.confidence,
        given=given.names,
    )
    check_given(row, given, at=now(session))
    entry = _write_down(session, article, action, end=row.end, by=by, note=note)
    settle(article, row, given, at=entry.at)
    session.flush()
    return entry


def _write_down(
    session: Session, article: Article, action: ArticleAction, *, end: ArticleState, by: int | None, note: str
) -> ArticleMove:
    moment = now(session)
    entry = ArticleMove(action=action, start=article.state, end=end, by_id=by, at=moment, note=note.strip())
    article.moves.append(entry)
    article.state, article.updated_at = end, moment
    return entry


def next_number(session: Session) -> str:
    """The next free KB number; numbers are never used twice."""
    highest = session.scalar(select(func.max(Article.number))) or "KB000000"
    return f"KB{int(highest[2:]) + 1:06d}"


def _clean(text: ArticleText) -> ArticleText:
    return ArticleText(
        title=_words(text.title),
        body=_words(text.body.replace("\r\n", "\n")),
        kind=text.kind,
        language=text.language,
        system=text.system or None,
        module=text.module or None,
        category=text.category or None,
        keywords=tuple(dict.fromkeys(filter(None, map(_words, text.keywords)))),
        also=tuple(dict.fromkeys(filter(None, map(_words, text.also)))),
        audience=text.audience,
        units=tuple(sorted(set(text.units))),
    )


def _words(text: str) -> str:
    """Without the one character that no database of ours keeps."""
    return text.replace("\x00", "").strip()


def _apply(session: Session, article: Article, text: ArticleText, *, by: int, note: str) -> None:
    clean = _clean(text)
    if (article.title, article.body) != (clean.title, clean.body):
        article.worded_at = now(session)
    article.title, article.body, article.kind, article.language = (
        clean.title,
        clean.body,
        clean.kind,
        clean.language,
    )
    article.system, article.module, article.category = clean.system, clean.module, clean.category
    article.keywords, article.also, article.audience = list(clean.keywords), list(clean.also), clean.audience
    kept = {row.unit: row for row in article.unit_rows}
    article.unit_rows = [kept.get(unit) or ArticleUnit(unit=unit) for unit in clean.units]
    article.updated_at = now(session)
    article.revisions.append(
        Revision(
            number=len(article.revisions) + 1,
            title=clean.title,
            body=clean.body,
            keywords=list(clean.keywords),
            also=list(clean.also),
            facts=_facts(clean),
            author_id=by,
            at=now(session),
            note=note,
        )
    )
    note_links(session, article)


def _facts(text: ArticleText) -> dict[str, object]:
    names = ("kind", "language", "system", "module", "category", "audience")
    return {**{name: getattr(text, name) for name in names}, "units": list(text.units)}
