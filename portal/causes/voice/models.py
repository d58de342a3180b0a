"""Tables of the reports: what was issued when, what each said, who wants them how often."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kb.columns import Code, UtcDateTime, choice
from portal.causes.voice.stretches import Choice, Rhythm
from portal.db import Base
from portal.people.models import Person


class VoiceIssue(Base):
    """The reports of one period were made and told of; its key lets that happen once."""

    __tablename__ = "voice_issue"

    rhythm: Mapped[Rhythm] = mapped_column(choice(Rhythm), primary_key=True)
    first: Mapped[date] = mapped_column(Date, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class VoiceReport(Base):
    """One system's report as it was sent; never changed."""

    __tablename__ = "voice_report"
    __table_args__ = (
        UniqueConstraint("rhythm", "first", "system"),
        Index("ix_voice_report_first", "first", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rhythm: Mapped[Rhythm] = mapped_column(choice(Rhythm))
    first: Mapped[date] = mapped_column(Date)
    after: Mapped[date] = mapped_column(Date)
    system: Mapped[str] = mapped_column(Code, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)


class VoiceWish(Base):
    """How often a person wants to be told; without a row the usual holds."""

    __tablename__ = "voice_wish"

    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), primary_key=True)
    wants: Mapped[Choice] = mapped_column(choice(Choice))
