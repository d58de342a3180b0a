"""Tables of packs: this desk's number, trusted senders, how items are tied to those of other desks, packs
made, packs received and their items.

What an item says travels as JSON of the strict kind that ``schema`` describes. Nothing here is a text that
readers see: those are in ``kb`` and ``defects``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import Code, Name, UtcDateTime, choice
from portal.db import Base
from portal.packs.words import Choice, Fate, Kind, Phase, Standing
from portal.people.models import Person

Ident = String(240)
Digest = String(64)


class PackDesk(Base):
    """This desk among others: one row, made with the first pack; its number never changes."""

    __tablename__ = "pack_desk"

    id: Mapped[int] = mapped_column(primary_key=True)
    desk: Mapped[str] = mapped_column(String(16))
    serial: Mapped[int] = mapped_column(default=0)


class PackSender(Base):
    """Somebody whose signature an administrator has compared by hand; kept when trust ends."""

    __tablename__ = "pack_sender"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_key: Mapped[str] = mapped_column(String(64), unique=True)
    fingerprint: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(Name)
    desk: Mapped[str] = mapped_column(String(16), default="")  # empty until its first pack came
    latest: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when its newest pack taken was made
    added_by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PackTie(Base):
    """An article or a defect here is that item of the exchange, and how far both sides have agreed."""

    __tablename__ = "pack_tie"
    __table_args__ = (UniqueConstraint("kind", "subject_id"), UniqueConstraint("kind", "ident"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(choice(Kind))
    ident: Mapped[str] = mapped_column(Ident)
    subject_id: Mapped[int] = mapped_column()
    line: Mapped[list[str]] = mapped_column(JSON, default=list)
    agreed: Mapped[str] = mapped_column(Digest, default="")  # what it said here at the end of the line
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PackMade(Base):
    """A pack that left this desk; the file itself is not kept."""

    __tablename__ = "pack_made"

    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[int] = mapped_column()
    by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    scope: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    sha256: Mapped[str] = mapped_column(Digest)

    by: Mapped[Person | None] = relationship()


class Pack(Base):
    """A pack that came: its file's own name here, what its manifest says, how far it is."""

    __tablename__ = "pack"
    __table_args__ = (Index("ix_pack_phase", "phase", "moved_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    name: Mapped[str] = mapped_column(Name)
    stored_as: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(Digest, index=True)
    desk: Mapped[str] = mapped_column(String(16))
    desk_name: Mapped[str] = mapped_column(Name)
    serial: Mapped[int] = mapped_column()
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    public_key: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(40))
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    places: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    mapping: Mapped[dict[str, dict[str, str]]] = mapped_column(JSON, default=dict)
    strict: Mapped[bool] = mapped_column(default=False)  # what names an unknown place is refused
    publish: Mapped[bool] = mapped_column(default=False)
    own: Mapped[bool] = mapped_column(default=False)  # made on this very desk
    older: Mapped[bool] = mapped_column(default=False)  # than the newest of this sender taken before
    phase: Mapped[Phase] = mapped_column(choice(Phase))
    runner_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))  # who gave the deed that is on
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)

    by: Mapped[Person] = relationship(foreign_keys=[by_id])
    runner: Mapped[Person | None] = relationship(foreign_keys=[runner_id])


class PackItem(Base):
    """One item of a received pack: what it says, how it stands here, what is to be and was done with it."""

    __tablename__ = "pack_item"
    __table_args__ = (
        Index("ix_pack_item_fate", "pack_id", "fate"),
        Index("ix_pack_item_standing", "pack_id", "standing"),
        UniqueConstraint("pack_id", "kind", "ident"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pack_id: Mapped[int] = mapped_column(ForeignKey(Pack.id))
    kind: Mapped[Kind] = mapped_column(choice(Kind))
    ident: Mapped[str] = mapped_column(Ident)
    title: Mapped[str] = mapped_column(String(300))
    system: Mapped[str | None] = mapped_column(Code)  # as it is called there
    values: Mapped[dict[str, Any]] = mapped_column(JSON)  # the item as it came; emptied when forgotten
    standing: Mapped[Standing | None] = mapped_column(choice(Standing))
    chosen: Mapped[Choice] = mapped_column(choice(Choice), default=Choice.KEEP)
    chosen_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))  # None: the default
    seen: Mapped[str] = mapped_column(Digest, default="")  # what was said here when it was compared
    subject_id: Mapped[int | None] = mapped_column()
    fate: Mapped[Fate] = mapped_column(choice(Fate), default=Fate.OPEN)
    sentence: Mapped[str] = mapped_column(Text, default="")
    told: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the sentence's values
    waits: Mapped[bool] = mapped_column(default=False)  # for links to what the pack brings later
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what taking back needs
    after: Mapped[str] = mapped_column(Digest, default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))

    pack: Mapped[Pack] = relationship()
