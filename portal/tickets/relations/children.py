"""Parent and children across systems (跨系统协同): what is checked, and what changes on either side.

``moves`` calls both: by the hand of whoever works on the parent, then, by the system, on the child, where
the tie is kept. The invariant: a ticket has one parent at most, and nobody is their own ancestor.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from indexer.words import N_
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets.models import Ticket
from portal.tickets.relations.merging import NOT_THERE
from portal.tickets.relations.standing import above
from portal.tickets.visibility import is_visible


def attach(session: Session, ticket: Ticket, other: Ticket, *, by: Person | None) -> dict[str, object]:
    """``by`` ties ``other`` to the parent ``ticket``; by the system, ``ticket`` gets its parent ``other``."""
    if by is None:
        ticket.parent = other
        return {"parent": other.number}
    _check(session, parent=ticket, child=other, by=by)
    return {"child": other.number}


def _check(session: Session, *, parent: Ticket, child: Ticket, by: Person) -> None:
    if not is_visible(session, by, child):
        raise Refused(NOT_THERE)
    if not child.is_open:
        raise Refused(N_("工单 %(number)s 已经结束，不用再协同；可以建立关联。"), number=child.number)
    if child.parent is not None and child.parent.is_open:
        raise Refused(N_("工单 %(number)s 已经在为另一张工单协同。"), number=child.number)
    if child.id == parent.id or child in above(parent):
        raise Refused(N_("这样会绕成一圈：%(number)s 就在这张工单的上级里。"), number=child.number)


def detach(session: Session, ticket: Ticket, other: Ticket, *, by: Person | None) -> dict[str, object]:
    """The tie is taken back; what has ended stays where it was done."""
    if by is None:
        ticket.parent = None
        return {"parent": other.number}
    if other.parent_id != ticket.id:
        raise Refused(NOT_THERE)
    if not other.is_open:
        raise Refused(N_("协同工单 %(number)s 已经结束，记录保留，不需要解除。"), number=other.number)
    return {"child": other.number}
