"""Tables of the defect library. Systems, units and people are named by code or id: they live above."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from defects.flow import DefectAction, DefectState
from indexer.words import N_
from kb.columns import Code, UtcDateTime, choice
from kb.models import Article


class Base(DeclarativeBase):
    """The defect library's own registry."""


class DefectType(StrEnum):
    PLUGIN = "plugin"
    FUNCTION = "function"
    PERFORMANCE = "performance"
    DATA = "data"


TYPE_LABELS = {
    DefectType.PLUGIN: N_("终端插件"),
    DefectType.FUNCTION: N_("系统功能"),
    DefectType.PERFORMANCE: N_("系统性能"),
    DefectType.DATA: N_("数据"),
}
SEVERITY_LABELS = {1: N_("紧急"), 2: N_("严重"), 3: N_("一般"), 4: N_("轻微")}


class Defect(Base):
    __tablename__ = "defect"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_defect_system_state", "system", "state"),
        Index("ix_defect_key", "key", "due_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    source: Mapped[str | None] = mapped_column(String(100))
    external_id: Mapped[str | None] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(300))
    system: Mapped[str] = mapped_column(Code)
    module: Mapped[str | None] = mapped_column(Code)
    type: Mapped[DefectType] = mapped_column(choice(DefectType), default=DefectType.FUNCTION)
    severity: Mapped[int] = mapped_column(default=3)
    state: Mapped[DefectState] = mapped_column(choice(DefectState), default=DefectState.SUSPECTED)
    key: Mapped[bool] = mapped_column(default=False)
    due_on: Mapped[date | None] = mapped_column(Date)
    symptoms: Mapped[list[str]] = mapped_column(JSON, default=list)
    codes: Mapped[list[str]] = mapped_column(JSON, default=list)
    affected: Mapped[list[str]] = mapped_column(JSON, default=list)
    fixed_in: Mapped[str | None] = mapped_column(String(40))
    reproduce: Mapped[str] = mapped_column(Text, default="")
    cause: Mapped[str] = mapped_column(Text, default="")
    workaround: Mapped[str] = mapped_column(Text, default="")
    fix: Mapped[str] = mapped_column(Text, default="")
    data_fix: Mapped[str] = mapped_column(Text, default="")
    # Everything that staff may search in, folded: JSON escapes Chinese, so that no LIKE finds it there.
    said: Mapped[str] = mapped_column(Text, default="")
    shown_to_users: Mapped[bool] = mapped_column(default=True)
    owner_middle_id: Mapped[int | None] = mapped_column(Integer)
    owner_back_id: Mapped[int | None] = mapped_column(Integer)
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("defect.id"))
    created_by: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fixed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recurrences: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    moves: Mapped[list[DefectMove]] = relationship(order_by="DefectMove.id", cascade="all, delete-orphan")
    duplicate_of: Mapped[Defect | None] = relationship(remote_side=[id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention


class DefectMove(Base):
    """One step in a record's life; append only."""

    __tablename__ = "defect_move"

    id: Mapped[int] = mapped_column(primary_key=True)
    defect_id: Mapped[int] = mapped_column(ForeignKey(Defect.id, ondelete="CASCADE"), index=True)
    action: Mapped[DefectAction] = mapped_column(choice(DefectAction))
    start: Mapped[DefectState] = mapped_column(choice(DefectState))
    end: Mapped[DefectState] = mapped_column(choice(DefectState))
    by_id: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    # What a key problem was closed on: the words of who looked, and what was counted then.
    evidence: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class DefectChange(Base):
    """One saving of a record: field → [before, after]; append only."""

    __tablename__ = "defect_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    defect_id: Mapped[int] = mapped_column(ForeignKey(Defect.id, ondelete="CASCADE"), index=True)
    by_id: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    fields: Mapped[dict[str, list[Any]]] = mapped_column(JSON)
    restores_id: Mapped[int | None] = mapped_column(ForeignKey("defect_change.id"))


class DefectNote(Base):
    """A word on how it goes, by whoever works on it; append only."""

    __tablename__ = "defect_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    defect_id: Mapped[int] = mapped_column(ForeignKey(Defect.id, ondelete="CASCADE"), index=True)
    by_id: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)


class Countermeasure(Base):
    """One step against a root cause (整改措施): who does it, by when, and how one sees that it is done."""

    __tablename__ = "countermeasure"

    id: Mapped[int] = mapped_column(primary_key=True)
    defect_id: Mapped[int] = mapped_column(ForeignKey(Defect.id, ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(Text)
    who_id: Mapped[int] = mapped_column(Integer, index=True)
    due_on: Mapped[date] = mapped_column(Date)
    done_when: Mapped[str] = mapped_column(Text)
    created_by: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by: Mapped[int | None] = mapped_column(Integer)
    result: Mapped[str] = mapped_column(Text, default="")
    dropped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dropped_by: Mapped[int | None] = mapped_column(Integer)
    dropped_why: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    defect: Mapped[Defect] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention

    @property
    def is_open(self) -> bool:
        return self.done_at is None and self.dropped_at is None


class DefectArticle(Base):
    """A known-error article that tells users about a defect."""

    __tablename__ = "defect_article"

    defect_id: Mapped[int] = mapped_column(ForeignKey(Defect.id, ondelete="CASCADE"), primary_key=True)
    article_id: Mapped[int] = mapped_column(
        ForeignKey(Article.id, ondelete="CASCADE"), primary_key=True, index=True
    )
