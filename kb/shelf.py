"""The library as a reader walks through it: what is there, popular, new, related, by filter.

Every list starts from ``readable_articles``; nothing here widens what a viewer may see.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_
from sqlalchemy.orm import Session, aliased

from kb.audience import Viewer
from kb.flow import READABLE
from kb.models import Article, ArticleKind
from kb.queries import readable_articles, translations_of
from kb.translations.keeping import behind_among

POPULAR = 8
RELATED = 5


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reader narrowed the shelf to; empty means everything."""

    system: str = ""
    module: str = ""
    category: str = ""
    kind: ArticleKind | None = None
    language: str = ""

    def __bool__(self) -> bool:
        return bool(self.system or self.module or self.category or self.kind or self.language)

    def without(self, name: str) -> Filter:
        """The same but for one thing; modules go with their system."""
        loose: dict[str, dict[str, Any]] = {"kind": {"kind": None}, "system": {"system": "", "module": ""}}
        changed = loose.get(name, {name: ""})
        return replace(self, **changed)

    def with_(self, name: str, value: str) -> Filter:
        """The same, with this value in place of what was there."""
        changed: dict[str, Any] = {name: ArticleKind(value) if name == "kind" else value}
        return replace(self.without(name), **changed)

    @property
    def arguments(self) -> dict[str, str]:
        """What an address says of it; what is open is left out."""
        return {row.name: str(value) for row in fields(self) if (value := getattr(self, row.name))}

    def fits(self, article: Article) -> bool:
        """The same rule for one article: what a search found is narrowed by it."""
        wanted = {"system": self.system, "module": self.module, "category": self.category}
        wanted |= {"kind": str(self.kind or ""), "language": self.language}
        return all(str(getattr(article, name)) == value for name, value in wanted.items() if value)

    def narrow(self, articles: Select[Article]) -> Select[Article]:
        wanted = {Article.system: self.system, Article.module: self.module, Article.category: self.category}
        for column, value in wanted.items():
            articles = articles.where(column == value) if value else articles
        articles = articles.where(Article.kind == self.kind) if self.kind else articles
        return articles.where(Article.language == self.language) if self.language else articles


def in_language(articles: Select[Article], language: str) -> Select[Article]:
    """One version of each article: the reader's own language where there is one, else the original."""
    own = aliased(Article)
    translated = exists().where(
        own.language == language, own.translation_of_id == Article.id, own.state.in_(READABLE)
    )
    original = and_(Article.translation_of_id.is_(None), ~translated)
    return articles.where(or_(Article.language == language, original))


def newest(articles: Select[Article]) -> Select[Article]:
    return articles.order_by(Article.published_at.desc().nulls_last(), Article.id.desc())


def most_read(articles: Select[Article]) -> Select[Article]:
    return articles.order_by(Article.views.desc(), Article.solved.desc(), Article.id)


def counts_by(session: Session, articles: Select[Article], column: Any) -> dict[str, int]:
    """value → number of articles, most first; articles without a value are left out."""
    number = func.count().label("number")
    rows = session.execute(
        articles.with_only_columns(column, number)
        .where(column.is_not(None))
        .order_by(None)
        .group_by(column)
        .order_by(number.desc(), column)
    )
    return {str(value): count for value, count in rows}


def related_to(session: Session, article: Article, viewer: Viewer, *, limit: int = RELATED) -> list[Article]:
    """Others of the same module first, then of the same system, in the same language, most helpful first."""
    if not article.system:
        return []
    near = readable_articles(viewer).where(
        Article.system == article.system, Article.language == article.language, Article.id != article.id
    )
    same_module = (Article.module == article.module).desc() if article.module else Article.id
    return list(session.scalars(near.order_by(same_module, Article.solved.desc(), Article.id).limit(limit)))


@dataclass(frozen=True, slots=True)
class Version:
    """The same article in another language; ``behind`` when the original says something else since."""

    article: Article
    behind: bool


def other_languages(session: Session, article: Article, viewer: Viewer) -> list[Version]:
    """The versions this viewer may read."""
    root = article.translation_of_id or article.id
    family = or_(Article.id == root, Article.translation_of_id == root)
    shown = set(session.scalars(readable_articles(viewer).with_only_columns(Article.id).where(family)))
    rows = [row for row in translations_of(session, article) if row.id in shown]
    behind = behind_among(session, rows)
    return [Version(row, row.id in behind) for row in rows]
