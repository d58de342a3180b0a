"""The table of who read which article last when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from kb.columns import UtcDateTime
from kb.models import Article, Base


class ReadMark(Base):
    """One person has read one article; only the last time is kept."""

    __tablename__ = "article_read"
    __table_args__ = (Index("ix_article_read_person", "person_id", "at"),)

    person_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
