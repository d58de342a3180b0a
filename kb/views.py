"""Counting readers. A view is no change of the article: it makes no revision and no new version."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from kb.models import Article


def count_view(session: Session, article_id: int) -> None:
    """One more reader; the row's version and the index stay as they are."""
    session.execute(
        update(Article)
        .where(Article.id == article_id)
        .values(views=Article.views + 1)
        .execution_options(synchronize_session=False)
    )
