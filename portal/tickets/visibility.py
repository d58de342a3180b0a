"""Who sees which tickets: one rule in two shapes, ``is_visible`` and ``visible_tickets``.

The requester, whoever filed it and its watchers see their ticket. Posts see what they serve: front
posts the tickets of their unit and below, middle and back posts those of their systems, dispatch and
managers all. A test proves both shapes equal. Comments and files marked internal are for staff only.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, CompoundSelect, Select, false, or_, select, true, union
from sqlalchemy.orm import Session, object_session
from sqlalchemy.sql.expression import False_

from portal.catalogue.queries import system_ids
from portal.db import Checked
from portal.people.models import Person, PersonPost
from portal.people.queries import are_all_units, unit_ids
from portal.people.roles import BOUND_TO_SYSTEMS, BOUND_TO_UNITS, PERMISSIONS, Permission, permissions_of
from portal.tickets.models import Ticket, Watcher


def post_covers(row: PersonPost, ticket: Ticket) -> bool:
    """Does this post serve this ticket?"""
    if row.post in BOUND_TO_SYSTEMS:
        return ticket.system.code in row.systems
    if row.post in BOUND_TO_UNITS:
        return row.unit is not None and ticket.unit.path.startswith(row.unit.path)
    return Permission.READ_ALL_TICKETS in PERMISSIONS[row.post]


def serves(person: Person, ticket: Ticket) -> bool:
    """Does any post of this person serve this ticket?"""
    return person.active and any(post_covers(row, ticket) for row in person.posts)


def permissions_on(person: Person, ticket: Ticket) -> frozenset[Permission]:
    """What this person may do with this ticket: only posts that serve it count.

    Somebody who is agent for one unit and expert for one system is no expert for the unit's other systems.
    """
    if not person.active:
        return frozenset()
    return permissions_of(row.post for row in person.posts if post_covers(row, ticket))


def is_party(session: Session, person: Person, ticket: Ticket) -> bool:
    """Is this somebody's own ticket, or one they follow?"""
    if person.id in (ticket.requester_id, ticket.filed_by_id):
        return True
    return session.get(Watcher, (ticket.id, person.id)) is not None


def is_visible(session: Session, person: Person, ticket: Ticket) -> bool:
    """May this person open this ticket at all?"""
    return person.active and (is_party(session, person, ticket) or serves(person, ticket))


def post_clause(row: PersonPost) -> ColumnElement[bool]:
    """``post_covers`` in SQL."""
    if row.post in BOUND_TO_SYSTEMS:
        return Checked(Ticket.system_id).in_(system_ids(object_session(row), row.systems))
    if row.post in BOUND_TO_UNITS and _serves_every_unit(row):
        return true()
    if row.post in BOUND_TO_UNITS:
        below = unit_ids(object_session(row), row.unit.path) if row.unit is not None else []
        return Checked(Ticket.unit_id).in_(below)
    return true() if Permission.READ_ALL_TICKETS in PERMISSIONS[row.post] else false()


def _serves_every_unit(row: PersonPost) -> bool:
    return row.unit is not None and are_all_units(object_session(row), row.unit.path)


def serves_all(person: Person) -> bool:
    """Does a post of this person serve every ticket there is?"""
    return person.active and any(_serves_all(row) for row in person.posts)


def _serves_all(row: PersonPost) -> bool:
    if row.post in BOUND_TO_UNITS:
        return _serves_every_unit(row)
    return row.post not in BOUND_TO_SYSTEMS and Permission.READ_ALL_TICKETS in PERMISSIONS[row.post]


def served_by(person: Person) -> ColumnElement[bool]:
    """``serves`` in SQL."""
    if not person.active:
        return false()
    if serves_all(person):
        return true()
    clauses = [clause for row in person.posts if not isinstance(clause := post_clause(row), False_)]
    return or_(*clauses) if clauses else false()


def served_tickets(person: Person) -> Select[Ticket]:
    """The tickets this person's posts serve: queues, figures and exports start here."""
    return select(Ticket).where(served_by(person))


def visible_tickets(person: Person) -> Select[Ticket]:
    """Every ticket this person may open."""
    if not person.active:
        return select(Ticket).where(false())
    own, served = Ticket.id.in_(_party_to(person)), served_by(person)
    # Said only where there is something to say: a planner can't see through "or false".
    return select(Ticket).where(own if isinstance(served, False_) else or_(own, served))


def _party_to(person: Person) -> CompoundSelect[int]:
    """``is_party`` in SQL: three small questions, each with an index of its own, instead of one about all."""
    return union(
        select(Ticket.id).where(Ticket.requester_id == person.id),
        select(Ticket.id).where(Ticket.filed_by_id == person.id),
        select(Watcher.ticket_id).where(Watcher.person_id == person.id),
    )
