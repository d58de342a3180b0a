"""The list of what to check again, with its reasons; and what each reason rests on.

The invariant: an article is on the list while it is marked, or while something speaks against it that is
newer than the last time somebody vouched for its words; put off for later, it is not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from kb.flow import READABLE, ArticleAction, ArticleState
from kb.models import Article, ArticleMove
from portal.curation.decay.evidence import vouched
from portal.curation.decay.models import Signal
from portal.curation.decay.rules import Sign
from portal.curation.keepers import ownerless


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody narrowed the list to; empty means everything. ``owner`` 0 asks for those without one."""

    system: str = ""
    sign: Sign | None = None
    owner: int | None = None
    snoozed: bool = False


def to_check(asked: Asked, *, today: date) -> Select[Article]:
    """The articles to check again, those against which most speaks first."""
    points = (
        select(Signal.article_id, func.sum(Signal.points).label("points"))
        .join(Article, Article.id == Signal.article_id)
        .where(Signal.at >= vouched())
        .group_by(Signal.article_id)
        .subquery()
    )
    put_off = and_(Article.snoozed_until.is_not(None), Article.snoozed_until > today)
    rows = (
        select(Article)
        .outerjoin(points, points.c.article_id == Article.id)
        .where(
            Article.state.in_(READABLE),
            put_off if asked.snoozed else ~put_off,
            or_(Article.state == ArticleState.DUE, points.c.points.is_not(None)),
        )
    )
    marked_first = (Article.state == ArticleState.DUE).desc()
    narrowed = _narrowed(rows, asked)
    return narrowed.order_by(func.coalesce(points.c.points, 0).desc(), marked_first, Article.id)


def _narrowed(rows: Select[Article], asked: Asked) -> Select[Article]:
    rows = rows.where(Article.system == asked.system) if asked.system else rows
    if asked.owner is not None:
        rows = rows.where(ownerless() if asked.owner == 0 else Article.owner_id == asked.owner)
    if asked.sign is None:
        return rows
    said = exists().where(Signal.article_id == Article.id, Signal.sign == asked.sign, Signal.at >= vouched())
    return rows.where(said.correlate(Article))


def how_many(session: Session, asked: Asked, *, today: date) -> int:
    rows = to_check(asked, today=today).order_by(None).with_only_columns(Article.id).subquery()
    return session.scalar(select(func.count()).select_from(rows)) or 0


def counts_by_sign(session: Session, *, today: date) -> dict[Sign, int]:
    """How many articles of the list each sign is said of."""
    listed = to_check(Asked(), today=today).order_by(None).with_only_columns(Article.id).subquery()
    rows = session.execute(
        select(Signal.sign, func.count()).join(listed, listed.c.id == Signal.article_id).group_by(Signal.sign)
    )
    return dict(rows.all())


def reasons_of(session: Session, articles: Collection[Article]) -> Mapping[int, list[Signal]]:
    """Article → what speaks against it now, the weightiest first; one query for a page of them."""
    rows = session.scalars(
        select(Signal)
        .join(Article, Article.id == Signal.article_id)
        .where(Signal.article_id.in_([row.id for row in articles]), Signal.at >= vouched())
        .order_by(Signal.points.desc(), Signal.sign)
    )
    found: dict[int, list[Signal]] = {row.id: [] for row in articles}
    for signal in rows:
        found[signal.article_id].append(signal)
    return found


def marks_of(session: Session, articles: Collection[Article]) -> dict[int, ArticleMove]:
    """Article → the step with which it was marked, for those that are marked now."""
    due = [row.id for row in articles if row.state == ArticleState.DUE]
    latest = (
        select(func.max(ArticleMove.id))
        .where(ArticleMove.article_id.in_(due), ArticleMove.action == ArticleAction.MARK_DUE)
        .group_by(ArticleMove.article_id)
    )
    rows = session.scalars(select(ArticleMove).where(ArticleMove.id.in_(latest)))
    return {row.article_id: row for row in rows}
