"""Verifying every chain: a few hundred tickets at a time, so that memory does not grow with the desk.

Nothing is repaired here, and nothing but the result of the run is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.trail import sentences
from portal.tickets.trail.chain import Written, first_break
from portal.tickets.trail.models import TrailCheck, TrailHead
from portal.tickets.words import State, Tier

AT_ONCE = 500
KEPT = 50
#: Every column that a digest covers or is.
COVERED = (
    TrailEntry.ticket_id,
    TrailEntry.seq,
    TrailEntry.at,
    TrailEntry.by_id,
    TrailEntry.action,
    TrailEntry.from_state,
    TrailEntry.from_tier,
    TrailEntry.to_state,
    TrailEntry.to_tier,
    TrailEntry.note,
    TrailEntry.data,
    TrailEntry.previous,
    TrailEntry.digest,
)


@dataclass(frozen=True, slots=True)
class Break:
    """One ticket whose trail does not hold, and why."""

    number: str
    sentence: str
    values: dict[str, object] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return self.sentence % self.values if self.values else self.sentence


@dataclass(frozen=True, slots=True)
class Checked:
    tickets: int
    entries: int
    breaks: tuple[Break, ...]


def check(session: Session, advance: Callable[[int], None] = lambda done: None) -> Checked:
    """Every ticket's chain; ``advance`` is told how many more tickets are done."""
    breaks: list[Break] = []
    tickets = entries = 0
    for rows in _parts(session):
        chains = _chains(session, [row.id for row in rows])
        heads = _heads(session, [row.id for row in rows])
        for row in rows:
            chain = chains.get(row.id, [])
            fault = fault_in(chain, heads.get(row.id), (row.state, row.tier))
            if fault is not None:
                breaks.append(Break(row.number, *fault))
            entries += len(chain)
        tickets += len(rows)
        advance(len(rows))
    breaks += _orphans(session)
    return Checked(tickets, entries, tuple(breaks))


def _parts(session: Session) -> Iterator[Sequence[Any]]:
    last = 0
    columns = select(Ticket.id, Ticket.number, Ticket.state, Ticket.tier).order_by(Ticket.id).limit(AT_ONCE)
    while rows := session.execute(columns.where(Ticket.id > last)).all():
        yield rows
        last = rows[-1].id


def _chains(session: Session, ids: list[int]) -> dict[int, list[Any]]:
    """As rows: what lies in the database counts, and the session keeps none of it."""
    entries = session.execute(
        select(*COVERED)
        .where(TrailEntry.ticket_id.between(ids[0], ids[-1]))
        .order_by(TrailEntry.ticket_id, TrailEntry.seq)
    )
    chains: dict[int, list[Any]] = defaultdict(list)
    for entry in entries:
        chains[entry.ticket_id].append(entry)
    return chains


def _heads(session: Session, ids: list[int]) -> dict[int, Any]:
    columns = (TrailHead.ticket_id, TrailHead.length, TrailHead.digest)
    rows = session.execute(select(*columns).where(TrailHead.ticket_id.between(ids[0], ids[-1])))
    return {row.ticket_id: row for row in rows}


def fault_in(
    chain: Sequence[Written], head: TrailHead | Row[Any] | None, stands: tuple[State, Tier]
) -> tuple[str, dict[str, object]] | None:
    """What is wrong with one ticket's trail; None when it holds."""
    if not chain and head is None:
        return sentences.STANDS_APART, {}
    broken = first_break(chain)
    if broken is not None:
        return sentences.ENTRY_BROKEN, {"seq": broken.seq}
    if head is None:
        return sentences.NO_ANCHOR, {}
    if len(chain) != head.length:
        sentence = sentences.TRUNCATED if len(chain) < head.length else sentences.GROWN
        return sentence, {"expected": head.length, "found": len(chain)}
    if chain[-1].digest != head.digest:
        return sentences.END_CHANGED, {}
    if stands != (chain[-1].to_state, chain[-1].to_tier):
        return sentences.STANDS_APART, {}
    return None


def _orphans(session: Session) -> Iterator[Break]:
    """Trails whose ticket is gone: only somebody past the desk can have removed it."""
    known = select(Ticket.id)
    lost = select(TrailHead.ticket_id).where(TrailHead.ticket_id.not_in(known))
    left = select(TrailEntry.ticket_id).where(TrailEntry.ticket_id.not_in(known))
    for number in session.scalars(lost.union(left).order_by("ticket_id")):
        yield Break(f"#{number}", sentences.NO_TICKET)


def broken_tickets(session: Session) -> list[tuple[str, str]]:
    """(ticket number, what is wrong) for every ticket whose trail doesn't hold."""
    return [(row.number, row.words) for row in check(session).breaks]


def record(session: Session, checked: Checked) -> TrailCheck:
    """Keep the result for the administrators' page."""
    row = TrailCheck(
        at=now(session),
        tickets=checked.tickets,
        entries=checked.entries,
        broken_count=len(checked.breaks),
        broken=[
            {"number": one.number, "sentence": one.sentence, "values": one.values}
            for one in checked.breaks[:KEPT]
        ],
    )
    session.add(row)
    session.flush()
    return row


def last_checks(session: Session, *, limit: int = 20) -> list[TrailCheck]:
    """The latest verifications, newest first."""
    return list(session.scalars(select(TrailCheck).order_by(TrailCheck.id.desc()).limit(limit)))


def length(session: Session) -> int:
    """How many entries there are."""
    return session.scalar(select(func.count()).select_from(TrailEntry)) or 0


def ticket_count(session: Session) -> int:
    """How many chains there are to verify."""
    return session.scalar(select(func.count()).select_from(Ticket)) or 0
