"""The trail: append-only, each entry carrying the hash of the one before it.

``SHA-256(previous digest + canonical JSON of the entry)``, one chain per ticket. Whoever edits or
removes an entry breaks every digest after it; ``verify`` says where.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.words import Action, State, Tier


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
    """(ticket number, what is wrong) for every ticket whose trail doesn't hold."""
    wrong = []
    for ticket_id, number, state, tier in session.execute(
        select(Ticket.id, Ticket.number, Ticket.state, Ticket.tier).order_by(Ticket.id)
    ):
        entries = list(
            session.scalars(
                select(TrailEntry).where(TrailEntry.ticket_id == ticket_id).order_by(TrailEntry.seq)
            )
        )
        broken = first_break(entries)
        if broken is not None:
            wrong.append((number, f"第 {broken.seq} 条流转记录对不上"))
        elif not entries or (entries[-1].to_state, entries[-1].to_tier) != (state, tier):
            wrong.append((number, "工单现状与最后一条流转记录不一致"))
    return wrong


def length(session: Session) -> int:
    """How many entries there are."""
    return session.scalar(select(func.count()).select_from(TrailEntry)) or 0
