"""Where the sentences of a draft came from: one row per sentence and ticket."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from indexer.words import N_
from kb.columns import UtcDateTime, choice
from kb.models import Article
from portal.db import Base
from portal.tickets.models import Ticket


class Part(StrEnum):
    """Which part of the draft a sentence stands in."""

    QUESTION = "question"
    SYMPTOM = "symptom"
    STEP = "step"
    NOTE = "note"


PART_LABELS = {
    Part.QUESTION: N_("用户的问法"),
    Part.SYMPTOM: N_("现象"),
    Part.STEP: N_("做法"),
    Part.NOTE: N_("补充"),
}


class Said(StrEnum):
    """What of a ticket a sentence was taken from."""

    QUESTION = "question"
    OUTCOME = "outcome"
    COMMENT = "comment"
    WORK_NOTE = "work_note"
    INTERNAL = "internal"


SAID_LABELS = {
    Said.QUESTION: N_("用户描述"),
    Said.OUTCOME: N_("答复用户的话"),
    Said.COMMENT: N_("对用户可见的留言"),
    Said.WORK_NOTE: N_("处理记录（内部）"),
    Said.INTERNAL: N_("内部备注"),
}


class DraftSource(Base):
    """This sentence of this article was said in this ticket. Shown only to those who may see the ticket."""

    __tablename__ = "draft_source"
    __table_args__ = (UniqueConstraint("article_id", "place", "ticket_id", "said"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), index=True)
    place: Mapped[int] = mapped_column()
    part: Mapped[Part] = mapped_column(choice(Part))
    sentence: Mapped[str] = mapped_column(Text)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), index=True)
    said: Mapped[Said] = mapped_column(choice(Said))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    ticket: Mapped[Ticket] = relationship()
