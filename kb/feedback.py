"""What readers said and agents flagged, and that an editor dealt with it."""

from __future__ import annotations

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.models import Article, Feedback, Reason

#: Reasons that lie in the words of the article, and not in how it was found.
OF_THE_ARTICLE = (Reason.STEPS, Reason.UNCLEAR, Reason.OUTDATED)


def waiting() -> Select[Feedback, Article]:
    """Feedback that an editor has yet to handle: flags first, then “没解决” that says why, the newest first.

    A verdict without words or a reason that speaks of the article tells an editor nothing to do; it
    counts in the article's figures.
    """
    telling = or_(Feedback.words != "", Feedback.reason.in_(OF_THE_ARTICLE))
    unsolved = and_(Feedback.solved.is_(False), telling)
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
