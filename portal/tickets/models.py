"""Tables of the desk. State, tier and holder are written by ``desk.move`` alone."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text, TextClause, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from defects.models import Defect
from kb.columns import FLAT, Code, Name, UtcDateTime, choice
from kb.models import Article
from portal.catalogue.models import System
from portal.db import Base
from portal.people.models import Person, Unit
from portal.tickets.file_types import Scan
from portal.tickets.words import Action, Category, Channel, State, Tier

#: What the figures ask of tickets that have ended.
ENDED_COLUMNS = ("closed_at", "state", "system_id", "unit_id", "rating", "untouched", "returns", "reopens")


def only(condition: TextClause) -> dict[str, Any]:
    """An index over a part of the rows, on either database."""
    return {"sqlite_where": condition, "postgresql_where": condition}


class Ticket(Base):
    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        # Begins with the end: the open ones are few among many, whatever else a list asks for.
        Index("ix_ticket_queue", "closed_at", "tier", "state", "close_due"),
        Index("ix_ticket_requester", "requester_id", "filed_at"),
        Index("ix_ticket_filed_by", "filed_by_id"),
        Index("ix_ticket_system", "system_id", "filed_at"),
        Index("ix_ticket_unit", "unit_id", "filed_at"),
        Index("ix_ticket_holder", "holder_id", "state"),
        # Everything that the figures count by: what was filed in a period …
        Index("ix_ticket_filed", "filed_at", "category", "system_id", "unit_id"),
        # … and what ended in one; of the open ones there is nothing in it.
        Index("ix_ticket_ended", *ENDED_COLUMNS, **only(text("closed_at IS NOT NULL"))),
        Index("ix_ticket_parent", "parent_id"),
        Index("ix_ticket_survivor", "survivor_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    source: Mapped[str | None] = mapped_column(String(100))
    external_id: Mapped[str | None] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    category: Mapped[Category] = mapped_column(choice(Category))
    first_category: Mapped[Category] = mapped_column(choice(Category))
    ruled_category: Mapped[Category | None] = mapped_column(choice(Category))
    sub: Mapped[str] = mapped_column(Code, default="")
    channel: Mapped[Channel] = mapped_column(choice(Channel), default=Channel.WEB)
    impact: Mapped[int] = mapped_column(default=3)
    urgency: Mapped[int] = mapped_column(default=2)
    priority: Mapped[int] = mapped_column(default=3)
    system_id: Mapped[int] = mapped_column(ForeignKey(System.id))
    module: Mapped[str | None] = mapped_column(Code)
    running_version: Mapped[str] = mapped_column(String(40), default="")
    unit_id: Mapped[int] = mapped_column(ForeignKey(Unit.id))
    requester_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    filed_by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    state: Mapped[State] = mapped_column(choice(State), default=State.NEW)
    tier: Mapped[Tier] = mapped_column(choice(Tier), default=Tier.FRONT)
    holder_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    untouched: Mapped[bool] = mapped_column(default=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    # Merged: as whose duplicate it was judged, and which ticket is worked on in the end.
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    survivor_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))

    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    responded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The level in force when it was filed or ruled; later changes of the table don't rewrite it.
    level: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    respond_due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tier_due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    close_due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_minutes: Mapped[int] = mapped_column(default=0)
    # From when each deadline is told of; the clock chip and the list of what is soon due read the last one.
    respond_warn: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tier_warn: Mapped[datetime | None] = mapped_column(UtcDateTime)
    close_warn: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Begin and end of every pause: what it was worth depends on the level, and that may still change.
    pauses: Mapped[list[list[str]]] = mapped_column(JSON, default=list)

    outcome: Mapped[str] = mapped_column(Text, default="")  # what the user was told in the end
    work_note: Mapped[str] = mapped_column(Text, default="")  # what the back did
    rating: Mapped[int | None] = mapped_column()
    rating_words: Mapped[str] = mapped_column(Text, default="")
    returns: Mapped[int] = mapped_column(default=0)
    reopens: Mapped[int] = mapped_column(default=0)
    urges: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    system: Mapped[System] = relationship(lazy="joined", innerjoin=FLAT)
    unit: Mapped[Unit] = relationship(lazy="joined", innerjoin=FLAT)
    requester: Mapped[Person] = relationship(foreign_keys=[requester_id])
    filed_by: Mapped[Person] = relationship(foreign_keys=[filed_by_id])
    holder: Mapped[Person | None] = relationship(foreign_keys=[holder_id])
    parent: Mapped[Ticket | None] = relationship(
        foreign_keys=[parent_id], remote_side=[id], back_populates="children"
    )
    children: Mapped[list[Ticket]] = relationship(
        foreign_keys=[parent_id], order_by="Ticket.id", back_populates="parent"
    )
    survivor: Mapped[Ticket | None] = relationship(
        foreign_keys=[survivor_id], remote_side=[id], back_populates="duplicates"
    )
    duplicates: Mapped[list[Ticket]] = relationship(
        foreign_keys=[survivor_id], order_by="Ticket.id", back_populates="survivor"
    )
    trail: Mapped[list[TrailEntry]] = relationship(order_by="TrailEntry.seq", back_populates="ticket")
    comments: Mapped[list[Comment]] = relationship(order_by="Comment.id", back_populates="ticket")
    attachments: Mapped[list[Attachment]] = relationship(order_by="Attachment.id", back_populates="ticket")
    defect_links: Mapped[list[DefectLink]] = relationship(order_by="DefectLink.id", back_populates="ticket")
    article_links: Mapped[list[ArticleLink]] = relationship(
        order_by="ArticleLink.id", back_populates="ticket"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention

    @property
    def is_open(self) -> bool:
        return self.state not in (State.CLOSED, State.CANCELLED, State.MERGED)

    @property
    def defect(self) -> Defect | None:
        """The defect this ticket is linked to now."""
        return next((link.defect for link in self.defect_links if link.is_live), None)


class TrailEntry(Base):
    """One move: who, when, from, to, why. Append only, chained by hash."""

    __tablename__ = "trail_entry"
    __table_args__ = (UniqueConstraint("ticket_id", "seq"), Index("ix_trail_by", "by_id", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id))
    seq: Mapped[int] = mapped_column()
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    action: Mapped[Action] = mapped_column(choice(Action))
    from_state: Mapped[State | None] = mapped_column(choice(State))
    from_tier: Mapped[Tier | None] = mapped_column(choice(Tier))
    to_state: Mapped[State] = mapped_column(choice(State))
    to_tier: Mapped[Tier] = mapped_column(choice(Tier))
    note: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
    previous: Mapped[str] = mapped_column(String(64), default="")
    digest: Mapped[str] = mapped_column(String(64))

    ticket: Mapped[Ticket] = relationship(back_populates="trail")
    by: Mapped[Person | None] = relationship()


class Comment(Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)
    internal: Mapped[bool] = mapped_column(default=False)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    ticket: Mapped[Ticket] = relationship(back_populates="comments")
    by: Mapped[Person] = relationship()


class Attachment(Base):
    """A file somebody brought; stored under a name of our own, typed by its content."""

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id), index=True)
    article_id: Mapped[int | None] = mapped_column(ForeignKey(Article.id), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    name: Mapped[str] = mapped_column(Name)
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    stored_as: Mapped[str] = mapped_column(String(80), unique=True)
    internal: Mapped[bool] = mapped_column(default=False)
    scan: Mapped[Scan] = mapped_column(choice(Scan), default=Scan.UNCHECKED, index=True)
    scan_tries: Mapped[int] = mapped_column(default=0)
    scanned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finding: Mapped[str] = mapped_column(Name, default="")
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    withdrawn_why: Mapped[str] = mapped_column(Text, default="")

    ticket: Mapped[Ticket | None] = relationship(back_populates="attachments")
    by: Mapped[Person] = relationship(foreign_keys=[by_id])


class LinkVerdict(StrEnum):
    LINKED = "linked"
    REJECTED = "rejected"
    UNDONE = "undone"


LIVE_LINK = text("verdict = 'linked'")


class DefectLink(Base):
    """A judgement on ticket ↔ defect: linked, rejected, or taken back. Each teaches the matcher."""

    __tablename__ = "defect_link"
    __table_args__ = (
        Index("ix_defect_link_defect", "defect_id", "verdict"),
        Index(
            "ix_defect_link_live",
            "ticket_id",
            unique=True,
            sqlite_where=LIVE_LINK,
            postgresql_where=LIVE_LINK,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), index=True)
    defect_id: Mapped[int] = mapped_column(ForeignKey(Defect.id))
    verdict: Mapped[LinkVerdict] = mapped_column(choice(LinkVerdict))
    by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))  # None: the system, by itself
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    probability: Mapped[float | None] = mapped_column()
    # "None of these": the first of the rows that one answer made.
    together: Mapped[int | None] = mapped_column()
    # When it was taken back or gave way to another, and by whom; None: the system, by itself.
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))

    ticket: Mapped[Ticket] = relationship(back_populates="defect_links")
    defect: Mapped[Defect] = relationship(Defect, lazy="joined", innerjoin=FLAT)

    @property
    def is_live(self) -> bool:
        return self.verdict == LinkVerdict.LINKED

    @property
    def is_automatic(self) -> bool:
        """Made by the system, and nobody has said yet that it is right."""
        return self.is_live and self.by_id is None


class ArticleLink(Base):
    """An article a ticket was answered with."""

    __tablename__ = "article_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), index=True)
    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    ticket: Mapped[Ticket] = relationship(back_populates="article_links")
    article: Mapped[Article] = relationship(Article, lazy="joined", innerjoin=FLAT)


class Urge(Base):
    """The user asked where it stays (催单)."""

    __tablename__ = "urge"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    words: Mapped[str] = mapped_column(Text, default="")


class Watcher(Base):
    __tablename__ = "watcher"
    __table_args__ = (Index("ix_watcher_person", "person_id"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), primary_key=True)


UNROUTED = text("routed_at IS NULL")


class Notice(Base):
    """One message to one person, written in the same transaction as the deed it tells of."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_person", "person_id", "read_at", "id"),
        Index("ix_notice_unrouted", "id", sqlite_where=UNROUTED, postgresql_where=UNROUTED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    event: Mapped[str] = mapped_column(Code)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey(Ticket.id))
    values: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # When the worker decided which channels carry it further; None: not yet.
    routed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    ticket: Mapped[Ticket | None] = relationship()
