"""Tables of the finder: the outbox towards the index, and sessions of suggestion."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import Code, UtcDateTime, choice
from portal.db import Base
from portal.people.models import Person
from portal.tickets.models import Ticket


class OutboxRow(Base):
    """Something searchable changed. Written in the change's own transaction, consumed after it."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Code)
    subject_id: Mapped[str] = mapped_column(Code)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    fault: Mapped[str] = mapped_column(Text, default="")
    set_aside_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Lease(Base):
    """Who consumes the outbox now; a dead consumer's lease runs out."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(Code, primary_key=True)
    holder: Mapped[str] = mapped_column(String(80), default="")
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Outcome(StrEnum):
    OPEN = "open"
    SOLVED = "solved"
    FILED = "filed"
    LEFT = "left"


class Consultation(Base):
    """One session of suggestion: somebody described a problem and was shown answers.

    ``solved`` here is a deflection: the person said that an answer solved it, and filed nothing.
    """

    __tablename__ = "consultation"
    __table_args__ = (Index("ix_consultation_at", "at"), Index("ix_consultation_person", "person_id", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)
    system: Mapped[str | None] = mapped_column(Code)
    mode: Mapped[str] = mapped_column(Code, default="")
    calibration: Mapped[str] = mapped_column(Code, default="")  # whose probabilities were shown
    place: Mapped[str] = mapped_column(Code, default="ask")  # ask, home, console, api
    outcome: Mapped[Outcome] = mapped_column(choice(Outcome), default=Outcome.OPEN)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    solved_kind: Mapped[str | None] = mapped_column(Code)
    solved_id: Mapped[int | None] = mapped_column()
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id), index=True)

    shown: Mapped[list[Shown]] = relationship(
        order_by="Shown.rank", cascade="all, delete-orphan", lazy="selectin"
    )


class Shown(Base):
    """One answer that was shown in a session of suggestion."""

    __tablename__ = "shown"

    consultation_id: Mapped[int] = mapped_column(
        ForeignKey(Consultation.id, ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(Code, primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column()
    probability: Mapped[float] = mapped_column(default=0.0)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
