"""Finding people and units, and what a person sees: their ``Viewer``."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, event, func, or_, select
from sqlalchemy.orm import Session, object_session

from kb.audience import Audience, Viewer
from portal.db import forget, kept
from portal.people.models import Person, PersonPost, Unit
from portal.people.roles import Permission, Post


def viewer_of(person: Person | None) -> Viewer:
    """What this person may read; nobody signed in reads nothing."""
    if person is None or not person.active:
        return Viewer(levels=frozenset())
    levels = {Audience.EVERYONE}
    if person.may(Permission.READ_STAFF_TEXTS):
        levels.add(Audience.STAFF)
    if person.may(Permission.READ_EXPERT_TEXTS):
        levels.add(Audience.EXPERTS)
    return Viewer(person_id=person.id, levels=frozenset(levels), units=frozenset(person.unit.ancestry))


def unit_by_code(session: Session, code: str) -> Unit | None:
    return session.scalar(select(Unit).where(Unit.code == code))


def unit_ids(session: Session | None, path: str) -> list[int] | Select[int]:
    """The ids of the unit at this path and of everything below it.

    As values wherever there is a session to read them in: a planner knows how many tickets twelve units
    have, and nothing about those of a sub-query.
    """
    # substr, not LIKE: SQLite's LIKE takes upper and lower case for the same.
    wanted = select(Unit.id).where(func.substr(Unit.path, 1, len(path)) == path)
    if session is None:
        return wanted
    return kept(session, ("units", path), lambda: list(session.scalars(wanted.order_by(Unit.id))))


def unit_ids_of(session: Session | None, code: str) -> list[int] | Select[int]:
    """The same for a unit named by its code; nothing when there is no such unit."""
    if session is None:
        return _units_within(code)
    path = kept(session, ("unit", code), lambda: session.scalar(select(Unit.path).where(Unit.code == code)))
    return unit_ids(session, path) if path else []


def are_all_units(session: Session | None, path: str) -> bool:
    """Is everything that there is below this path?"""
    below = unit_ids(session, path)
    if session is None or not isinstance(below, list):
        return False
    return len(below) == kept(session, "units", lambda: session.scalar(select(func.count(Unit.id))) or 0)


def _units_within(code: str) -> Select[int]:
    """The same as a question of its own, for where no session is at hand."""
    path = select(Unit.path).where(Unit.code == code).scalar_subquery()
    return select(Unit.id).where(func.substr(Unit.path, 1, func.length(path)) == path)


def _forget(_mapper: object, _connection: object, unit: Unit) -> None:
    forget(object_session(unit))


for moment in ("after_insert", "after_update", "after_delete"):
    event.listen(Unit, moment, _forget)


def units_in_order(session: Session) -> list[Unit]:
    """Every unit, parents before their children."""
    return list(session.scalars(select(Unit).order_by(Unit.path)))


def person_by_login(session: Session, login: str) -> Person | None:
    return session.scalar(select(Person).where(Person.login == login.strip().lower()))


def person_called(session: Session, words: str) -> Person | None:
    """By login, or by a full name that one colleague alone bears: people know each other by name."""
    if (found := person_by_login(session, words)) is not None:
        return found
    name = words.strip()
    bearers = select(Person).where(or_(Person.name == name, Person.name_en == name), Person.active)
    named = session.scalars(bearers.limit(2)).all() if name else ()
    return named[0] if len(named) == 1 else None


def people_by_id(session: Session, ids: Collection[int | None]) -> dict[int, Person]:
    wanted = {number for number in ids if number is not None}
    if not wanted:
        return {}
    return {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(wanted)))}


def find_people(session: Session, text: str, *, limit: int = 10) -> list[Person]:
    """Callers by name, login or phone, as an agent types them."""
    words = text.strip()
    if not words:
        return []
    pattern = f"%{words.replace('%', '').replace('_', '')}%"
    rows = session.scalars(
        select(Person)
        .where(
            Person.active,
            or_(
                Person.name.ilike(pattern),
                Person.name_en.ilike(pattern),
                Person.login.ilike(pattern),
                Person.phone.like(pattern),
            ),
        )
        .order_by(Person.name)
        .limit(limit)
    )
    return list(rows)


def holders_of(session: Session, post: Post) -> list[Person]:
    """Everybody active who holds a post."""
    rows = session.scalars(
        select(Person)
        .join(PersonPost)
        .where(PersonPost.post == post, Person.active)
        .order_by(Person.id)
        .distinct()
    )
    return list(rows)
