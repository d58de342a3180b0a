"""Tables of complaints: which ticket one is about, and who keeps out of it."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base
from portal.people.models import Person
from portal.tickets.models import Ticket


class Complaint(Base):
    """A complaint ticket and the closed ticket that it is about."""

    __tablename__ = "complaint"

    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), primary_key=True)
    about_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), index=True)

    ticket: Mapped[Ticket] = relationship(foreign_keys=[ticket_id])
    about: Mapped[Ticket] = relationship(foreign_keys=[about_id])
    bars: Mapped[list[ComplaintBar]] = relationship(lazy="selectin", cascade="all, delete-orphan")


class ComplaintBar(Base):
    """Somebody who handled the ticket complained about: the complaint is not theirs to handle."""

    __tablename__ = "complaint_bar"

    ticket_id: Mapped[int] = mapped_column(ForeignKey(Complaint.ticket_id), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), primary_key=True, index=True)
