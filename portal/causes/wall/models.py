"""Tables of the wall: groups of alike tickets, who belongs to them, what was decided; records told twice.

A group's words are its tickets' own; who may read them is asked where they are shown.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from defects.models import Defect
from indexer.words import N_
from kb.columns import UtcDateTime, choice
from portal.catalogue.models import System
from portal.db import Base
from portal.finder.pairs import FoundAlike, ToldApart
from portal.people.models import Person
from portal.tickets.models import Ticket


class WallAction(StrEnum):
    """What was done with a group."""

    OPEN = "open"
    LINK = "link"
    UNLINK = "unlink"
    DISMISS = "dismiss"
    TAKE_BACK = "take_back"
    COME_BACK = "come_back"
    GATHER = "gather"


WALL_ACTION_LABELS = {
    WallAction.OPEN: N_("建成缺陷"),
    WallAction.LINK: N_("关联到已有缺陷"),
    WallAction.UNLINK: N_("撤销关联"),
    WallAction.DISMISS: N_("搁置"),
    WallAction.TAKE_BACK: N_("放回墙上"),
    WallAction.COME_BACK: N_("新增太多，自动回到墙上"),
    WallAction.GATHER: N_("归集为故障"),
}


class WallGroup(Base):
    """Tickets of one system that say the same and are linked to no record."""

    __tablename__ = "wall_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey(System.id), index=True)
    title: Mapped[str] = mapped_column(String(300), default="")
    words: Mapped[list[str]] = mapped_column(JSON, default=list)
    codes: Mapped[list[str]] = mapped_column(JSON, default=list)
    size: Mapped[int] = mapped_column(default=0)  # when its words were last taken down
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    dismissed_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    dismissed_why: Mapped[str] = mapped_column(Text, default="")
    dismissed_size: Mapped[int] = mapped_column(default=0)
    came_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    defect_id: Mapped[int | None] = mapped_column(ForeignKey(Defect.id), index=True)  # opened from it
    # The record that comes nearest; looked up again when the tickets have changed.
    nearest_id: Mapped[int | None] = mapped_column(ForeignKey(Defect.id))
    nearest_probability: Mapped[float | None] = mapped_column()
    nearest_counted: Mapped[bool] = mapped_column(default=False)
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    system: Mapped[System] = relationship()
    dismissed_by: Mapped[Person | None] = relationship(foreign_keys=[dismissed_by_id])
    defect: Mapped[Defect | None] = relationship(Defect, foreign_keys=[defect_id])
    nearest: Mapped[Defect | None] = relationship(Defect, foreign_keys=[nearest_id])
    moves: Mapped[list[WallMove]] = relationship(order_by="WallMove.id", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention


class WallMember(Base):
    """A ticket as it was grouped last; alone when there is no group. It stays when the ticket is linked, so
    that a link that is taken back brings it back to where it was."""

    __tablename__ = "wall_member"
    __table_args__ = (Index("ix_wall_member_group", "group_id", "ticket_id"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), primary_key=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey(WallGroup.id, ondelete="SET NULL"))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WallMove(Base):
    """One decision on a group; append only."""

    __tablename__ = "wall_move"
    __table_args__ = (Index("ix_wall_move_by", "by_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey(WallGroup.id, ondelete="CASCADE"), index=True)
    action: Mapped[WallAction] = mapped_column(choice(WallAction))
    by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))  # None: the wall by itself
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    defect_id: Mapped[int | None] = mapped_column(ForeignKey(Defect.id))
    tickets: Mapped[list[int]] = mapped_column(JSON, default=list)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    group: Mapped[WallGroup] = relationship(back_populates="moves")


class TwinPair(FoundAlike):
    """Two records that seem to say the same, as they were found last; the smaller number first."""

    __tablename__ = "twin_pair"

    one_id: Mapped[int] = mapped_column(ForeignKey(Defect.id, ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(
        ForeignKey(Defect.id, ondelete="CASCADE"), primary_key=True, index=True
    )

    one: Mapped[Defect] = relationship(Defect, foreign_keys=[one_id])
    other: Mapped[Defect] = relationship(Defect, foreign_keys=[other_id])


class NotTwins(ToldApart):
    """Somebody compared the two records and found that they are not the same: it is kept, and it teaches."""

    __tablename__ = "not_twins"

    one_id: Mapped[int] = mapped_column(ForeignKey(Defect.id, ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(
        ForeignKey(Defect.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))

    one: Mapped[Defect] = relationship(Defect, foreign_keys=[one_id])
    other: Mapped[Defect] = relationship(Defect, foreign_keys=[other_id])
    by: Mapped[Person] = relationship()
