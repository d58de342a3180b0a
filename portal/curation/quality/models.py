"""Tables of an article's standing and of pairs that may say the same. All of it can be found again."""

from __future__ import annotations

from sqlalchemy import JSON, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.models import Article
from portal.db import Base
from portal.finder.pairs import FoundAlike, ToldApart


class ArticleStanding(Base):
    """The score and the use of one readable article, as of the last look."""

    __tablename__ = "article_standing"
    __table_args__ = (Index("ix_article_standing_score", "score", "article_id"),)

    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), primary_key=True)
    score: Mapped[int] = mapped_column()
    missing: Mapped[list[str]] = mapped_column(JSON, default=list)
    opened: Mapped[int] = mapped_column(default=0)
    filed: Mapped[int] = mapped_column(default=0)
    solved: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    answered: Mapped[int] = mapped_column(default=0)
    # The lower end of the interval of those who filed after reading: what is surely a dead end.
    stuck: Mapped[float] = mapped_column(default=0.0, index=True)
    # The lower end of the interval of those whom it helped: what has surely proved itself.
    proved: Mapped[float] = mapped_column(default=0.0)

    article: Mapped[Article] = relationship(Article)


class AlikePair(FoundAlike):
    """Two readable articles of one language and system that are alike by words and meaning."""

    __tablename__ = "article_pair"
    __table_args__ = (Index("ix_article_pair_likeness", "likeness"),)

    one_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), primary_key=True)

    one: Mapped[Article] = relationship(Article, foreign_keys=[one_id])
    other: Mapped[Article] = relationship(Article, foreign_keys=[other_id])


class NotTheSame(ToldApart):
    """Somebody compared two articles and found that they say different things; the pair stays away."""

    __tablename__ = "article_pair_apart"

    one_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), primary_key=True)
    by_id: Mapped[int] = mapped_column(Integer)
