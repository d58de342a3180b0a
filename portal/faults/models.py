"""Tables of fault events and announcements."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import Code, Name, UtcDateTime, choice
from portal.db import Base
from portal.faults.flow import AnnouncementKind, AnnouncementState, FaultAction, FaultState
from portal.people.models import Person
from portal.tickets.models import Ticket


class FaultEvent(Base):
    """One outage, whatever number of people reported it."""

    __tablename__ = "fault_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(Name)
    systems: Mapped[list[str]] = mapped_column(JSON, default=list)
    units: Mapped[list[str]] = mapped_column(JSON, default=list)
    state: Mapped[FaultState] = mapped_column(choice(FaultState), default=FaultState.GATHERING, index=True)
    opened_by: Mapped[int] = mapped_column(ForeignKey(Person.id))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    detected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the first report
    declared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recovered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the last reporter that was told
    version: Mapped[int] = mapped_column(default=1)

    moves: Mapped[list[FaultMove]] = relationship(order_by="FaultMove.id", cascade="all, delete-orphan")
    reports: Mapped[list[FaultReport]] = relationship(
        order_by="FaultReport.id", cascade="all, delete-orphan", back_populates="fault"
    )
    announcements: Mapped[list[Announcement]] = relationship(
        order_by="Announcement.id", back_populates="fault"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention


class FaultMove(Base):
    """One ruling, step or deed; append only, chained by hash: see ``portal.faults.trail``."""

    __tablename__ = "fault_move"
    __table_args__ = (UniqueConstraint("fault_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fault_id: Mapped[int] = mapped_column(ForeignKey(FaultEvent.id, ondelete="CASCADE"))
    seq: Mapped[int] = mapped_column()
    action: Mapped[FaultAction] = mapped_column(choice(FaultAction))
    start: Mapped[FaultState] = mapped_column(choice(FaultState))
    end: Mapped[FaultState] = mapped_column(choice(FaultState))
    by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    previous: Mapped[str] = mapped_column(String(64), default="")
    digest: Mapped[str] = mapped_column(String(64))


class FaultReport(Base):
    """Somebody is hit by it, with a ticket or by “me too” without one; what left was gathered wrongly."""

    __tablename__ = "fault_report"
    __table_args__ = (Index("ix_fault_report_pair", "fault_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fault_id: Mapped[int] = mapped_column(ForeignKey(FaultEvent.id, ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    fault: Mapped[FaultEvent] = relationship(back_populates="reports")
    person: Mapped[Person] = relationship()
    ticket: Mapped[Ticket | None] = relationship()


class Announcement(Base):
    """What everybody affected is told first."""

    __tablename__ = "announcement"
    __table_args__ = (Index("ix_announcement_state", "state", "published_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[AnnouncementKind] = mapped_column(choice(AnnouncementKind))
    state: Mapped[AnnouncementState] = mapped_column(
        choice(AnnouncementState), default=AnnouncementState.DRAFT
    )
    title: Mapped[str] = mapped_column(Name)
    body: Mapped[str] = mapped_column(Text, default="")
    recovery: Mapped[str] = mapped_column(Text, default="")
    fault_id: Mapped[int | None] = mapped_column(ForeignKey(FaultEvent.id), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_update_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    warned_for: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the promise whose breach was told of
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    fault: Mapped[FaultEvent | None] = relationship(back_populates="announcements")
    system_rows: Mapped[list[AnnouncementSystem]] = relationship(
        cascade="all, delete-orphan", lazy="selectin"
    )
    unit_rows: Mapped[list[AnnouncementUnit]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    updates: Mapped[list[AnnouncementUpdate]] = relationship(
        order_by="AnnouncementUpdate.id", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention

    @property
    def systems(self) -> tuple[str, ...]:
        """Codes of the systems affected."""
        return tuple(sorted(row.system for row in self.system_rows))

    @property
    def units(self) -> tuple[str, ...]:
        """Codes of the units affected, each with everything below it; empty means everybody."""
        return tuple(sorted(row.unit for row in self.unit_rows))


class AnnouncementUpdate(Base):
    """How it goes on, in words for those affected; append only."""

    __tablename__ = "announcement_update"

    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(ForeignKey(Announcement.id, ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    words: Mapped[str] = mapped_column(Text)


class AnnouncementSystem(Base):
    __tablename__ = "announcement_system"

    announcement_id: Mapped[int] = mapped_column(
        ForeignKey(Announcement.id, ondelete="CASCADE"), primary_key=True
    )
    system: Mapped[str] = mapped_column(Code, primary_key=True)


class AnnouncementUnit(Base):
    __tablename__ = "announcement_unit"

    announcement_id: Mapped[int] = mapped_column(
        ForeignKey(Announcement.id, ondelete="CASCADE"), primary_key=True
    )
    unit: Mapped[str] = mapped_column(Code, primary_key=True)
