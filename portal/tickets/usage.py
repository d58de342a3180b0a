"""How often an article answered a ticket: a figure for whoever picks an answer, and for its owner.

What readers said of it is counted by ``kb``. The invariant: one ticket counts an article once.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.tickets.models import ArticleLink

LATELY = timedelta(days=90)


def answered_with(
    session: Session, ids: Collection[int], *, within: timedelta | None = LATELY
) -> dict[int, int]:
    """Tickets answered with each of these articles; those that answered none are left out."""
    if not ids:
        return {}
    tickets = func.count(func.distinct(ArticleLink.ticket_id))
    wanted = select(ArticleLink.article_id, tickets).where(ArticleLink.article_id.in_(sorted(ids)))
    if within is not None:
        wanted = wanted.where(ArticleLink.at >= now(session) - within)
    return {row[0]: row[1] for row in session.execute(wanted.group_by(ArticleLink.article_id))}
