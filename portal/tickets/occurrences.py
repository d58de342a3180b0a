"""A defect seen through its tickets: how often, where, in whose words.

The figures of a record count every linked ticket; tickets themselves and their words are shown only to
those who may open them.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, selectinload

from defects.models import Defect
from portal.people.models import Person
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.visibility import visible_tickets


def _live(defect_id: int) -> ColumnElement[bool]:
    return (DefectLink.defect_id == defect_id) & (DefectLink.verdict == LinkVerdict.LINKED)


def tickets_seen(session: Session, defect: Defect, person: Person, *, limit: int) -> list[Ticket]:
    """The newest linked tickets that this person may open."""
    return list(
        session.scalars(
            visible_tickets(person)
            .join(DefectLink, DefectLink.ticket_id == Ticket.id)
            .where(_live(defect.id))
            .options(selectinload(Ticket.requester))
            .order_by(Ticket.filed_at.desc())
            .limit(limit)
        )
    )
