"""Which article was sent to whom, during which consultation; never edited."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kb.columns import UtcDateTime
from kb.models import Article
from portal.db import Base
from portal.finder.models import Consultation
from portal.people.models import Person


class LinkSent(Base):
    """An agent sent a caller the link to an article: in one consultation once."""

    __tablename__ = "link_sent"
    __table_args__ = (
        UniqueConstraint("consultation_id", "article_id", "person_id"),
        Index("ix_link_sent_article", "article_id", "at"),
        Index("ix_link_sent_person", "person_id", "article_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    consultation_id: Mapped[int | None] = mapped_column(ForeignKey(Consultation.id))
    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id))
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
