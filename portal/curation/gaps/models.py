"""Tables of what is asked in vain: each asking, the gaps they are grouped into, what was decided on them.

Words are kept masked and cut; whoever asked is kept for counting people and never shown.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from indexer.words import N_
from kb.columns import Code, UtcDateTime, choice
from kb.models import Article
from portal.curation.gaps.flow import GapAction, GapState
from portal.db import Base
from portal.people.models import Person, Unit
from portal.tickets.models import Ticket


class AskKind(StrEnum):
    """How somebody asked in vain."""

    SEARCH = "search"
    LEFT = "left"
    FILED = "filed"
    TICKET = "ticket"


ASK_LABELS = {
    AskKind.SEARCH: N_("搜索没有可信结果"),
    AskKind.LEFT: N_("求助时没有可信答案，离开了"),
    AskKind.FILED: N_("看过推荐还是提了咨询单"),
    AskKind.TICKET: N_("咨询单，没有用知识答复"),
}


class Gap(Base):
    """Askings of one meaning that nothing answers well."""

    __tablename__ = "gap"
    __table_args__ = (Index("ix_gap_state", "state", "system"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    system: Mapped[str] = mapped_column(Code, default="")  # "": nobody knows which
    module: Mapped[str] = mapped_column(Code, default="")
    title: Mapped[str] = mapped_column(String(300))
    words: Mapped[list[str]] = mapped_column(JSON, default=list)
    state: Mapped[GapState] = mapped_column(choice(GapState), default=GapState.OPEN)
    reason: Mapped[str] = mapped_column(Text, default="")
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id), index=True)
    # The article in the works, then the one that solved it, from when on.
    article_id: Mapped[int | None] = mapped_column(ForeignKey(Article.id), index=True)
    solved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What the knowledge base has that comes nearest; looked up again when the askings have changed.
    nearest_id: Mapped[int | None] = mapped_column(ForeignKey(Article.id))
    nearest_probability: Mapped[float | None] = mapped_column()
    nearest_counted: Mapped[bool] = mapped_column(default=False)
    nearest_used: Mapped[int] = mapped_column(default=0)  # so many of the askings were answered with it
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    assignee: Mapped[Person | None] = relationship()
    article: Mapped[Article | None] = relationship(Article, foreign_keys=[article_id])
    nearest: Mapped[Article | None] = relationship(Article, foreign_keys=[nearest_id])
    moves: Mapped[list[GapMove]] = relationship(order_by="GapMove.id", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention

    @property
    def is_held(self) -> bool:
        """Did a person decide anything on it? Then regrouping must not take it apart."""
        return self.state != GapState.OPEN or self.assignee_id is not None or bool(self.reason)


class GapAsk(Base):
    """Somebody asked and was not answered."""

    __tablename__ = "gap_ask"
    __table_args__ = (
        UniqueConstraint("kind", "source_id"),
        Index("ix_gap_ask_gap", "gap_id", "at"),
        Index("ix_gap_ask_system", "system", "at"),
        Index("ix_gap_ask_at", "at"),
        Index("ix_gap_ask_person", "person_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[AskKind] = mapped_column(choice(AskKind))
    # The session or ticket it comes from; a search is recorded nowhere else.
    source_id: Mapped[int | None] = mapped_column()
    gap_id: Mapped[int | None] = mapped_column(ForeignKey(Gap.id))
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    unit_id: Mapped[int] = mapped_column(ForeignKey(Unit.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date] = mapped_column(Date)
    system: Mapped[str] = mapped_column(Code, default="")
    module: Mapped[str] = mapped_column(Code, default="")
    text: Mapped[str] = mapped_column(Text)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id), index=True)
    placed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # None: not grouped yet

    unit: Mapped[Unit] = relationship()


class GapMove(Base):
    """One decision on a gap; append only."""

    __tablename__ = "gap_move"

    id: Mapped[int] = mapped_column(primary_key=True)
    gap_id: Mapped[int] = mapped_column(ForeignKey(Gap.id, ondelete="CASCADE"), index=True)
    action: Mapped[GapAction] = mapped_column(choice(GapAction))
    start: Mapped[GapState] = mapped_column(choice(GapState))
    end: Mapped[GapState] = mapped_column(choice(GapState))
    by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))  # None: noticed by the system
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
