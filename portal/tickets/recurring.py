"""The alarm when a defect comes back: the record is opened again and its owners are told."""

from __future__ import annotations

from sqlalchemy.orm import Session

from defects.models import Defect
from defects.recurrence import recur, recurs
from indexer.words import N_
from portal.tickets.models import Ticket
from portal.tickets.notices import Event, tell


def watch(session: Session, ticket: Ticket, defect: Defect) -> bool:
    """A ticket was linked: does it show that the fix did not hold? Then raise the alarm."""
    if not recurs(defect, ticket.running_version, at=ticket.filed_at):
        return False
    note = N_("%(unit)s 已运行修复后的版本 %(version)s，工单 %(number)s 又是同样的问题。") % {
        "unit": ticket.unit.name,
        "version": ticket.running_version,
        "number": ticket.number,
    }
    recur(session, defect, note=note)
    values = {"defect": defect.number, "title": defect.title, "note": note, "number": ticket.number}
    owners = {owner for owner in (defect.owner_middle_id, defect.owner_back_id) if owner is not None}
    tell(session, Event.RECURRED, to=owners, values=values, ticket=ticket)
    session.flush()
    return True
