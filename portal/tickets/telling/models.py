"""Tables beside the notices: what happened (for listeners that are no person), wishes and hours of a person.

A happening is written in the deed's own transaction and never holds what somebody wrote: robots outside
hear of it. The worker deletes it as soon as nobody outside wants it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import Code, UtcDateTime, choice
from portal.db import Base
from portal.people.models import Person
from portal.tickets.models import Ticket
from portal.tickets.telling.groups import Channel, Group, Way

NOT_YET = text("routed_at IS NULL")


class Happening(Base):
    __tablename__ = "happening"
    __table_args__ = (
        Index("ix_happening_unrouted", "id", sqlite_where=NOT_YET, postgresql_where=NOT_YET),
        Index("ix_happening_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    event: Mapped[str] = mapped_column(Code)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id))
    values: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    routed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    ticket: Mapped[Ticket | None] = relationship()


class Wish(Base):
    """What a person has chosen for one group on one channel; without a row the default of the table holds."""

    __tablename__ = "telling_wish"

    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), primary_key=True)
    group: Mapped[Group] = mapped_column(choice(Group), primary_key=True)
    channel: Mapped[Channel] = mapped_column(choice(Channel), primary_key=True)
    way: Mapped[Way] = mapped_column(choice(Way))


class TellingHours(Base):
    """When a person is written to; hours of the desk's own zone."""

    __tablename__ = "telling_hours"

    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), primary_key=True)
    digest_hour: Mapped[int] = mapped_column()
    quiet_from: Mapped[int | None] = mapped_column()
    quiet_to: Mapped[int | None] = mapped_column()
