"""Who sees which fault events, and what they may do with one: one rule in two shapes.

Middle and back posts see the outages of their systems, front posts those that hit their units (or a unit
above or below them), dispatch and managers all. A person's permissions on an event are those of the posts
that serve it and no others. A test proves ``is_visible`` and ``visible_faults`` equal.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.faults.models import FaultEvent
from portal.people.models import Person, PersonPost, Unit
from portal.people.roles import BOUND_TO_SYSTEMS, BOUND_TO_UNITS, PERMISSIONS, Permission, permissions_of


def paths_of(session: Session, fault: FaultEvent) -> tuple[str, ...]:
    """Where in the tree the units that are hit stand; none means everywhere."""
    if not fault.units:
        return ()
    return tuple(session.scalars(select(Unit.path).where(Unit.code.in_(fault.units))))


def post_serves(row: PersonPost, fault: FaultEvent, paths: tuple[str, ...]) -> bool:
    """Does this post serve this event?"""
    if row.post in BOUND_TO_SYSTEMS:
        return not set(row.systems).isdisjoint(fault.systems)
    if row.post in BOUND_TO_UNITS:
        return row.unit is not None and _meets(row.unit, fault, paths)
    return Permission.READ_ALL_TICKETS in PERMISSIONS[row.post]


def _meets(unit: Unit, fault: FaultEvent, paths: tuple[str, ...]) -> bool:
    if not fault.units:
        return True
    return any(path.startswith(unit.path) or unit.path.startswith(path) for path in paths)


def permissions_on(session: Session, person: Person, fault: FaultEvent) -> frozenset[Permission]:
    """What this person may do with this event."""
    if not person.active:
        return frozenset()
    paths = paths_of(session, fault)
    return permissions_of(row.post for row in person.posts if post_serves(row, fault, paths))


def is_visible(session: Session, person: Person, fault: FaultEvent) -> bool:
    """May this person open this event?"""
    paths = paths_of(session, fault)
    return person.active and any(post_serves(row, fault, paths) for row in person.posts)


def visible_faults(person: Person) -> Select[FaultEvent]:
    """``is_visible`` in SQL."""
    if not person.active:
        return select(FaultEvent).where(false())
    return select(FaultEvent).where(or_(false(), *(_serves(row) for row in person.posts)))


def _serves(row: PersonPost) -> ColumnElement[bool]:
    if row.post in BOUND_TO_SYSTEMS:
        return or_(false(), *(_names(FaultEvent.systems, literal(json.dumps(code))) for code in row.systems))
    if row.post in BOUND_TO_UNITS:
        return _meets_in_sql(row.unit) if row.unit is not None else false()
    return true() if Permission.READ_ALL_TICKETS in PERMISSIONS[row.post] else false()


def _meets_in_sql(unit: Unit) -> ColumnElement[bool]:
    path = literal(unit.path)
    related = or_(
        func.substr(Unit.path, 1, len(unit.path)) == path,
        func.substr(path, 1, func.length(Unit.path)) == Unit.path,
    )
    named = _names(FaultEvent.units, literal('"') + Unit.code + literal('"'))
    return or_(cast(FaultEvent.units, Text) == "[]", exists(select(Unit.id).where(and_(related, named))))


def _names(column: InstrumentedAttribute[Any], quoted: ColumnElement[str]) -> ColumnElement[bool]:
    # Not LIKE: codes may hold its wildcards, and SQLite's takes upper and lower case for the same.
    text = cast(column, Text)
    return func.replace(text, quoted, "") != text
