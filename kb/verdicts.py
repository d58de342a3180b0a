"""What readers say of an article: solved or not and why, taken back, flagged for correction.

What editors do with it is ``feedback``. Verbs never commit. The invariant: a reader has one verdict on an
article, and the article's figures are counted from the verdicts there are.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.models import Article, Feedback, Reason

WORDS_LIMIT = 2_000


def rate(
    session: Session,
    article: Article,
    *,
    by: int,
    solved: bool,
    words: str = "",
    reason: Reason | None = None,
) -> Feedback:
    """Record a reader's verdict; a second verdict by the same reader replaces the first."""
    verdict = verdict_of(session, article, by=by) or Feedback(
        article_id=article.id, person_id=by, flagged=False
    )
    verdict.solved, verdict.words, verdict.at = solved, words.strip()[:WORDS_LIMIT], now(session)
    verdict.reason = None if solved else reason
    verdict.handled_at = None
    session.add(verdict)
    session.flush()
    _recount(session, article)
    return verdict


def verdict_of(session: Session, article: Article, *, by: int) -> Feedback | None:
    """What this reader said of the article, if anything."""
    return session.scalar(
        select(Feedback).where(
            Feedback.article_id == article.id, Feedback.person_id == by, Feedback.flagged.is_(False)
        )
    )


def take_back(session: Session, article: Article, *, by: int) -> None:
    """The reader changed their mind: their verdict is as if it had never been given."""
    verdict = verdict_of(session, article, by=by)
    if verdict is not None:
        session.delete(verdict)
        session.flush()
        _recount(session, article)


def flag(session: Session, article: Article, *, by: int, words: str) -> Feedback:
    """Ask the editors to correct an article."""
    if not words.strip():
        raise Refused(N_("请写明哪里不对，编辑才知道改什么。"))
    remark = Feedback(
        article_id=article.id, person_id=by, flagged=True, words=words.strip()[:WORDS_LIMIT], at=now(session)
    )
    session.add(remark)
    session.flush()
    return remark


def _recount(session: Session, article: Article) -> None:
    verdicts = select(func.count()).where(Feedback.article_id == article.id)
    article.solved = session.scalar(verdicts.where(Feedback.solved.is_(True))) or 0
    article.not_solved = session.scalar(verdicts.where(Feedback.solved.is_(False))) or 0
