"""Tables of the queue: examined tickets with what the model makes of them, and who has passed which by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from defects.models import Defect
from kb.columns import Code, UtcDateTime
from portal.db import Base
from portal.people.models import Person
from portal.tickets.models import Ticket


class TeachingPick(Base):
    """One examined ticket; with a ``rank`` its judgement is among those that would help most."""

    __tablename__ = "teaching_pick"
    __table_args__ = (Index("ix_teaching_pick_rank", "rank"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), unique=True)
    # The likeliest record; none where search found nothing.
    defect_id: Mapped[int | None] = mapped_column(ForeignKey(Defect.id), index=True)
    probability: Mapped[float] = mapped_column(default=0.0)
    model: Mapped[str] = mapped_column(Code)  # whose probability that is
    examined_at: Mapped[datetime] = mapped_column(UtcDateTime)
    rank: Mapped[int | None] = mapped_column()
    why: Mapped[list[str]] = mapped_column(JSON, default=list)

    ticket: Mapped[Ticket] = relationship()
    defect: Mapped[Defect | None] = relationship(Defect)


class TeachingSkip(Base):
    """Somebody could not say; they are not asked about this ticket again, others are."""

    __tablename__ = "teaching_skip"
    __table_args__ = (UniqueConstraint("ticket_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id))
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
