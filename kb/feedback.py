"""What readers said and agents flagged, and that an editor dealt with it."""

from __future__ import annotations

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.models import Article, Feedback


def waiting() -> Select[Feedback, Article]:
    """Feedback that an editor has yet to handle: flags, and “没解决”; flags first, then the newest."""
    return (
        select(Feedback, Article)
        .join(Article, Article.id == Feedback.article_id)
        .where(Feedback.handled_at.is_(None), or_(Feedback.flagged, Feedback.solved.is_(False)))
        .order_by(Feedback.flagged.desc(), (Feedback.words == "").asc(), Feedback.at.desc(), Feedback.id)
    )


def handle(session: Session, feedback: Feedback) -> None:
    """An editor has dealt with it: corrected the article, or found nothing to correct."""
    if feedback.handled_at is not None:
        raise Refused(N_("同事已经处理过这条反馈了。"))
    feedback.handled_at = now(session)
    session.flush()
