"""Merging two defect records: the library's verb, and the tickets move along to the surviving record."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from defects import library
from defects.flow import DefectDuty
from defects.models import Defect, DefectMove
from portal.tickets import linking
from portal.tickets.models import DefectLink, LinkVerdict, Ticket


def merge(
    session: Session,
    defect: Defect,
    into: Defect,
    *,
    by: int,
    duties: Collection[DefectDuty],
    note: str = "",
) -> DefectMove:
    """Declare ``defect`` a duplicate of ``into``; its tickets' links go along to what survives."""
    entry = library.merge(session, defect, into, by=by, duties=duties, note=note)
    survivor = session.get(Defect, defect.duplicate_of_id)
    assert survivor is not None
    tickets = session.scalars(
        select(Ticket)
        .join(DefectLink)
        .where(DefectLink.defect_id == defect.id, DefectLink.verdict == LinkVerdict.LINKED)
        .options(selectinload(Ticket.defect_links))
    ).all()
    for ticket in tickets:
        linking.carry(session, ticket, survivor)
    return entry
