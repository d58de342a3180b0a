"""What every accepted move keeps, checked the moment it is made; ``rules`` checks what the history leaves.

Working time is counted by ``working_minutes``, day by day, not by the code that set the deadlines.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from portal.people.models import Person
from portal.tickets import desk, notices
from portal.tickets.flow import ENDED, Step
from portal.tickets.models import Notice, Ticket, TrailEntry, Watcher
from portal.tickets.words import ACTION_LABELS, Action
from tests.histories.chronicle import Deed
from tests.histories.working_minutes import working_minutes


@dataclass(frozen=True, slots=True)
class Before:
    """The ticket as it stood."""

    version: int
    entries: int
    level: dict[str, object]
    close_due: datetime | None
    paused_at: datetime | None
    paused_minutes: int
    holder_id: int | None
    last_entry: int
    last_notice: int

    @classmethod
    def of(cls, session: Session, ticket: Ticket) -> Before:
        with session.no_autoflush:
            entry = session.scalar(select(TrailEntry.id).order_by(TrailEntry.id.desc()).limit(1))
            notice = session.scalar(select(Notice.id).order_by(Notice.id.desc()).limit(1))
            entries = session.scalars(select(TrailEntry.seq).where(TrailEntry.ticket_id == ticket.id))
            return cls(
                ticket.version,
                max(entries, default=0),
                dict(ticket.level),
                ticket.close_due,
                ticket.paused_at,
                ticket.paused_minutes,
                ticket.holder_id,
                entry or 0,
                notice or 0,
            )


def check_move(
    session: Session, ticket: Ticket, entry: TrailEntry, row: Step, by: Person | None, before: Before
) -> None:
    assert ticket.version > before.version, "the version goes up"
    assert entry.seq == before.entries + 1, "the trail has no gaps"
    assert (entry.action, entry.by_id) == (row.action, by.id if by else None)
    assert (entry.from_state, entry.from_tier, entry.to_state, entry.to_tier) == (
        row.start,
        row.tier,
        row.end,
        row.then,
    )
    assert (ticket.state, ticket.tier) == (row.end, row.then)
    _check_clock(session, ticket, row, before)
    _check_told(session, ticket, row, by, before)


def written_since(session: Session, entry: TrailEntry, before: Before) -> list[Deed]:
    """What a move wrote down: its own entry, and what follows from it for other tickets, by the system."""
    written = list(
        session.scalars(select(TrailEntry).where(TrailEntry.id > before.last_entry).order_by(TrailEntry.id))
    )
    assert written[0] is entry, "the deed stands first"
    assert all(row.by_id is None for row in written[1:]), "what follows is done by the system"
    return [Deed(row.ticket_id, row.action, row.by_id, row.note) for row in written]


def counted(level: dict[str, object], start: datetime, end: datetime) -> float:
    """Minutes that count, by the second opinion."""
    if level["round_the_clock"]:
        return (end - start).total_seconds() / 60
    return working_minutes(start, end)


def _check_clock(session: Session, ticket: Ticket, row: Step, before: Before) -> None:
    moment: datetime = session.info["tierdesk.now"]
    assert (ticket.paused_at is not None) == (row.end in desk.PAUSED) or row.end in ENDED
    if before.close_due is None or ticket.close_due is None:
        return
    if ticket.level != before.level:  # judged again: from the filing on, pauses given back
        allowed = float(str(ticket.level["close"])) + ticket.paused_minutes
        assert counted(ticket.level, ticket.filed_at, ticket.close_due) == allowed
        return
    away = 0.0
    if before.paused_at is not None and ticket.paused_at is None:
        away = int(counted(before.level, before.paused_at, moment))
    assert ticket.paused_minutes == before.paused_minutes + away, "the pause is counted once and whole"
    assert ticket.close_due >= before.close_due, "no clock runs backwards"
    moved = counted(before.level, before.close_due, ticket.close_due)
    assert moved == away, f"the deadline moved by {moved} minutes in a pause of {away}"


def _check_told(session: Session, ticket: Ticket, row: Step, by: Person | None, before: Before) -> None:
    """Whoever the table of notices names has exactly one notice of it, whoever did it none."""
    event = notices.event_of(row.action, before=row.start)
    if event is None:
        return
    listeners = notices.TABLE[event].listeners
    expected: set[int | None] = set()
    if notices.Listener.REQUESTER in listeners:
        expected.add(ticket.requester_id)
    if notices.Listener.HOLDER in listeners:
        expected.add(ticket.holder_id)
    if notices.Listener.WATCHERS in listeners:
        expected |= set(session.scalars(select(Watcher.person_id).where(Watcher.ticket_id == ticket.id)))
    expected -= {None, by.id if by else None}
    told = Counter(
        session.scalars(
            select(Notice.person_id).where(
                Notice.ticket_id == ticket.id, Notice.event == event, Notice.id > before.last_notice
            )
        )
    )
    assert expected <= set(told), f"{event}: somebody was not told"
    assert all(times == 1 for times in told.values()), f"{event}: somebody was told twice"
    assert by is None or by.id not in told, f"{event}: told of their own deed"


def check_overtaken(observer: Session, number: int, sentence: desk.Overtaken, *, by: int | None) -> None:
    """It says who did what last; ``by``: the id of whoever was told, who may have been faster themselves."""
    last = observer.scalars(
        select(TrailEntry).where(TrailEntry.ticket_id == number).order_by(TrailEntry.seq.desc()).limit(1)
    ).one()
    name = last.by.name if last.by else N_("系统")
    if last.by_id is not None and last.by_id == by:
        name = "您刚刚"
    assert name in str(sentence), f"{sentence} does not name {name}"
    assert ACTION_LABELS[Action(last.action)] in str(sentence)
    observer.rollback()
