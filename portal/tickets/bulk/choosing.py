"""Choosing the tickets of a bulk deed: those ticked, or all of a list; only what the giver's posts serve."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets.bulk.deeds import check_giver
from portal.tickets.bulk.models import Bulk, BulkItem, Deed
from portal.tickets.models import Ticket
from portal.tickets.selection import Filter, conditions
from portal.tickets.visibility import served_by

#: More than this in one go is a matter for a program, not for a page.
MOST = 500


def seen_of(session: Session, person: Person, chosen: dict[int, int]) -> dict[int, int]:
    """Of the chosen (id → version on the screen) those that this person serves."""
    known = select(Ticket.id).where(Ticket.id.in_(chosen), served_by(person))
    return {number: chosen[number] for number in session.scalars(known)}


def all_of(session: Session, person: Person, wanted: Filter) -> dict[int, int]:
    """Every ticket of a list with its version now, one more than ``MOST`` at the most."""
    asked = conditions(wanted, person, now(session))
    rows = select(Ticket.id, Ticket.version).where(served_by(person), *asked).order_by(Ticket.id)
    return dict(session.execute(rows.limit(MOST + 1)).all())


def begin(session: Session, by: Person, deed: Deed, seen: dict[int, int], *, back: str = "") -> Bulk:
    """Set a deed up for these tickets (id → version seen); nothing happens to them yet."""
    check_giver(by, deed)
    if not seen:
        raise Refused(N_("请先选中要处理的工单。"))
    if len(seen) > MOST:
        raise Refused(N_("一次最多处理 %(limit)s 张工单，请先缩小筛选范围。"), limit=MOST)
    moment = now(session)
    bulk = Bulk(by=by, deed=deed, back=back[:2000], at=moment, moved_at=moment)
    session.add(bulk)
    session.flush()
    session.add_all(
        BulkItem(bulk_id=bulk.id, ticket_id=number, seen=version) for number, version in sorted(seen.items())
    )
    session.flush()
    return bulk
