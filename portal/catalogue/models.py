"""Tables of the catalogue. Other floors name systems and modules by their codes."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import Code, Name
from portal.db import Base
from portal.people.models import Unit


class System(Base):
    __tablename__ = "system"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Code, unique=True)
    name: Mapped[str] = mapped_column(Name)
    name_en: Mapped[str] = mapped_column(Name, default="")
    group: Mapped[str] = mapped_column("group_name", Name, default="")
    version: Mapped[str] = mapped_column(String(40), default="")
    active: Mapped[bool] = mapped_column(default=True)

    modules: Mapped[list[Module]] = relationship(
        order_by="Module.id", lazy="selectin", back_populates="system", cascade="all, delete-orphan"
    )


class Module(Base):
    __tablename__ = "module"
    __table_args__ = (UniqueConstraint("system_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey(System.id, ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(Code)
    name: Mapped[str] = mapped_column(Name)
    active: Mapped[bool] = mapped_column(default=True)

    system: Mapped[System] = relationship(back_populates="modules")


class Deployment(Base):
    """The version of a system that a unit, and everything below it, runs."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("system_id", "unit_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey(System.id, ondelete="CASCADE"))
    unit_id: Mapped[int] = mapped_column(ForeignKey(Unit.id))
    version: Mapped[str] = mapped_column(String(40))
    since: Mapped[date | None] = mapped_column(Date)
    # What is planned, and from which day on it runs without anybody's doing.
    next_version: Mapped[str] = mapped_column(String(40), default="")
    next_on: Mapped[date | None] = mapped_column(Date)

    system: Mapped[System] = relationship()
    unit: Mapped[Unit] = relationship()


class DataService(Base):
    """One line of the data-service catalogue: what can be had, how, who approves, how long."""

    __tablename__ = "data_service"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    name_en: Mapped[str] = mapped_column(Name, default="")
    system: Mapped[str | None] = mapped_column(Code)
    what: Mapped[str] = mapped_column(Text, default="")
    self_service: Mapped[bool] = mapped_column(default=False)
    how: Mapped[str] = mapped_column(Text, default="")
    approver: Mapped[str] = mapped_column(Name, default="")
    working_days: Mapped[int] = mapped_column(default=0)
