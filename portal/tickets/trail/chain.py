"""One ticket's chain: how an entry is appended, what its digest covers, where a chain breaks.

``SHA-256(previous digest + canonical JSON of the entry)``. Whoever edits, inserts, reorders or removes an
entry breaks every digest after it; the end is held by :class:`TrailHead`, written in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any, TypeVar

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.trail import links
from portal.tickets.trail.models import TrailHead
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
    head = session.get(TrailHead, ticket.id, populate_existing=True)
    last = head or _unanchored(session, ticket)
    entry = TrailEntry(
        ticket_id=ticket.id,
        seq=last.length + 1 if last else 1,
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
    if head is not None:
        head.length, head.digest = entry.seq, entry.digest
    elif last is None:
        session.add(head_of(entry))
    session.flush()
    return entry


def _unanchored(session: Session, ticket: Ticket) -> Any:
    """The end of a chain whose anchor was removed: work goes on, and ``verify`` goes on naming it."""
    last = select(TrailEntry.seq.label("length"), TrailEntry.digest).where(TrailEntry.ticket_id == ticket.id)
    return session.execute(last.order_by(TrailEntry.seq.desc()).limit(1)).first()


def head_of(entry: TrailEntry) -> TrailHead:
    """The end of a chain whose last entry is this one."""
    return TrailHead(ticket_id=entry.ticket_id, length=entry.seq, digest=entry.digest)


#: An entry, or a row of its columns.
Written = TrailEntry | Row[Any]
One = TypeVar("One", bound=Written)


def digest_of(entry: Written) -> str:
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
    return links.digest_of(content, after=entry.previous)


def first_break(entries: Iterable[One]) -> One | None:
    """The first entry whose number, link or digest is wrong; entries come in order."""
    return links.first_break(entries, digest_of)
