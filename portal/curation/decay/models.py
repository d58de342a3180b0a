"""Tables of the re-check list: what speaks against which article, and which versions came when.

Only ``rounds`` and ``releases`` write here; everything can be found again from the desk's own rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kb.columns import Code, UtcDateTime, choice
from kb.models import Article
from portal.curation.decay.rules import Sign
from portal.db import Base


class Signal(Base):
    """One thing that speaks against an article: how much, since when, and when it was last looked at."""

    __tablename__ = "article_signal"
    __table_args__ = (Index("ix_article_signal_sign", "sign", "article_id"),)

    article_id: Mapped[int] = mapped_column(ForeignKey(Article.id, ondelete="CASCADE"), primary_key=True)
    sign: Mapped[Sign] = mapped_column(choice(Sign), primary_key=True)
    points: Mapped[int] = mapped_column()
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SystemRelease(Base):
    """From when on a version of a system ran anywhere; without a moment: before anybody looked."""

    __tablename__ = "system_release"

    system: Mapped[str] = mapped_column(Code, primary_key=True)
    version: Mapped[str] = mapped_column(String(40), primary_key=True)
    since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Round(Base):
    """When a kind of looking was done last; locked, so that two workers look one after the other."""

    __tablename__ = "curation_round"

    name: Mapped[str] = mapped_column(Code, primary_key=True)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
