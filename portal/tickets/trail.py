"""The trail: append-only, each entry carrying the hash of the one before it.

``SHA-256(previous digest + canonical JSON of the entry)``, one chain per ticket. Whoever edits or
removes an entry breaks every digest after it; ``verify`` says where.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC
from itertools import groupby
from operator import attrgetter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.words import Action, State, Tier

STANDS_APART = "工单现状与最后一条流转记录不一致"


def append(
    session: Session,
    ticket: Ticket,
    action: Action,
    *,
    by_id: int | None,
    start: tuple[State, Tier] | None,
    note: str = "",
    data: dict[str, object] | None = None,
) -> TrailEntry:
    """Write one entry; called by the desk in the same transaction as the deed."""
    last = session.execute(
        select(TrailEntry.seq, TrailEntry.digest)
        .where(TrailEntry.ticket_id == ticket.id)
        .order_by(TrailEntry.seq.desc())
        .limit(1)
    ).first()
    entry = TrailEntry(
        ticket_id=ticket.id,
        seq=last.seq + 1 if last else 1,
        at=now(session).replace(microsecond=0),  # what the digest covers must survive any database
        by_id=by_id,
        action=action,
        from_state=start[0] if start else None,
        from_tier=start[1] if start else None,
        to_state=ticket.state,
        to_tier=ticket.tier,
        note=note,
        data=data or {},
        previous=last.digest if last else "",
    )
    entry.digest = digest_of(entry)
    session.add(entry)
    session.flush()
    return entry


def digest_of(entry: TrailEntry) -> str:
    """What the entry's digest must be."""
    content = {
        "ticket": entry.ticket_id,
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(),
        "by": entry.by_id,
        "action": entry.action,
        "from": [entry.from_state, entry.from_tier],
        "to": [entry.to_state, entry.to_tier],
        "note": entry.note,
        "data": entry.data,
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{entry.previous}\n{text}".encode()).hexdigest()


def first_break(entries: Iterable[TrailEntry]) -> TrailEntry | None:
    """The first entry whose number, link or digest is wrong; entries come in order."""
    previous, expected = "", 1
    for entry in entries:
        if entry.seq != expected or entry.previous != previous or entry.digest != digest_of(entry):
            return entry
        previous, expected = entry.digest, expected + 1
    return None


def broken_tickets(session: Session) -> list[tuple[str, str]]:
    """(ticket number, what is wrong) for every ticket whose trail doesn't hold; one pass over the table."""
    rows = session.scalars(
        select(TrailEntry).order_by(TrailEntry.ticket_id, TrailEntry.seq).execution_options(yield_per=1000)
    )
    tickets = {
        row.id: row
        for row in session.execute(
            select(Ticket.id, Ticket.number, Ticket.state, Ticket.tier).order_by(Ticket.id)
        )
    }
    wrong: dict[int, str] = dict.fromkeys(tickets, STANDS_APART)
    for ticket_id, entries in groupby(rows, key=attrgetter("ticket_id")):
        row = tickets.get(ticket_id)
        fault = _fault_in(list(entries), (row.state, row.tier) if row else None)
        if fault:
            wrong[ticket_id] = fault
        else:
            wrong.pop(ticket_id, None)
    return [
        (tickets[key].number if key in tickets else f"#{key}", fault) for key, fault in sorted(wrong.items())
    ]


def _fault_in(entries: list[TrailEntry], stands: tuple[State, Tier] | None) -> str:
    broken = first_break(entries)
    if broken is not None:
        return f"第 {broken.seq} 条流转记录对不上"
    return "" if stands == (entries[-1].to_state, entries[-1].to_tier) else STANDS_APART


def length(session: Session) -> int:
    """How many entries there are."""
    return session.scalar(select(func.count()).select_from(TrailEntry)) or 0
