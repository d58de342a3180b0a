"""Finding people and units, and what a person sees: their ``Viewer``."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kb.audience import Audience, Viewer
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


def units_in_order(session: Session) -> list[Unit]:
    """Every unit, parents before their children."""
    return list(session.scalars(select(Unit).order_by(Unit.path)))


def person_by_login(session: Session, login: str) -> Person | None:
    return session.scalar(select(Person).where(Person.login == login.strip().lower()))


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
