"""Tables of the knowledge base.

An article names systems, modules, units and people by code or id only: those live above.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from indexer.words import N_
from kb.audience import Audience
from kb.columns import Code, UtcDateTime, choice
from kb.flow import CONFIDENCE_LABELS as CONFIDENCE_LABELS
from kb.flow import ArticleAction, ArticleState
from kb.flow import Confidence as Confidence


class Base(DeclarativeBase):
    """The knowledge base's own registry."""


class ArticleKind(StrEnum):
    FAQ = "faq"
    HOWTO = "howto"
    KNOWN_ERROR = "known_error"
    POLICY = "policy"


KIND_LABELS = {
    ArticleKind.FAQ: N_("常见问题"),
    ArticleKind.HOWTO: N_("操作指南"),
    ArticleKind.KNOWN_ERROR: N_("已知错误"),
    ArticleKind.POLICY: N_("制度规定"),
}


class AtExpiry(StrEnum):
    """What becomes of an article when its time is over."""

    RECHECK = "recheck"
    RETIRE = "retire"


AT_EXPIRY_LABELS = {AtExpiry.RECHECK: N_("转为待复核"), AtExpiry.RETIRE: N_("下线")}


class Article(Base):
    __tablename__ = "article"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_article_state_published", "state", "published_at"),
        Index("ix_article_system_state", "system", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    source: Mapped[str | None] = mapped_column(String(100))
    external_id: Mapped[str | None] = mapped_column(String(200))
    kind: Mapped[ArticleKind] = mapped_column(choice(ArticleKind))
    language: Mapped[str] = mapped_column(String(8), default="zh")
    translation_of_id: Mapped[int | None] = mapped_column(ForeignKey("article.id"), index=True)
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    system: Mapped[str | None] = mapped_column(Code)
    module: Mapped[str | None] = mapped_column(Code)
    category: Mapped[str | None] = mapped_column(Code)
    keywords: Mapped[list[str]] = mapped_column(JSON, default=list)
    also: Mapped[list[str]] = mapped_column(JSON, default=list)
    audience: Mapped[Audience] = mapped_column(choice(Audience), default=Audience.EVERYONE)
    state: Mapped[ArticleState] = mapped_column(choice(ArticleState), default=ArticleState.DRAFT)
    confidence: Mapped[Confidence] = mapped_column(choice(Confidence), default=Confidence.UNVERIFIED)
    author_id: Mapped[int] = mapped_column(Integer, index=True)
    owner_id: Mapped[int | None] = mapped_column(Integer)
    review_on: Mapped[date | None] = mapped_column(Date)
    # Approved now, seen by readers from then on.
    publish_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The last day on which it holds, what happens then, and for which day its owner was told before.
    expires_on: Mapped[date | None] = mapped_column(Date, index=True)
    at_expiry: Mapped[AtExpiry] = mapped_column(choice(AtExpiry), default=AtExpiry.RECHECK)
    expiry_told: Mapped[date | None] = mapped_column(Date)
    # Off the list of what is to be checked again until this day.
    snoozed_until: Mapped[date | None] = mapped_column(Date)
    # When somebody last vouched for the words, and when they last changed: older evidence doesn't count.
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    worded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("article.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    views: Mapped[int] = mapped_column(default=0)
    solved: Mapped[int] = mapped_column(default=0)
    not_solved: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    unit_rows: Mapped[list[ArticleUnit]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", back_populates="article"
    )
    revisions: Mapped[list[Revision]] = relationship(
        order_by="Revision.number", back_populates="article", cascade="all, delete-orphan"
    )
    moves: Mapped[list[ArticleMove]] = relationship(order_by="ArticleMove.id", cascade="all, delete-orphan")
    translation_of: Mapped[Article | None] = relationship(foreign_keys=[translation_of_id], remote_side=[id])
    replaced_by: Mapped[Article | None] = relationship(foreign_keys=[replaced_by_id], remote_side=[id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention

    @property
    def units(self) -> tuple[str, ...]:
        """Codes of the units this article is for; empty means every unit."""
        return tuple(sorted(row.unit for row in self.unit_rows))


class ArticleUnit(Base):
    """One unit an article is narrowed to."""

    __tablename__ = "article_unit"

    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), primary_key=True)
    unit: Mapped[str] = mapped_column(Code, primary_key=True)
    article: Mapped[Article] = relationship(back_populates="unit_rows")


class Revision(Base):
    """What an article said at one time; never edited."""

    __tablename__ = "article_revision"
    __table_args__ = (UniqueConstraint("article_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"))
    number: Mapped[int] = mapped_column()
    title: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    keywords: Mapped[list[str]] = mapped_column(JSON, default=list)
    also: Mapped[list[str]] = mapped_column(JSON, default=list)
    #: kind, language, system, module, category, audience, units; empty in revisions of before they were kept.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    author_id: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(String(300), default="")
    article: Mapped[Article] = relationship(back_populates="revisions")


class ArticleMove(Base):
    """One step in an article's life; append only."""

    __tablename__ = "article_move"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), index=True)
    action: Mapped[ArticleAction] = mapped_column(choice(ArticleAction))
    start: Mapped[ArticleState] = mapped_column(choice(ArticleState))
    end: Mapped[ArticleState] = mapped_column(choice(ArticleState))
    by_id: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")


class Reason(StrEnum):
    """Why an article did not help its reader."""

    STEPS = "steps"
    UNCLEAR = "unclear"
    NOT_MINE = "not_mine"
    OUTDATED = "outdated"
    OTHER = "other"


REASON_LABELS = {
    Reason.STEPS: N_("步骤对不上"),
    Reason.UNCLEAR: N_("看不懂"),
    Reason.NOT_MINE: N_("不是我的问题"),
    Reason.OUTDATED: N_("已过时"),
    Reason.OTHER: N_("其它"),
}


class Feedback(Base):
    """A reader's “解决了 / 没解决”, with words when they gave any; or an agent's flag for correction."""

    __tablename__ = "article_feedback"

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(Integer)
    solved: Mapped[bool | None] = mapped_column()
    flagged: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[Reason | None] = mapped_column(choice(Reason))
    words: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
