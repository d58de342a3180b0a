"""Those who are hit by an outage and have no ticket that anybody would tell them through.

They said “me too”, or their ticket was withdrawn or merged meanwhile. The invariant: whoever is hit hears of
the end once, through their ticket or through a notice.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from portal.faults.models import FaultEvent, FaultReport
from portal.people.models import Person
from portal.tickets import notices
from portal.tickets.models import Ticket
from portal.tickets.notices import Event


def bystanders(fault: FaultEvent) -> Select[int]:
    """Their ids, each once."""
    through_a_ticket = (
        select(FaultReport.person_id)
        .join(Ticket, Ticket.id == FaultReport.ticket_id)
        .where(_of(fault), or_(Ticket.closed_at.is_(None), Ticket.told_at.is_not(None)))
    )
    return (
        select(FaultReport.person_id)
        .where(_of(fault), FaultReport.person_id.not_in(through_a_ticket))
        .distinct()
        .order_by(FaultReport.person_id)
    )


def _of(fault: FaultEvent) -> ColumnElement[bool]:
    return and_(FaultReport.fault_id == fault.id, FaultReport.left_at.is_(None))


def tell_bystanders(
    session: Session, fault: FaultEvent, event: Event, values: dict[str, str], *, by: Person
) -> None:
    """Write the notices; whoever ends it needs none."""
    notices.tell(session, event, to=session.scalars(bystanders(fault)), values=values, by=by)
    session.flush()
