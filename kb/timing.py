"""What becomes of articles when their time has come: published as approved, over as chosen.

Only the worker asks here, again and again; who is told is its business. The invariant: each step is taken
once, however many ask at the same moment, because the rows are locked and have moved on for the next.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.articles import move
from kb.flow import READABLE, ArticleAction, ArticleState, Duty
from kb.models import Article, AtExpiry

SYSTEM = frozenset({Duty.SYSTEM})
#: How long before its end the owner of an article is told.
WARNED = timedelta(days=14)
AT_ONCE = 200


def release(session: Session, at: datetime) -> list[Article]:
    """Publish what was approved for a moment that has come."""
    due = select(Article).where(Article.state == ArticleState.SCHEDULED, Article.publish_at <= at)
    rows = _locked(session, due.order_by(Article.publish_at, Article.id))
    for article in rows:
        move(session, article, ArticleAction.RELEASE, by=None, duties=SYSTEM)
    return rows


def expire(session: Session, today: date) -> list[Article]:
    """End what held until a day that has passed, in the way that was chosen for it."""
    over = select(Article).where(Article.state.in_(READABLE), Article.expires_on < today)
    rows = _locked(session, over.order_by(Article.expires_on, Article.id))
    for article in rows:
        _end(session, article)
    return rows


def _end(session: Session, article: Article) -> None:
    note = N_("有效期到 %(day)s 为止") % {"day": article.expires_on}
    retires = article.at_expiry == AtExpiry.RETIRE
    if retires or article.state == ArticleState.PUBLISHED:
        action = ArticleAction.EXPIRE if retires else ArticleAction.MARK_DUE
        move(session, article, action, by=None, duties=SYSTEM, note=note)
    article.expires_on = None
    session.flush()


def ending(session: Session, today: date) -> list[Article]:
    """What ends within the next days and whose owner was not told so yet; from now on they count as told."""
    soon = select(Article).where(
        Article.state.in_(READABLE),
        Article.expires_on.between(today, today + WARNED),
        or_(Article.expiry_told.is_(None), Article.expiry_told != Article.expires_on),
    )
    rows = _locked(session, soon.order_by(Article.expires_on, Article.id))
    for article in rows:
        article.expiry_told = article.expires_on
    session.flush()
    return rows


def _locked(session: Session, wanted: Select[Article]) -> list[Article]:
    """These rows, for this worker alone; what another one has in hand is left to it."""
    return list(session.scalars(wanted.limit(AT_ONCE).with_for_update(skip_locked=True, of=Article)))
