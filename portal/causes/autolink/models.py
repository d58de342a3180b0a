"""Tables of linking by itself: what was decided on which ticket, and when it was told to stop.

What became of a decision is never stored: it follows from what people judged (``fates``).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from defects.models import Defect
from indexer.linking import Decision
from indexer.words import N_
from kb.columns import UtcDateTime, choice
from portal.db import Base
from portal.people.models import Person
from portal.tickets.models import DefectLink, Ticket, only


class Held(StrEnum):
    """Why the model's "link" was not carried out."""

    PROMISE = "promise"
    SUSPENDED = "suspended"
    UNSEEN = "unseen"
    CONTRADICTED = "contradicted"


HELD_LABELS = {
    Held.PROMISE: N_("现在的模型没有承诺要求的精度"),
    Held.SUSPENDED: N_("自动关联暂停中"),
    Held.UNSEEN: N_("处理人看不到这条缺陷"),
    Held.CONTRADICTED: N_("同样的话，专家说过不是它"),
}


class LinkDecision(Base):
    """One decision on a ticket, as its words stood then."""

    __tablename__ = "link_decision"
    __table_args__ = (
        UniqueConstraint("ticket_id", "digest"),
        Index("ix_link_decision_made", "model", "id", **only(text("link_id IS NOT NULL"))),
        Index("ix_link_decision_link", "link_id"),
        Index("ix_link_decision_digest", "digest"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id))
    # What was weighed: the same words are not weighed twice.
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    model: Mapped[str] = mapped_column(String(60))
    decision: Mapped[Decision] = mapped_column(choice(Decision))
    defect_id: Mapped[int | None] = mapped_column(ForeignKey(Defect.id))
    probability: Mapped[float] = mapped_column(default=0.0)
    held: Mapped[Held | None] = mapped_column(choice(Held))
    link_id: Mapped[int | None] = mapped_column(ForeignKey(DefectLink.id))

    ticket: Mapped[Ticket] = relationship()
    defect: Mapped[Defect | None] = relationship(Defect)
    link: Mapped[DefectLink | None] = relationship(DefectLink)


class LinkPause(Base):
    """From when to when nothing was linked by itself; of one model, or (stopped by a person) of any."""

    __tablename__ = "link_pause"
    __table_args__ = (Index("ix_link_pause_open", "model", unique=True, **only(text("ended_at IS NULL"))),)

    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(60), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))  # None: the system, by itself
    note: Mapped[str] = mapped_column(Text, default="")
    # What was known then.
    looked_at: Mapped[int] = mapped_column(default=0)
    right: Mapped[int] = mapped_column(default=0)
    upper: Mapped[float | None] = mapped_column()
    wanted: Mapped[float] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
