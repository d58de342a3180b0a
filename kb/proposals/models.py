"""What a flag proposes: the passage as it stood, and the wording that should replace it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import UtcDateTime
from kb.models import Base, Feedback


class Proposal(Base):
    """One proposed wording; it stays beside its flag after it was adopted."""

    __tablename__ = "article_proposal"

    feedback_id: Mapped[int] = mapped_column(ForeignKey(Feedback.id, ondelete="CASCADE"), primary_key=True)
    passage: Mapped[str] = mapped_column(Text)
    wording: Mapped[str] = mapped_column(Text)
    adopted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    adopted_by: Mapped[int | None] = mapped_column(Integer)

    feedback: Mapped[Feedback] = relationship(Feedback, lazy="joined", innerjoin=True)
