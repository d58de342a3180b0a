"""The clocks of one ticket: deadlines set by its level, pushed out by pauses, read for the clock chip.

What a level is stands in ``service_levels``, which one counts in ``levels``. Level and calendar are those in
force when the ticket was filed, and it keeps them: what is laid down later is for later tickets. The
invariant: a pause moves the deadlines to the right by exactly the counted minutes it lasted, also under a
level that is ruled afterwards, and nothing moves them left but a ruling.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.tickets import service_levels as levels
from portal.tickets.flow import ENDED, Step
from portal.tickets.levels import alarm_log
from portal.tickets.levels.book import book_of
from portal.tickets.levels.frozen import KEY, calendar_of, frozen
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.words import State
from portal.tickets.working_calendar import Calendar

ZONE = ZoneInfo("Asia/Shanghai")
PAUSED = frozenset({State.WAITING, State.PARKED, State.CONFIRMING, State.MERGED})


def set_level(session: Session, ticket: Ticket) -> None:
    """Copy the level in force onto the ticket and set its deadlines from the filing on.

    A response that was given was in time or not by the level of that hour: a later ruling leaves it.
    """
    level = book_of(session).level(
        ticket.category, ticket.priority, system_id=ticket.system.id, at=ticket.filed_at
    )
    carried = _carried(session, ticket)
    ticket.level = {**level.as_json(), KEY: carried} if carried else level.as_json()
    counted = counted_of(session, ticket)
    if ticket.responded_at is None:
        ticket.respond_due = counted.after(ticket.filed_at, level.respond)
        ticket.respond_warn = counted.before(ticket.respond_due, _warning(level, level.respond))
    ticket.paused_minutes = paused_since(ticket, ticket.filed_at, counted)
    ticket.close_due = counted.after(ticket.filed_at, level.close + ticket.paused_minutes)
    ticket.close_warn = counted.before(ticket.close_due, _warning(level, level.close))
    if ticket.tier_due is None:
        set_tier_due(session, ticket, ticket.filed_at)


def _carried(session: Session, ticket: Ticket) -> str:
    """The name of the ticket's calendar: given at the filing, kept for ever."""
    if ticket.level:
        return str(ticket.level.get(KEY, ""))
    return frozen(session, book_of(session).calendar(ticket.unit.ancestry, ticket.filed_at))


def _warning(level: levels.Level, allowed: int) -> int:
    return levels.warns_at(allowed, level.warn)


def counted_of(session: Session, ticket: Ticket) -> Calendar:
    """In which time this ticket's clocks run."""
    return levels.counted_by(levels.level_from(ticket.level), calendar_of(session, ticket))


def paused_since(ticket: Ticket, moment: datetime, counted: Calendar) -> int:
    """Counted minutes that the pauses since then were worth."""
    ended = ((datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in _pauses(ticket))
    return sum(counted.between(max(start, moment), end) for start, end in ended if end > moment)


def _pauses(ticket: Ticket) -> list[list[str]]:
    return ticket.pauses or []  # a ticket that isn't written yet has none


def set_tier_due(session: Session, ticket: Ticket, arrived: datetime) -> None:
    """The time for one visit to a tier runs from the arrival there; pauses during it are given back."""
    level, counted = levels.level_from(ticket.level), counted_of(session, ticket)
    allowed = levels.tier_minutes(level, ticket.tier)
    ticket.tier_due = counted.after(arrived, allowed + paused_since(ticket, arrived, counted))
    ticket.tier_warn = counted.before(ticket.tier_due, _warning(level, allowed))


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
        _resume(session, ticket, ticket.paused_at)


def _resume(session: Session, ticket: Ticket, paused_at: datetime) -> None:
    counted, moment = counted_of(session, ticket), now(session)
    away = counted.between(paused_at, moment)
    ticket.pauses = [*_pauses(ticket), [paused_at.isoformat(), moment.isoformat()]]
    ticket.paused_minutes += away
    ticket.paused_at = None
    before = (ticket.tier_due, ticket.close_due)
    for clock in ("close_due", "close_warn", "tier_due", "tier_warn"):
        setattr(ticket, clock, pushed(getattr(ticket, clock), away, counted))
    alarm_log.follow(session, ticket, before=before)


def pushed(due: datetime | None, minutes: int, counted: Calendar) -> datetime | None:
    """The deadline moved to the right by counted minutes."""
    return counted.after(due, minutes) if due and minutes > 0 else due


def renew_tier(session: Session, ticket: Ticket, row: Step) -> None:
    """A new visit gets its own time; waiting for the user interrupts a visit and does not end it."""
    if (row.start, row.tier) == (row.end, row.then) or State.WAITING in (row.start, row.end):
        return
    if row.end in PAUSED or row.end in ENDED:
        ticket.tier_due = ticket.tier_warn = None
    else:
        set_tier_due(session, ticket, now(session))


def clock_of(session: Session, ticket: Ticket) -> levels.Clock | None:
    """The clock to the close; None when the ticket has ended."""
    if not ticket.is_open or ticket.close_due is None:
        return None
    level = levels.level_from(ticket.level)
    moment = ticket.paused_at or now(session)
    return levels.Clock(
        due=ticket.close_due,
        left=counted_of(session, ticket).between(moment, ticket.close_due),
        total=level.close,
        paused=ticket.paused_at is not None,
        round_the_clock=level.round_the_clock,
        warn=level.warn,
    )
