"""Tables of assignment: absences, the sharing-out of a queue, hand-overs at the end of a shift."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from indexer.words import N_
from kb.columns import UtcDateTime, choice
from portal.db import Base
from portal.people.models import Person
from portal.tickets.models import Ticket


class Reason(StrEnum):
    """Why somebody is away."""

    BREAK = "break"
    OFF_POST = "off_post"
    OFF_SHIFT = "off_shift"
    LEAVE = "leave"


REASON_LABELS = {
    Reason.BREAK: N_("休息"),
    Reason.OFF_POST: N_("离岗"),
    Reason.OFF_SHIFT: N_("下班"),
    Reason.LEAVE: N_("休假"),
}


class Absence(Base):
    """Somebody is away: until they are back, or until a moment that was said before."""

    __tablename__ = "absence"
    __table_args__ = (Index("ix_absence_person", "person_id", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    reason: Mapped[Reason] = mapped_column(choice(Reason))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))


class Sharing(Base):
    """A lead shared unheld tickets out in one go; it can be taken back as one."""

    __tablename__ = "sharing"

    id: Mapped[int] = mapped_column(primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    by: Mapped[Person] = relationship(foreign_keys=[by_id])
    shares: Mapped[list[Share]] = relationship(order_by="Share.id", back_populates="sharing")


class Share(Base):
    """One ticket of a sharing; ``version`` is the ticket's right after it was given."""

    __tablename__ = "share"

    id: Mapped[int] = mapped_column(primary_key=True)
    sharing_id: Mapped[int] = mapped_column(ForeignKey(Sharing.id), index=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id))
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    version: Mapped[int] = mapped_column()

    sharing: Mapped[Sharing] = relationship(back_populates="shares")
    ticket: Mapped[Ticket] = relationship()
    person: Mapped[Person] = relationship()


class HandOver(Base):
    """Held tickets given on at the end of a shift, to a colleague or (``to`` empty) to the queue."""

    __tablename__ = "hand_over"
    __table_args__ = (Index("ix_hand_over_to", "to_id", "acknowledged_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    from_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    to_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    giver: Mapped[Person] = relationship(foreign_keys=[from_id])
    receiver: Mapped[Person | None] = relationship(foreign_keys=[to_id])
    by: Mapped[Person] = relationship(foreign_keys=[by_id])
    items: Mapped[list[HandedTicket]] = relationship(
        order_by="HandedTicket.id", back_populates="hand_over", lazy="selectin"
    )


class HandedTicket(Base):
    """One ticket of a hand-over, with what its receiver should know."""

    __tablename__ = "handed_ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    hand_over_id: Mapped[int] = mapped_column(ForeignKey(HandOver.id), index=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id))
    note: Mapped[str] = mapped_column(Text, default="")

    hand_over: Mapped[HandOver] = relationship(back_populates="items")
    ticket: Mapped[Ticket] = relationship()
