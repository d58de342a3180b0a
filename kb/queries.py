"""Reading the knowledge base: what a viewer may find, and lists for readers and editors.

``is_readable`` and ``readable_articles`` are one rule in two shapes; a test proves them equal.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from kb.audience import Viewer, tokens_of
from kb.flow import READABLE
from kb.models import Article, ArticleUnit


def is_readable(article: Article, viewer: Viewer) -> bool:
    """May this viewer find and read this article?"""
    return article.state in READABLE and bool(tokens_of(article.audience, article.units) & viewer.tokens)


def readable_articles(viewer: Viewer) -> Select[Article]:
    """Every article this viewer may find and read."""
    units = exists().where(ArticleUnit.article_id == Article.id)
    mine = exists().where(ArticleUnit.article_id == Article.id, ArticleUnit.unit.in_(sorted(viewer.units)))
    return select(Article).where(
        and_(
            Article.state.in_(READABLE),
            Article.audience.in_(sorted(viewer.levels)),
            or_(~units, mine),
        )
    )


def article_by_number(session: Session, number: str) -> Article | None:
    return session.scalar(select(Article).where(Article.number == number.strip().upper()))


def readable_by_number(session: Session, number: str, viewer: Viewer) -> Article | None:
    """The article with this number, if this viewer may read it."""
    found = article_by_number(session, number)
    return found if found is not None and is_readable(found, viewer) else None


def articles_by_id(session: Session, ids: Collection[int]) -> dict[int, Article]:
    rows = session.scalars(select(Article).where(Article.id.in_(ids)))
    return {article.id: article for article in rows}


def translations_of(session: Session, article: Article) -> list[Article]:
    """The same article in other languages, the original first."""
    root = article.translation_of_id or article.id
    rows = session.scalars(
        select(Article)
        .where(or_(Article.id == root, Article.translation_of_id == root), Article.id != article.id)
        .order_by(Article.id)
    )
    return list(rows)
