"""Bulk deeds and their tickets."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from defects.models import Defect
from indexer.words import N_
from kb.columns import UtcDateTime, choice
from portal.db import Base
from portal.people.models import Person
from portal.tickets.models import Ticket


class Deed(StrEnum):
    REASSIGN = "reassign"
    RELEASE = "release"
    ESCALATE = "escalate"
    PRIORITY = "priority"
    LINK = "link"
    COMMENT = "comment"
    WATCH = "watch"


class Phase(StrEnum):
    """How far a bulk deed has come."""

    CHOSEN = "chosen"
    CHECKING = "checking"
    PREVIEWED = "previewed"
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class Fate(StrEnum):
    """What became of one ticket of a bulk deed."""

    CHOSEN = "chosen"
    READY = "ready"
    REFUSED = "refused"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"
    KEPT = "kept"  # done, and not taken back


PHASE_LABELS = {
    Phase.CHOSEN: N_("已选好"),
    Phase.CHECKING: N_("正在检查"),
    Phase.PREVIEWED: N_("等您确认"),
    Phase.RUNNING: N_("正在执行"),
    Phase.DONE: N_("已执行"),
    Phase.UNDOING: N_("正在撤销"),
    Phase.UNDONE: N_("已撤销"),
}
FATE_LABELS = {
    Fate.CHOSEN: N_("已选"),
    Fate.READY: N_("可以执行"),
    Fate.REFUSED: N_("不会执行"),
    Fate.DONE: N_("已完成"),
    Fate.FAILED: N_("没有执行"),
    Fate.UNDONE: N_("已撤销"),
    Fate.KEPT: N_("没有撤销"),
}


class Bulk(Base):
    """One deed, by one person, for many tickets; its number stands in each trail entry it makes."""

    __tablename__ = "bulk"
    __table_args__ = (Index("ix_bulk_phase", "phase", "moved_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    deed: Mapped[Deed] = mapped_column(choice(Deed))
    phase: Mapped[Phase] = mapped_column(choice(Phase), default=Phase.CHOSEN)
    note: Mapped[str] = mapped_column(Text, default="")
    internal: Mapped[bool] = mapped_column(default=True)
    priority: Mapped[int | None] = mapped_column()
    person_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    defect_id: Mapped[int | None] = mapped_column(ForeignKey(Defect.id))
    back: Mapped[str] = mapped_column(String(2000), default="")  # the list's address, to return to
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)  # the last part that was worked on
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    by: Mapped[Person] = relationship(foreign_keys=[by_id])
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    defect: Mapped[Defect | None] = relationship(Defect)


class BulkItem(Base):
    """One ticket of a bulk deed, as it was seen, and what became of it."""

    __tablename__ = "bulk_item"
    __table_args__ = (Index("ix_bulk_item_fate", "bulk_id", "fate"),)

    bulk_id: Mapped[int] = mapped_column(ForeignKey(Bulk.id), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), primary_key=True, index=True)
    seen: Mapped[int] = mapped_column()
    after: Mapped[int | None] = mapped_column()  # the ticket's version once the deed was done
    fate: Mapped[Fate] = mapped_column(choice(Fate), default=Fate.CHOSEN)
    sentence: Mapped[str] = mapped_column(Text, default="")
    values: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    before: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)  # what taking back needs

    ticket: Mapped[Ticket] = relationship()
