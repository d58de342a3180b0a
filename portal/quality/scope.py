"""Who sees which follow-up and which inspection: one rule in two shapes each; a test proves them equal.

The posts that serve the ticket's unit see both; whoever was inspected sees their own scores, never that
a ticket of theirs has been drawn. A post counts only with the permission that it brings itself.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Session

from portal.people.models import Person
from portal.people.roles import PERMISSIONS, Permission
from portal.quality.models import FollowUp, Inspection
from portal.quality.words import InspectionState
from portal.tickets.models import Ticket
from portal.tickets.visibility import permissions_on, post_clause

P = Permission
CALLERS = frozenset({P.FOLLOW_UP, P.READ_QUALITY})
INSPECTORS = frozenset({P.INSPECT, P.READ_QUALITY, P.DECIDE_APPEALS})


def covered_by(person: Person, *permissions: Permission) -> ColumnElement[bool]:
    """Tickets on which a post of this person brings one of these permissions; ``permissions_on`` in SQL."""
    wanted = frozenset(permissions)
    if not person.active:
        return false()
    rows = (row for row in person.posts if wanted & PERMISSIONS[row.post])
    return or_(false(), *(post_clause(row) for row in rows))


def is_follow_up_visible(person: Person, row: FollowUp) -> bool:
    return bool(CALLERS & permissions_on(person, row.ticket))


def visible_follow_ups(person: Person) -> Select[FollowUp]:
    return select(FollowUp).join(Ticket, Ticket.id == FollowUp.ticket_id).where(covered_by(person, *CALLERS))


def is_inspection_visible(person: Person, row: Inspection) -> bool:
    if row.agent_id == person.id:
        return person.active and row.state != InspectionState.OPEN
    return bool(INSPECTORS & permissions_on(person, row.ticket))


def seen_inspection(person: Person) -> ColumnElement[bool]:
    """``is_inspection_visible`` in SQL, over inspections joined with their tickets."""
    if not person.active:
        return false()
    own = and_(Inspection.agent_id == person.id, Inspection.state != InspectionState.OPEN)
    return or_(own, and_(Inspection.agent_id != person.id, covered_by(person, *INSPECTORS)))


def visible_inspections(person: Person) -> Select[Inspection]:
    return select(Inspection).join(Ticket, Ticket.id == Inspection.ticket_id).where(seen_inspection(person))


def follow_up_of(session: Session, person: Person, number: int) -> FollowUp | None:
    """The follow-up, when this person may see it."""
    row = session.get(FollowUp, number)
    return row if row is not None and is_follow_up_visible(person, row) else None


def inspection_of(session: Session, person: Person, number: int) -> Inspection | None:
    """The inspection, when this person may see it."""
    row = session.get(Inspection, number)
    return row if row is not None and is_inspection_visible(person, row) else None
