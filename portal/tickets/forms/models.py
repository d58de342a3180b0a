"""Tables of the information forms: the form, its published versions, the answers of tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import Code, UtcDateTime, choice
from portal.catalogue.models import System
from portal.db import Base
from portal.people.models import Person
from portal.tickets.models import Ticket
from portal.tickets.words import Category


class InfoForm(Base):
    """What is collected for one system and category; ``module`` and ``sub`` empty mean any."""

    __tablename__ = "info_form"
    __table_args__ = (UniqueConstraint("system_id", "category", "module", "sub"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey(System.id))
    category: Mapped[Category] = mapped_column(choice(Category))
    module: Mapped[str] = mapped_column(Code, default="")
    sub: Mapped[str] = mapped_column(Code, default="")
    # What administrators are writing; users see it when it is published.
    draft: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    changed: Mapped[bool] = mapped_column(default=False)
    retired: Mapped[bool] = mapped_column(default=False)
    revision: Mapped[int] = mapped_column(default=1)

    system: Mapped[System] = relationship()
    versions: Mapped[list[FormVersion]] = relationship(
        order_by="FormVersion.number", back_populates="form", lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012 - SQLAlchemy's own convention

    @property
    def current(self) -> FormVersion | None:
        return self.versions[-1] if self.versions else None


class FormVersion(Base):
    """One published state of a form; never changed afterwards."""

    __tablename__ = "info_form_version"
    __table_args__ = (UniqueConstraint("form_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey(InfoForm.id))
    number: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)

    form: Mapped[InfoForm] = relationship(back_populates="versions")


class InfoAnswer(Base):
    """One answer of one ticket, with the version of the form that asked."""

    __tablename__ = "info_answer"
    __table_args__ = (
        UniqueConstraint("ticket_id", "version_id", "key"),
        Index("ix_info_answer_version", "version_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id))
    version_id: Mapped[int] = mapped_column(ForeignKey(FormVersion.id))
    key: Mapped[str] = mapped_column(Code)
    value: Mapped[str] = mapped_column(Text, default="")

    version: Mapped[FormVersion] = relationship()
