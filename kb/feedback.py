"""What readers said and agents flagged, and that an editor dealt with it."""

from __future__ import annotations

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.models import Article, Feedback


def waiting() -> Select[Feedback, Article]:
    """Feedback that an editor has yet to handle: flags first, then “没解决” with words, the newest first.

    A verdict without words tells an editor nothing to do; it counts in the article's figures.
    """
    unsolved = and_(Feedback.solved.is_(False), Feedback.words != "")
    return (
        select(Feedback, Article)
        .join(Article, Article.id == Feedback.article_id)
        .where(Feedback.handled_at.is_(None), or_(Feedback.flagged, unsolved))
        .order_by(Feedback.flagged.desc(), Feedback.at.desc(), Feedback.id)
    )


def handle(session: Session, feedback: Feedback) -> None:
    """An editor has dealt with it: corrected the article, or found nothing to correct."""
    if feedback.handled_at is not None:
        raise Refused(N_("同事已经处理过这条反馈了。"))
    feedback.handled_at = now(session)
    session.flush()
