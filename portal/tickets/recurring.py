"""What a link means for a record that was said to be repaired: the alarm, or its end when the link goes.

Called by the verbs of ``linking`` alone; the alarm itself is in ``recurrence``.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from defects.models import Defect
from portal.people.models import Person
from portal.tickets.models import DefectLink, Ticket
from portal.tickets.recurrence.models import Basis, RecurrenceAlarm
from portal.tickets.recurrence.raising import raised, seen_where_fixed, withdrawn


def watch(session: Session, ticket: Ticket, defect: Defect) -> RecurrenceAlarm | None:
    """A ticket is linked: does it show that the repair did not hold? Then it is on an alarm from now on."""
    link = _live(ticket, defect)
    if link is None:
        return None
    by = session.get(Person, link.by_id) if link.by_id else None
    basis = Basis.PERSON if by is not None else Basis.AUTOMATIC
    seen = seen_where_fixed(session, ticket, defect, basis=basis, probability=link.probability, by=by)
    return raised(session, seen) if seen is not None else None


def _live(ticket: Ticket, defect: Defect) -> DefectLink | None:
    return next((row for row in ticket.defect_links if row.is_live and row.defect_id == defect.id), None)


def unwatch(session: Session, ticket: Ticket, defect: Defect, *, by: Person | None) -> None:
    """The link was taken back, or the record rejected: what rested on this ticket alone falls."""
    withdrawn(session, ticket, defect, by=by)
