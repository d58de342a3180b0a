"""Tables beside the trail: where each chain ends, and what the last verifications found.

The entries themselves stand with the ticket, in ``portal.tickets.models``.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from kb.columns import UtcDateTime
from portal.db import Base
from portal.tickets.models import Ticket


class TrailHead(Base):
    """Length and last digest of one ticket's chain: without it, a cut-off end would leave no gap."""

    __tablename__ = "trail_head"

    ticket_id: Mapped[int] = mapped_column(ForeignKey(Ticket.id), primary_key=True, autoincrement=False)
    length: Mapped[int] = mapped_column()
    digest: Mapped[str] = mapped_column(String(64))


class TrailCheck(Base):
    """One verification of every chain; ``broken`` holds the first of them, each with its sentence."""

    __tablename__ = "trail_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    tickets: Mapped[int] = mapped_column()
    entries: Mapped[int] = mapped_column()
    broken_count: Mapped[int] = mapped_column()
    broken: Mapped[list[dict[str, object]]] = mapped_column(JSON, default=list)
