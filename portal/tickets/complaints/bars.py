"""Who keeps out of a complaint, and what is known of one. Reading only; one rule in two shapes."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, object_session

from portal.people.models import Person
from portal.tickets.complaints.models import Complaint, ComplaintBar
from portal.tickets.models import Ticket
from portal.tickets.words import Category


def complaint_of(ticket: Ticket) -> Complaint | None:
    """What this ticket complains about; asked of complaints alone."""
    session = object_session(ticket)
    if session is None or Category.COMPLAINT not in (ticket.category, ticket.first_category):
        return None
    return session.get(Complaint, ticket.id)


def barred_from(ticket: Ticket) -> frozenset[int]:
    """Ids of those who may not handle it."""
    complaint = complaint_of(ticket)
    return frozenset(row.person_id for row in complaint.bars) if complaint else frozenset()


def keeps_out(person: Person) -> ColumnElement[bool]:
    """``barred_from`` in SQL: is this ticket a complaint that this person keeps out of?"""
    return exists().where(ComplaintBar.ticket_id == Ticket.id, ComplaintBar.person_id == person.id)


def complaints_about(session: Session, ticket: Ticket) -> list[Ticket]:
    """The complaints filed about this ticket, the newest first."""
    wanted = select(Ticket).join(Complaint, Complaint.ticket_id == Ticket.id)
    return list(session.scalars(wanted.where(Complaint.about_id == ticket.id).order_by(Ticket.id.desc())))
