"""The clocks of one ticket: deadlines set by its level, pushed out by pauses, read for the clock chip.

What a level is and how working time is counted stands in ``service_levels``. The invariant: a pause
moves the deadlines to the right by exactly the counted minutes it lasted, and nothing moves them left
but a ruling.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.tickets import service_levels as levels
from portal.tickets.flow import ENDED, Step
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.words import State

ZONE = ZoneInfo("Asia/Shanghai")
PAUSED = frozenset({State.WAITING, State.PARKED, State.CONFIRMING})


def set_level(ticket: Ticket) -> None:
    """Copy the level in force onto the ticket and set its deadlines from the filing on.

    A response that was given was in time or not by the level of that hour: a later ruling leaves it.
    """
    level = levels.level_for(ticket.category, ticket.priority)
    ticket.level = level.as_json()
    if ticket.responded_at is None:
        ticket.respond_due = levels.add_minutes(ticket.filed_at, level.respond, level=level, zone=ZONE)
    allowed = level.close + ticket.paused_minutes
    ticket.close_due = levels.add_minutes(ticket.filed_at, allowed, level=level, zone=ZONE)
    if ticket.tier_due is None:
        set_tier_due(ticket, ticket.filed_at)


def set_tier_due(ticket: Ticket, arrived: datetime) -> None:
    """The time for one visit to a tier runs from the arrival there."""
    level = levels.level_from(ticket.level)
    minutes = levels.tier_minutes(level, ticket.tier)
    ticket.tier_due = levels.add_minutes(arrived, minutes, level=level, zone=ZONE)


def arrival(session: Session, ticket: Ticket) -> datetime:
    """When the ticket came to the tier that has it now."""
    came = (
        select(TrailEntry.at)
        .where(TrailEntry.ticket_id == ticket.id, TrailEntry.to_tier == ticket.tier)
        .where(TrailEntry.from_tier.is_(None) | (TrailEntry.from_tier != ticket.tier))
        .order_by(TrailEntry.seq.desc())
        .limit(1)
    )
    with session.no_autoflush:  # a move is written in one piece, its version goes up by one
        return session.scalar(came) or ticket.filed_at


def settle(session: Session, ticket: Ticket, row: Step) -> None:
    """Pause when the ball goes to the user or a defect, push the deadlines out when it comes back."""
    if row.end in PAUSED and ticket.paused_at is None:
        ticket.paused_at = now(session)
    elif row.end not in PAUSED and row.end not in ENDED and ticket.paused_at is not None:
        level = levels.level_from(ticket.level)
        away = levels.minutes_between(ticket.paused_at, now(session), level=level, zone=ZONE)
        ticket.paused_minutes += away
        ticket.paused_at = None
        ticket.close_due = pushed(ticket.close_due, away, level)
        ticket.tier_due = pushed(ticket.tier_due, away, level)


def pushed(due: datetime | None, minutes: int, level: levels.Level) -> datetime | None:
    """The deadline moved to the right by counted minutes."""
    return levels.add_minutes(due, minutes, level=level, zone=ZONE) if due and minutes > 0 else due


def renew_tier(session: Session, ticket: Ticket, row: Step) -> None:
    """A new visit gets its own time; waiting for the user interrupts a visit and does not end it."""
    if (row.start, row.tier) == (row.end, row.then) or State.WAITING in (row.start, row.end):
        return
    if row.end in PAUSED or row.end in ENDED:
        ticket.tier_due = None
    else:
        set_tier_due(ticket, now(session))


def clock_of(session: Session, ticket: Ticket) -> levels.Clock | None:
    """The clock to the close; None when the ticket has ended."""
    if not ticket.is_open or ticket.close_due is None:
        return None
    level = levels.level_from(ticket.level)
    moment = ticket.paused_at or now(session)
    return levels.Clock(
        due=ticket.close_due,
        left=levels.minutes_between(moment, ticket.close_due, level=level, zone=ZONE),
        total=level.close,
        paused=ticket.paused_at is not None,
        round_the_clock=level.round_the_clock,
    )
