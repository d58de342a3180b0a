"""Tables of relations that move nothing: related tickets, and the record of who watches since when.

Nothing is deleted: a relation that was taken back says when and by whom. Who watches now stands in
``Watcher``; ``WatchEntry`` is its history.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import UtcDateTime
from portal.db import Base
from portal.people.models import Person
from portal.tickets.models import Ticket


class Related(Base):
    """See also: both directions in one row, the lower id first."""

    __tablename__ = "related_ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), index=True)
    second_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    first: Mapped[Ticket] = relationship(foreign_keys=[first_id])
    second: Mapped[Ticket] = relationship(foreign_keys=[second_id])


class WatchEntry(Base):
    """Somebody began or stopped to watch a ticket, by whose hand; append only."""

    __tablename__ = "watch_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    on: Mapped[bool] = mapped_column("watching")

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    by: Mapped[Person | None] = relationship(foreign_keys=[by_id])
