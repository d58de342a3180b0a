"""Tables of merging: what moved along with a duplicate, so that it can be given back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from defects.models import Defect
from kb.columns import UtcDateTime
from portal.db import Base
from portal.people.models import Person
from portal.tickets.models import DefectLink


class RecordMerge(Base):
    """A record was merged into another; ``gained`` is what the survivor had not said before."""

    __tablename__ = "record_merge"
    __table_args__ = (Index("ix_record_merge_into", "into_id", "parted_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    defect_id: Mapped[int] = mapped_column(ForeignKey(Defect.id), index=True)
    into_id: Mapped[int] = mapped_column(ForeignKey(Defect.id))
    by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    gained: Mapped[dict[str, list[str]]] = mapped_column(JSON, default=dict)
    articles: Mapped[list[int]] = mapped_column(JSON, default=list)
    measures: Mapped[list[int]] = mapped_column(JSON, default=list)
    parted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    judgements: Mapped[list[MovedJudgement]] = relationship(order_by="MovedJudgement.link_id")


class MovedJudgement(Base):
    """A judgement on the duplicate goes on as one on the survivor."""

    __tablename__ = "moved_judgement"

    merge_id: Mapped[int] = mapped_column(ForeignKey(RecordMerge.id), primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey(DefectLink.id), primary_key=True)

    link: Mapped[DefectLink] = relationship()
