"""Who was told of which deadline: kept beside the ticket, so that nobody is told twice.

A deadline that a pause pushes out is the same deadline; one that is set anew is another.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.tickets.levels.models import Alarm
from portal.tickets.models import Ticket


class Deadline(StrEnum):
    RESPOND = "respond"
    TIER = "tier"
    CLOSE = "close"


class Stage(StrEnum):
    WARNING = "warning"
    BREACH = "breach"


def follow(session: Session, ticket: Ticket, *, before: tuple[datetime | None, datetime | None]) -> None:
    """The deadlines of the visit and of the close were pushed out: what was told of them moves along."""
    moved = ((Deadline.TIER, before[0], ticket.tier_due), (Deadline.CLOSE, before[1], ticket.close_due))
    with session.no_autoflush:  # a move is written in one piece, its version goes up by one
        for deadline, former, due in moved:
            if former != due and former is not None and due is not None:
                about = (Alarm.ticket_id == ticket.id, Alarm.deadline == deadline, Alarm.due == former)
                session.execute(update(Alarm).where(*about).values(due=due))
