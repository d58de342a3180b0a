"""Which version of a record's system ran where a ticket came from, when it was filed.

A ticket keeps the version of the system that its user named. Users name the wrong system: then that number
says nothing about the record, and the roll-out of the record's own system is asked, for that day.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from defects.models import Defect
from portal.catalogue.queries import ZONE, system_by_code
from portal.catalogue.rollout import runs_of
from portal.tickets.models import Ticket


def running_for(session: Session, ticket: Ticket, defect: Defect) -> str:
    """Empty when nobody knows."""
    if ticket.system.code == defect.system:
        return ticket.running_version
    system = system_by_code(session, defect.system)
    if system is None:
        return ""
    return runs_of(session, system).at(ticket.unit, ticket.filed_at.astimezone(ZONE).date())
