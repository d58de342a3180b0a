"""What is remembered of an article that tells of a defect: what the record said then, and its retirement."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from defects.models import Defect
from kb.columns import UtcDateTime
from kb.models import Article
from portal.db import Base


class KnownArticle(Base):
    """One known-error article that was written from a record, or that was retired because of its repair."""

    __tablename__ = "known_article"

    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), primary_key=True)
    defect_id: Mapped[int] = mapped_column(ForeignKey(Defect.id, ondelete="CASCADE"), index=True)
    # What the record said when the article was last brought in step; empty when a person wrote the article.
    said: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int | None] = mapped_column(Integer)
    # Taken off line by the system, and because of which versions; ``kept_for``: a person said it stays.
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retired_for: Mapped[str] = mapped_column(String(400), default="")
    kept_for: Mapped[str] = mapped_column(String(400), default="")
