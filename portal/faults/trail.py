"""What happened to a fault event: append-only, each entry carrying the hash of the one before it.

The tickets of an event have trails of their own; this is the event's. The invariant: whoever edits or
removes an entry breaks every digest after it, and ``broken_faults`` says where.
"""

from __future__ import annotations

from datetime import UTC

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from kb.columns import now
from portal.faults.flow import FaultAction, FaultState
from portal.faults.models import FaultEvent, FaultMove
from portal.tickets.trail import links


def append(
    session: Session,
    fault: FaultEvent,
    action: FaultAction,
    *,
    by_id: int | None,
    note: str = "",
    start: FaultState | None = None,
    data: dict[str, object] | None = None,
) -> FaultMove:
    """Write one entry, in the transaction of the deed; ``start`` is where a step came from."""
    # Two colleagues at once write one after the other, each on the other's digest.
    session.execute(select(FaultEvent.id).where(FaultEvent.id == fault.id).with_for_update())
    session.refresh(fault, ["moves"])
    last = fault.moves[-1] if fault.moves else None
    entry = FaultMove(
        fault_id=fault.id,
        seq=last.seq + 1 if last else 1,
        action=action,
        start=start or fault.state,
        end=fault.state,
        by_id=by_id,
        at=now(session).replace(microsecond=0),  # what the digest covers must survive any database
        note=note.strip(),
        data=data or {},
        previous=last.digest if last else "",
    )
    entry.digest = digest_of(entry)
    fault.moves.append(entry)
    session.flush()
    return entry


def digest_of(entry: FaultMove) -> str:
    """What the entry's digest must be."""
    content = {
        "fault": entry.fault_id,
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(),
        "by": entry.by_id,
        "action": entry.action,
        "from": entry.start,
        "to": entry.end,
        "note": entry.note,
        "data": entry.data,
    }
    return links.digest_of(content, after=entry.previous)


def broken_faults(session: Session) -> list[tuple[str, str]]:
    """(number, what is wrong) for every event whose trail doesn't hold."""
    faults = session.scalars(
        select(FaultEvent).options(selectinload(FaultEvent.moves)).order_by(FaultEvent.id)
    )
    return [(fault.number, wrong) for fault in faults if (wrong := _wrong_in(fault))]


def _wrong_in(fault: FaultEvent) -> str:
    broken = links.first_break(fault.moves, digest_of)
    if broken is not None:
        return f"第 {broken.seq} 条记录对不上"
    stands = fault.moves[-1].end if fault.moves else None
    return "" if stands == fault.state else "故障现状与最后一条记录不一致"
