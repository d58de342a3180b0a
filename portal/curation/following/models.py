"""The table of those who follow an article, with what they know of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import UtcDateTime
from kb.models import Article
from portal.db import Base
from portal.people.models import Person


class ArticleFollower(Base):
    """Somebody wishes to hear of an article. ``revision`` and ``title`` are the words they know; what is
    younger than ``looked_at`` has not been weighed yet."""

    __tablename__ = "article_follower"
    __table_args__ = (Index("ix_article_follower_person", "person_id", "since"),)

    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column()
    title: Mapped[str] = mapped_column(String(300))
    looked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    gone: Mapped[bool] = mapped_column(default=False)  # they were told that readers find it no more

    article: Mapped[Article] = relationship(Article)
