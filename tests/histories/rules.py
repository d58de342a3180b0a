"""What every history leaves behind, read in a session of its own once all have committed."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.people.roles import Permission
from portal.tickets import desk, trail
from portal.tickets.flow import ENDED, PERMISSION_FOR, STEPS, Step, Who
from portal.tickets.models import Comment, Ticket, TrailEntry, Urge
from portal.tickets.visibility import permissions_on
from portal.tickets.words import Action, State, Tier
from tests.histories.beside import COMMENT, URGE
from tests.histories.chronicle import Chronicle

Place = tuple[State | None, Tier | None, Action, State, Tier]
ROWS: dict[Place, list[Step]] = {}
for _row in STEPS:
    ROWS.setdefault((_row.start, _row.tier, _row.action, _row.end, _row.then), []).append(_row)

#: From which tier work may come to which; written down beside the table, as the domain tells it.
F, L, M, D, B, U = Tier.FRONT, Tier.LOCAL, Tier.MIDDLE, Tier.DISPATCH, Tier.BACK, Tier.USER
ROADS = {(F, L), (L, F), (F, M), (L, M), (M, F), (M, D), (D, M), (M, B), (B, M), (D, B), (F, U), (U, F)}


def check_tickets(session: Session, chronicle: Chronicle) -> None:
    """Every rule, for every ticket of the history; and nothing is there that nobody did."""
    tickets = list(session.scalars(select(Ticket).order_by(Ticket.id)))
    assert [ticket.id for ticket in tickets] == sorted(chronicle.numbers), "tickets come from filings alone"
    for ticket in tickets:
        check_ticket(ticket)
    check_nothing_lost(session, chronicle)
    assert trail.broken_tickets(session) == []


def check_ticket(ticket: Ticket) -> None:
    """The rules that need no chronicle: they hold after any race."""
    entries = ticket.trail
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1)), "no gaps"
    assert trail.first_break(entries) is None
    assert entries[0].action == Action.FILE
    for former, entry in pairwise(entries):
        assert (entry.from_state, entry.from_tier) == (former.to_state, former.to_tier)
        assert entry.at >= former.at, "the trail runs forward"
        check_entry(ticket, entry)
    check_standing(ticket, entries[-1])


def check_entry(ticket: Ticket, entry: TrailEntry) -> None:
    """A row of the table, taken by whom the row names; no tier skipped, and the back closes nothing."""
    place = (entry.from_state, entry.from_tier, entry.action, entry.to_state, entry.to_tier)
    assert place in ROWS, f"no row of the table: {place}"
    assert any(_fits(ticket, entry, row) for row in ROWS[place]), f"not theirs: {place} by {entry.by_id}"
    if entry.from_tier != entry.to_tier and entry.to_state not in ENDED:
        assert (entry.from_tier, entry.to_tier) in ROADS, f"a tier was skipped: {place}"
    if entry.from_tier == Tier.BACK:
        assert entry.to_tier in (Tier.BACK, Tier.MIDDLE) or entry.action != Action.FINISH
        assert entry.to_state not in ENDED or not _is_back(ticket, entry), "the back closed a ticket"


def _fits(ticket: Ticket, entry: TrailEntry, row: Step) -> bool:
    if row.by == Who.SYSTEM:
        return entry.by is None
    if entry.by is None:
        return False
    if row.by == Who.REQUESTER:
        return entry.by_id == ticket.requester_id
    permission = PERMISSION_FOR.get(row.by)
    return permission is None or permission in permissions_on(entry.by, ticket)


def _is_back(ticket: Ticket, entry: TrailEntry) -> bool:
    return entry.by is not None and Permission.WORK_BACK in permissions_on(entry.by, ticket)


def check_standing(ticket: Ticket, last: TrailEntry) -> None:
    """The ticket stands where its trail ends."""
    assert (ticket.state, ticket.tier) == (last.to_state, last.to_tier)
    assert (ticket.closed_at is not None) == (ticket.state in ENDED)
    assert (ticket.paused_at is not None) == (ticket.state in desk.PAUSED) or ticket.state in ENDED
    assert ticket.holder is None or ticket.tier != Tier.USER
    assert sum(link.is_live for link in ticket.defect_links) <= 1


def check_nothing_lost(session: Session, chronicle: Chronicle) -> None:
    """Each accepted deed stands there once, and nothing else does."""
    moves = chronicle.moves()
    for number in chronicle.numbers:
        rows = session.execute(
            select(TrailEntry.action, TrailEntry.by_id, TrailEntry.note)
            .where(TrailEntry.ticket_id == number)
            .order_by(TrailEntry.seq)
        )
        assert [tuple(row) for row in rows] == moves[number]
        ticket = session.get_one(Ticket, number)
        assert _count(session, Comment, number) == chronicle.said(COMMENT)[number]
        assert _count(session, Urge, number) == chronicle.said(URGE)[number] == ticket.urges


def _count(session: Session, model: type[Comment] | type[Urge], number: int) -> int:
    return session.scalar(select(func.count()).where(model.ticket_id == number)) or 0


def walked(session: Session) -> Counter[Place]:
    """Which rows the trails of this database walked, and how often."""
    rows = session.execute(
        select(
            TrailEntry.from_state,
            TrailEntry.from_tier,
            TrailEntry.action,
            TrailEntry.to_state,
            TrailEntry.to_tier,
        ).where(TrailEntry.from_state.is_not(None))
    )
    return Counter((a, b, c, d, e) for a, b, c, d, e in rows)
