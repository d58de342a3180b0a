"""Tables of service levels and calendars: versions with a date of effect, only ever appended to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import Code, UtcDateTime, choice
from portal.catalogue.models import System
from portal.db import Base
from portal.people.models import Person, Unit
from portal.tickets.models import Ticket
from portal.tickets.words import Category


class LevelVersion(Base):
    """What a category and priority, perhaps of one system, are allowed from a moment on."""

    __tablename__ = "level_version"
    __table_args__ = (Index("ix_level_version", "category", "priority", "system_id", "since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    category: Mapped[Category] = mapped_column(choice(Category))
    priority: Mapped[int] = mapped_column()
    system_id: Mapped[int | None] = mapped_column(ForeignKey(System.id))  # None: every system
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    # Empty: nothing of its own, what is more general counts again.
    level: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    note: Mapped[str] = mapped_column(Text, default="")
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("level_version.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))

    system: Mapped[System | None] = relationship()
    by: Mapped[Person] = relationship()


class CalendarVersion(Base):
    """What a unit says about its working time from a moment on; what it leaves open comes from above."""

    __tablename__ = "calendar_version"
    __table_args__ = (Index("ix_calendar_version", "unit_id", "since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey(Unit.id))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    zone: Mapped[str] = mapped_column(String(64), default="")  # empty: as above
    week: Mapped[list[list[list[int]]]] = mapped_column(JSON, default=list)
    holidays: Mapped[str] = mapped_column(Code, default="")
    exceptions: Mapped[list[dict[str, object]]] = mapped_column(JSON, default=list)
    note: Mapped[str] = mapped_column(Text, default="")
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("calendar_version.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))

    unit: Mapped[Unit] = relationship()
    by: Mapped[Person] = relationship()


class FrozenCalendar(Base):
    """A whole calendar as tickets carry it, named by its content: written once, never changed."""

    __tablename__ = "frozen_calendar"

    digest: Mapped[str] = mapped_column(String(16), primary_key=True)
    content: Mapped[dict[str, object]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Alarm(Base):
    """Somebody was told of this deadline; ``settled`` when everybody was whom it concerns."""

    __tablename__ = "alarm"
    __table_args__ = (UniqueConstraint("ticket_id", "deadline", "stage", "due"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id))
    deadline: Mapped[str] = mapped_column(Code)
    stage: Mapped[str] = mapped_column(Code)
    due: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    told: Mapped[list[int]] = mapped_column(JSON, default=list)
    settled: Mapped[bool] = mapped_column(default=False)
