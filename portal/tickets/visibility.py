"""Who sees which tickets: one rule in two shapes, ``is_visible`` and ``visible_tickets``.

The requester, whoever filed it and its watchers see their ticket. Posts see what they serve: front
posts the tickets of their unit and below, middle and back posts those of their systems, dispatch and
managers all. A test proves both shapes equal. Comments and files marked internal are for staff only.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

from portal.catalogue.models import System
from portal.people.models import Person, PersonPost, Unit
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


def post_clause(row: PersonPost, *, walking: bool = False) -> ColumnElement[bool]:
    """``post_covers`` in SQL.

    ``walking`` keeps the planner from starting at the systems or units: over a large part of all tickets
    it is quicker to walk them in the order of the list than to sort what the posts serve.
    """
    unit, system = Ticket.unit_id, Ticket.system_id
    unit_key: ColumnElement[int] = func.coalesce(unit, 0) if walking else unit.expression
    system_key: ColumnElement[int] = func.coalesce(system, 0) if walking else system.expression
    if row.post in BOUND_TO_SYSTEMS:
        return system_key.in_(select(System.id).where(System.code.in_(row.systems)))
    if row.post in BOUND_TO_UNITS:
        return unit_key.in_(_units_below(row.unit)) if row.unit is not None else false()
    return true() if Permission.READ_ALL_TICKETS in PERMISSIONS[row.post] else false()


def _units_below(unit: Unit) -> Select[int]:
    # substr, not LIKE: SQLite's LIKE takes upper and lower case for the same.
    return select(Unit.id).where(func.substr(Unit.path, 1, len(unit.path)) == unit.path)


def serves_all(person: Person) -> bool:
    """Does a post of this person serve every ticket there is?"""
    return person.active and any(
        Permission.READ_ALL_TICKETS in PERMISSIONS[row.post]
        for row in person.posts
        if row.post not in BOUND_TO_SYSTEMS | BOUND_TO_UNITS
    )


def served_by(person: Person, *, walking: bool = False) -> ColumnElement[bool]:
    """``serves`` in SQL."""
    if not person.active:
        return false()
    if serves_all(person):
        return true()
    return or_(false(), *(post_clause(row, walking=walking) for row in person.posts))


def served_tickets(person: Person) -> Select[Ticket]:
    """The tickets this person's posts serve: queues, figures and exports start here."""
    return select(Ticket).where(served_by(person))


def visible_tickets(person: Person) -> Select[Ticket]:
    """Every ticket this person may open."""
    if not person.active:
        return select(Ticket).where(false())
    watched = exists().where(Watcher.ticket_id == Ticket.id, Watcher.person_id == person.id)
    return select(Ticket).where(
        or_(Ticket.requester_id == person.id, Ticket.filed_by_id == person.id, watched, served_by(person))
    )
