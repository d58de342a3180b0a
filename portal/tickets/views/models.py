"""Saved views, and how each person likes their lists."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import Name, UtcDateTime, choice
from portal.db import Base
from portal.people.models import Person, Unit
from portal.people.roles import Post


class SavedView(Base):
    """A list somebody gave a name: what it asks for, and its columns.

    Shared, it is offered to the holders of ``post`` (of any, where it is empty) at home or at work in
    ``unit`` or below (anywhere, where it is empty). ``opens`` makes it the list that they begin with.
    """

    __tablename__ = "saved_view"
    __table_args__ = (Index("ix_saved_view_shared", "shared", "removed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    name: Mapped[str] = mapped_column(Name)
    arguments: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    columns: Mapped[list[str]] = mapped_column(JSON, default=list)
    shared: Mapped[bool] = mapped_column(default=False)
    post: Mapped[Post | None] = mapped_column(choice(Post))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey(Unit.id))
    opens: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    owner: Mapped[Person] = relationship()
    unit: Mapped[Unit | None] = relationship()


class ListHabit(Base):
    """One person's own columns for one view (0: every list that is no view), and whether it opens first."""

    __tablename__ = "list_habit"

    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), primary_key=True)
    view_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    columns: Mapped[list[str]] = mapped_column(JSON, default=list)
    opens: Mapped[bool] = mapped_column(default=False)
