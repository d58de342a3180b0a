"""The table of what articles point at. A target is named as it is written: a number, an address."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import choice
from kb.models import Article, Base


class LinkKind(StrEnum):
    ARTICLE = "article"
    DEFECT = "defect"
    FILE = "file"
    PART = "part"
    PAGE = "page"
    ADDRESS = "address"


class ArticleLink(Base):
    """One thing that an article's words point at.

    ``target``: a KB or QX number, a file's id, ``#anchor`` of a part of the same article, a path of the
    desk, or an address elsewhere.
    """

    __tablename__ = "article_points_at"
    __table_args__ = (
        UniqueConstraint("article_id", "kind", "target"),
        Index("ix_article_points_at_target", "kind", "target"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"))
    kind: Mapped[LinkKind] = mapped_column(choice(LinkKind))
    target: Mapped[str] = mapped_column(String(500))
    article: Mapped[Article] = relationship()
