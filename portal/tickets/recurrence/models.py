"""Tables of recurrence alarms: one alarm of a record, the tickets on it, and what was looked at."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from defects.models import Defect, DefectMove
from indexer.words import N_
from kb.columns import FLAT, UtcDateTime, choice
from portal.db import Base
from portal.people.models import Person, Unit
from portal.tickets.models import Ticket


class AlarmState(StrEnum):
    POSSIBLE = "possible"  # quiet: the record stays as it is until a person says so
    OPEN = "open"  # raised by the system, the record is open again
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


ALARM_LABELS = {
    AlarmState.POSSIBLE: N_("可能复发"),
    AlarmState.OPEN: N_("待确认"),
    AlarmState.CONFIRMED: N_("确认复发"),
    AlarmState.DISMISSED: N_("误报"),
}
WAITING = (AlarmState.POSSIBLE, AlarmState.OPEN)
IS_WAITING = text("state IN ('possible', 'open')")


class Basis(StrEnum):
    """On what a ticket came to an alarm."""

    PERSON = "person"
    AUTOMATIC = "automatic"
    MATCH = "match"
    LIKENESS = "likeness"


BASIS_LABELS = {
    Basis.PERSON: N_("同事关联"),
    Basis.AUTOMATIC: N_("自动关联"),
    Basis.MATCH: N_("系统判定是它"),
    Basis.LIKENESS: N_("看起来像它"),
}
#: The system's own word, for which it is held to account.
BY_ITSELF = frozenset({Basis.AUTOMATIC, Basis.MATCH})


class RecurrenceAlarm(Base):
    """A record was met again where its repair runs."""

    __tablename__ = "recurrence_alarm"
    __table_args__ = (
        Index(
            "ix_recurrence_alarm_waiting",
            "defect_id",
            unique=True,
            sqlite_where=IS_WAITING,
            postgresql_where=IS_WAITING,
        ),
        Index("ix_recurrence_alarm_state", "state", "raised_at"),
        Index("ix_recurrence_alarm_defect", "defect_id", "raised_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    defect_id: Mapped[int] = mapped_column(ForeignKey(Defect.id))
    state: Mapped[AlarmState] = mapped_column(choice(AlarmState))
    basis: Mapped[Basis] = mapped_column(choice(Basis))  # the strongest of its tickets
    probability: Mapped[float | None] = mapped_column()
    fixed_in: Mapped[str] = mapped_column(String(40), default="")  # the repair that did not hold
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The step by which it opened the record; empty when it did not, or when that was taken back.
    move_id: Mapped[int | None] = mapped_column(ForeignKey(DefectMove.id, ondelete="SET NULL"))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    before: Mapped[AlarmState | None] = mapped_column(choice(AlarmState))  # what undoing goes back to
    version: Mapped[int] = mapped_column(default=1)

    defect: Mapped[Defect] = relationship(Defect, lazy="joined", innerjoin=FLAT)
    move: Mapped[DefectMove | None] = relationship(DefectMove)
    decided_by: Mapped[Person | None] = relationship()
    sightings: Mapped[list[Sighting]] = relationship(order_by="Sighting.at", back_populates="alarm")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention

    @property
    def is_waiting(self) -> bool:
        return self.state in WAITING


class Sighting(Base):
    """A ticket on an alarm: from where, and what ran there when it was filed."""

    __tablename__ = "recurrence_sighting"

    alarm_id: Mapped[int] = mapped_column(ForeignKey(RecurrenceAlarm.id), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), primary_key=True, index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey(Unit.id))
    running: Mapped[str] = mapped_column(String(40))
    basis: Mapped[Basis] = mapped_column(choice(Basis))
    probability: Mapped[float | None] = mapped_column()
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What the decision on the alarm did to the ticket's link, so that undoing takes back that and no more.
    judged: Mapped[bool] = mapped_column(default=False)

    alarm: Mapped[RecurrenceAlarm] = relationship(back_populates="sightings")
    ticket: Mapped[Ticket] = relationship()
    unit: Mapped[Unit] = relationship(lazy="joined", innerjoin=FLAT)


class Looked(Base):
    """This ticket was held against the fixed records; forgotten when it is too old to be asked about."""

    __tablename__ = "recurrence_look"

    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
