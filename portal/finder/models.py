"""Tables of the finder: the outbox towards the index, and sessions of suggestion."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

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


#: A consultation can still end well after the page was left.
UNDECIDED = frozenset({Outcome.OPEN, Outcome.LEFT})


class Arm(StrEnum):
    """The two sides of the holdout; see ``portal.finder.holdout``."""

    SHOWN = "shown"
    HELD = "held"


#: Where an agent asks for a caller.
CONSOLE = "console"
#: Where people are shown answers to what they type for themselves.
SELF_SERVICE = ("ask", "home", "api")


def _system_named(context: Any) -> Any:
    return context.get_current_parameters().get("system")


COUNTED_COLUMNS = (
    "place", "outcome", "arm", "person_id", "about", "returned_at", "solved_kind", "offered", "opened_at",
    "settled_at", "first", "announced", "chance",
)  # fmt: skip


class Consultation(Base):
    """One session of suggestion: somebody described a problem and was shown answers.

    ``solved`` means that the person said so. It is a deflection while ``returned_at`` is empty: nobody filed
    a ticket for them about the same thing within the days of ``portal.finder.returns``.
    """

    __tablename__ = "consultation"
    __table_args__ = (
        Index("ix_consultation_at", "at"),
        Index("ix_consultation_person", "person_id", "at"),
        # Those whose days are not over yet are few among many.
        Index("ix_consultation_settled", "settled_at", "at"),
        # Everything that the figures count by, so that they read nothing else.
        Index("ix_consultation_counted", "at", *COUNTED_COLUMNS),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)
    system: Mapped[str | None] = mapped_column(Code)
    mode: Mapped[str] = mapped_column(Code, default="")
    calibration: Mapped[str] = mapped_column(Code, default="")  # whose probabilities were shown
    place: Mapped[str] = mapped_column(Code, default="ask")  # ask, home, api, console, …
    # Known before any answer was shown, so that it says the same on both sides of the holdout:
    about: Mapped[str | None] = mapped_column(Code, default=_system_named)  # the system it counts for
    offered: Mapped[int] = mapped_column(default=0)  # articles and defects found, shown or held back
    trusted: Mapped[bool] = mapped_column(default=False)  # … and one of them deserved to be called an answer
    arm: Mapped[Arm | None] = mapped_column(choice(Arm))  # empty: not part of the experiment
    chance: Mapped[float | None] = mapped_column()  # how probable this arm was when it was drawn
    round: Mapped[int | None] = mapped_column()  # for which weeks the person's arm was drawn
    first: Mapped[bool] = mapped_column(default=False)  # of this person in these weeks
    announced: Mapped[bool] = mapped_column(default=False)  # a live announcement was shown, too
    opened_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime
    )  # an article or defect, for the first time
    outcome: Mapped[Outcome] = mapped_column(choice(Outcome), default=Outcome.OPEN)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    solved_kind: Mapped[str | None] = mapped_column(Code)
    solved_id: Mapped[int | None] = mapped_column()
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id), index=True)
    # Filed later about the same thing, without this session: when, and which ticket.
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    returned_ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id), index=True)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when its days were over and judged

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
