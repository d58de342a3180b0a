"""Tables beside the record: who was reminded of what, and on which ticket a data-fix recipe was run."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from defects.models import Defect
from kb.columns import UtcDateTime, choice
from portal.db import Base
from portal.people.models import Person
from portal.tickets.models import Ticket


class Subject(StrEnum):
    """What has a day by which it is due."""

    PROBLEM = "problem"
    MEASURE = "measure"


class Stage(StrEnum):
    SOON = "soon"
    PASSED = "passed"


class KeyReminder(Base):
    """One person was told of one day; another day is another reminder."""

    __tablename__ = "key_reminder"
    __table_args__ = (UniqueConstraint("subject", "subject_id", "due_on", "stage", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[Subject] = mapped_column(choice(Subject))
    subject_id: Mapped[int] = mapped_column(Integer)
    due_on: Mapped[date] = mapped_column(Date)
    stage: Mapped[Stage] = mapped_column(choice(Stage))
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class RecipeRun(Base):
    """The data of one ticket was mended by the recipe of its record."""

    __tablename__ = "recipe_run"
    __table_args__ = (UniqueConstraint("defect_id", "ticket_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    defect_id: Mapped[int] = mapped_column(ForeignKey(Defect.id))
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")

    ticket: Mapped[Ticket] = relationship()
    by: Mapped[Person] = relationship()
