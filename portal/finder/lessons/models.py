"""Tables of what was taught: judgements that are left out, each learning, and how well it did."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from indexer.words import N_
from kb.columns import Code, UtcDateTime, choice
from portal.db import Base
from portal.people.models import Person


class Source(StrEnum):
    """The kind of row that a judgement was read from."""

    LINK = "link"
    ANSWER = "answer"
    CONSULTATION = "consultation"
    MERGE = "merge"


class RunKind(StrEnum):
    LEARN = "learn"
    ROLLBACK = "rollback"


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


RUN_KIND_LABELS = {RunKind.LEARN: N_("学习"), RunKind.ROLLBACK: N_("退回")}
RUN_STATE_LABELS = {
    RunState.WAITING: N_("等待后台进程"),
    RunState.RUNNING: N_("正在学习"),
    RunState.DONE: N_("已完成"),
    RunState.FAILED: N_("没有完成"),
}
STANDING = text("restored_at IS NULL")


class StruckJudgement(Base):
    """A judgement that was a mistake: it stays where it is, marked, and teaches nothing until restored."""

    __tablename__ = "struck_judgement"
    __table_args__ = (
        Index(
            "ix_struck_judgement_standing",
            "source",
            "source_id",
            unique=True,
            sqlite_where=STANDING,
            postgresql_where=STANDING,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[Source] = mapped_column(choice(Source))
    source_id: Mapped[int] = mapped_column()
    # The article or record whose learnt words change with it.
    kind: Mapped[str] = mapped_column(Code)
    subject_id: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(String(300))
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    restored_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    restored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    by: Mapped[Person] = relationship(foreign_keys=[by_id])


class LearningRun(Base):
    """One learning, or one step back: asked for, begun, ended, and what came of it."""

    __tablename__ = "learning_run"
    __table_args__ = (Index("ix_learning_run_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RunKind] = mapped_column(choice(RunKind), default=RunKind.LEARN)
    state: Mapped[RunState] = mapped_column(choice(RunState), default=RunState.WAITING)
    by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))  # None: the night, or the command
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # a sign of life
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    doing: Mapped[str] = mapped_column(Code, default="")  # which engine is being asked
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    judged: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)  # provenance → judgements
    outcomes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    fault: Mapped[str] = mapped_column(Text, default="")

    by: Mapped[Person | None] = relationship()


class LearningFigures(Base):
    """How one version did on the judgements that were kept apart in one learning."""

    __tablename__ = "learning_figures"
    __table_args__ = (Index("ix_learning_figures_version", "name", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey(LearningRun.id, ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(Code)
    version: Mapped[str] = mapped_column(Code)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)  # category → bins, curve, now

    run: Mapped[LearningRun] = relationship()
