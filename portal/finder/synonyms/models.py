"""The table of the desk's own synonyms."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import Name, UtcDateTime
from portal.db import Base
from portal.people.models import Person


class SynonymGroup(Base):
    """Expressions that mean the same. Taken out, it is kept, so that no pack brings it back unasked."""

    __tablename__ = "synonym_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(21), unique=True)  # ~ and a digest of the words
    words: Mapped[list[str]] = mapped_column(JSON)
    source: Mapped[str] = mapped_column(Name, default="")  # the desk that it came from; empty: made here
    desk: Mapped[str] = mapped_column(String(16), default="")  # that desk's number in packs
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    by: Mapped[Person] = relationship(foreign_keys=[by_id])
