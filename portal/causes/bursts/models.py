"""One table: each burst as it was found, how far it went, and what was made of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from indexer.words import N_
from kb.columns import UtcDateTime, choice
from portal.catalogue.models import System
from portal.causes.wall.models import WallGroup
from portal.db import Base
from portal.people.models import Person


class Series(StrEnum):
    """What is counted."""

    SYSTEM = "system"
    GROUP = "group"
    SEARCHES = "searches"


SERIES_LABELS = {
    Series.SYSTEM: N_("工单"),
    Series.GROUP: N_("相似工单"),
    Series.SEARCHES: N_("没有可信答案的求助"),
}


class Became(StrEnum):
    """What was made of a burst."""

    FAULT = "fault"
    DEFECT = "defect"
    ARTICLE = "article"


BECAME_LABELS = {Became.FAULT: N_("故障事件"), Became.DEFECT: N_("缺陷"), Became.ARTICLE: N_("知识")}


class Burst(Base):
    """So much more of one series than usual, from the first hour in which it was until it was over."""

    __tablename__ = "burst"
    __table_args__ = (
        Index("ix_burst_live", "ended_at", "system_id"),
        Index("ix_burst_found", "found_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    series: Mapped[Series] = mapped_column(choice(Series))
    system_id: Mapped[int] = mapped_column(ForeignKey(System.id))
    group_id: Mapped[int | None] = mapped_column(ForeignKey(WallGroup.id, ondelete="SET NULL"), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)  # the beginning of the first hour
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)  # the end of the last hour that was above
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    count: Mapped[int] = mapped_column()  # in its highest hour
    usual: Mapped[float] = mapped_column()
    before: Mapped[list[int]] = mapped_column(JSON, default=list)  # like hours, the oldest first
    chance: Mapped[float] = mapped_column()
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dismissed_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    dismissed_why: Mapped[str] = mapped_column(Text, default="")
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    snoozed_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    became: Mapped[Became | None] = mapped_column(choice(Became))
    became_number: Mapped[str] = mapped_column(String(24), default="")
    became_by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    became_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    system: Mapped[System] = relationship()
    group: Mapped[WallGroup | None] = relationship()
    dismissed_by: Mapped[Person | None] = relationship(foreign_keys=[dismissed_by_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention

    @property
    def key(self) -> tuple[Series, int]:
        """Which series it is of."""
        return (
            (self.series, self.group_id or 0)
            if self.series == Series.GROUP
            else (self.series, self.system_id)
        )
