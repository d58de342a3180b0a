"""Which revision of its original a translation is right for, and who said so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from kb.columns import UtcDateTime
from kb.models import Article, Base


class TranslationBasis(Base):
    """One translation that somebody compared with its original; none for those that nobody has yet."""

    __tablename__ = "article_translation"

    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer)
    by_id: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
