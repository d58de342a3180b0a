"""Tables of service quality: rules, what they drew, calls, scoring sheets, scores, appeals.

A score is written once and never changed; an appeal that is granted writes a second one behind it. What a
rule said when it drew a ticket is kept with the ticket, so that a later change explains nothing away.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import FLAT, Code, Name, UtcDateTime, choice
from portal.db import Base
from portal.people.models import Person, Unit
from portal.quality.words import FollowUpState, InspectionState, Kind, NextStep, Per, Verdict
from portal.tickets.models import Ticket


class SamplingRule(Base):
    """Which closed tickets are looked at again, and how many of them."""

    __tablename__ = "sampling_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(choice(Kind))
    name: Mapped[str] = mapped_column(Name)
    active: Mapped[bool] = mapped_column(default=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)  # what was closed before is left alone
    categories: Mapped[list[str]] = mapped_column(JSON, default=list)  # an empty list asks for nothing
    systems: Mapped[list[str]] = mapped_column(JSON, default=list)
    units: Mapped[list[str]] = mapped_column(JSON, default=list)  # and what lies below them
    channels: Mapped[list[str]] = mapped_column(JSON, default=list)
    rating_at_most: Mapped[int | None] = mapped_column()
    reopened: Mapped[bool] = mapped_column(default=False)
    overdue: Mapped[bool] = mapped_column(default=False)
    percentage: Mapped[int] = mapped_column(default=10)
    at_most: Mapped[int | None] = mapped_column()  # a day
    per: Mapped[Per] = mapped_column(choice(Per), default=Per.AGENT)
    tries: Mapped[int] = mapped_column(default=3)
    salt: Mapped[str] = mapped_column(String(32))  # nobody can tell beforehand which tickets it draws
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention


class SampledUntil(Base):
    """Up to which moment of closing the tickets have been drawn from."""

    __tablename__ = "sampled_until"

    kind: Mapped[Kind] = mapped_column(choice(Kind), primary_key=True)
    moment: Mapped[datetime] = mapped_column(UtcDateTime)


class Drawn:
    """What a rule drew: one ticket, whose work it was, on which day it was closed, and why."""

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), unique=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)  # whoever told the user
    unit_id: Mapped[int] = mapped_column(ForeignKey(Unit.id))
    rule_id: Mapped[int] = mapped_column(ForeignKey(SamplingRule.id))
    day: Mapped[str] = mapped_column(String(10))
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    why: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    version: Mapped[int] = mapped_column(default=1)


class FollowUp(Drawn, Base):
    """A user to be rung: was it really solved, how content are they?"""

    __tablename__ = "follow_up"
    __table_args__ = (Index("ix_follow_up_state", "state", "next_at"), Index("ix_follow_up_day", "day"))

    state: Mapped[FollowUpState] = mapped_column(choice(FollowUpState), default=FollowUpState.OPEN)
    tries_allowed: Mapped[int] = mapped_column(default=3)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # not before
    holder_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    solved: Mapped[bool | None] = mapped_column()
    satisfaction: Mapped[int | None] = mapped_column()
    words: Mapped[str] = mapped_column(Text, default="")
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    then: Mapped[NextStep] = mapped_column(choice(NextStep), default=NextStep.NOTHING)
    new_ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id))

    ticket: Mapped[Ticket] = relationship(lazy="joined", innerjoin=FLAT, foreign_keys="FollowUp.ticket_id")
    agent: Mapped[Person] = relationship(foreign_keys="FollowUp.agent_id")
    holder: Mapped[Person | None] = relationship(foreign_keys=[holder_id])
    new_ticket: Mapped[Ticket | None] = relationship(foreign_keys=[new_ticket_id])
    calls: Mapped[list[FollowUpCall]] = relationship(
        order_by="FollowUpCall.id", back_populates="follow_up", lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": Drawn.version}  # noqa: RUF012


class FollowUpCall(Base):
    """One try to reach the user. Append only."""

    __tablename__ = "follow_up_call"

    id: Mapped[int] = mapped_column(primary_key=True)
    follow_up_id: Mapped[int] = mapped_column(ForeignKey(FollowUp.id), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    reached: Mapped[bool] = mapped_column()
    words: Mapped[str] = mapped_column(Text, default="")

    follow_up: Mapped[FollowUp] = relationship(back_populates="calls")
    by: Mapped[Person] = relationship()


class ScoreSheet(Base):
    """A scoring sheet; what it asks stands in its versions."""

    __tablename__ = "score_sheet"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    active: Mapped[bool] = mapped_column(default=True)
    categories: Mapped[list[str]] = mapped_column(JSON, default=list)  # an empty list: for every ticket

    versions: Mapped[list[SheetVersion]] = relationship(
        order_by="SheetVersion.number", back_populates="sheet"
    )


class SheetVersion(Base):
    """A sheet as it stood when scores were given by it. Append only."""

    __tablename__ = "sheet_version"
    __table_args__ = (UniqueConstraint("sheet_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sheet_id: Mapped[int] = mapped_column(ForeignKey(ScoreSheet.id))
    number: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    content: Mapped[dict[str, object]] = mapped_column(JSON)

    sheet: Mapped[ScoreSheet] = relationship(back_populates="versions", lazy="joined", innerjoin=FLAT)
    by: Mapped[Person] = relationship()


class Inspection(Drawn, Base):
    """A piece of work to be looked at; total and level repeat those of its last score."""

    __tablename__ = "inspection"
    __table_args__ = (
        Index("ix_inspection_state", "state", "drawn_at"),
        Index("ix_inspection_scored", "scored_at"),
        Index("ix_inspection_day", "day"),
    )

    state: Mapped[InspectionState] = mapped_column(choice(InspectionState), default=InspectionState.OPEN)
    inspector_id: Mapped[int | None] = mapped_column(
        ForeignKey(Person.id)
    )  # has taken it, then has scored it
    tenths: Mapped[int | None] = mapped_column()  # of a point, 0 to 1000
    level: Mapped[str] = mapped_column(Code, default="")
    vetoed: Mapped[bool] = mapped_column(default=False)
    scored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appeal_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    ticket: Mapped[Ticket] = relationship(lazy="joined", innerjoin=FLAT, foreign_keys="Inspection.ticket_id")
    agent: Mapped[Person] = relationship(foreign_keys="Inspection.agent_id")
    inspector: Mapped[Person | None] = relationship(foreign_keys=[inspector_id])
    scores: Mapped[list[Score]] = relationship(order_by="Score.seq", back_populates="inspection")
    appeal: Mapped[Appeal | None] = relationship(back_populates="inspection")

    __mapper_args__ = {"version_id_col": Drawn.version}  # noqa: RUF012


class Score(Base):
    """What one inspector gave, by one version of a sheet. Append only; ``digest`` covers all of it."""

    __tablename__ = "score"
    __table_args__ = (UniqueConstraint("inspection_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey(Inspection.id))
    seq: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    sheet_version_id: Mapped[int] = mapped_column(ForeignKey(SheetVersion.id))
    marks: Mapped[dict[str, dict[str, object]]] = mapped_column(JSON)
    tenths: Mapped[int] = mapped_column()
    level: Mapped[str] = mapped_column(Code)
    vetoed: Mapped[bool] = mapped_column(default=False)
    remark: Mapped[str] = mapped_column(Text, default="")
    digest: Mapped[str] = mapped_column(String(64))

    inspection: Mapped[Inspection] = relationship(back_populates="scores")
    by: Mapped[Person] = relationship()
    sheet_version: Mapped[SheetVersion] = relationship(lazy="joined", innerjoin=FLAT)


class Appeal(Base):
    """The inspected agent objects, once; somebody other than who scored decides."""

    __tablename__ = "appeal"

    id: Mapped[int] = mapped_column(primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey(Inspection.id), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    reason: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    verdict: Mapped[Verdict | None] = mapped_column(choice(Verdict))
    answer: Mapped[str] = mapped_column(Text, default="")

    inspection: Mapped[Inspection] = relationship(back_populates="appeal")
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])
