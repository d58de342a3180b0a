"""Units and people as rows that an import reads. Passwords and tokens never leave."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.importing import FIELDS
from portal.people.models import Person, PersonPost, Unit
from portal.people.queries import units_in_order

COLUMNS = tuple(field.name for field in FIELDS if field.name != "systems")  # each post names its own


def unit_rows(session: Session) -> Iterator[dict[str, Any]]:
    """Parents before their children."""
    for unit in units_in_order(session):
        yield {
            "record": "unit",
            "code": unit.code,
            "parent": unit.parent.code if unit.parent else None,
            **{name: getattr(unit, name) for name in ("name", "name_en", "kind", "active")},
        }


def people_rows(session: Session) -> Iterator[dict[str, Any]]:
    """Units first, then everybody, by login."""
    yield from unit_rows(session)
    for person in session.scalars(select(Person).order_by(Person.login)):
        yield {
            "record": "person",
            "unit": person.unit.code,
            "posts": [_post(row) for row in person.posts],
            **{
                name: getattr(person, name)
                for name in ("login", "name", "name_en", "email", "phone", "locale", "active")
            },
        }


def _post(row: PersonPost) -> str:
    unit: Unit | None = row.unit
    systems = f":{'+'.join(row.systems)}" if row.systems else ""
    return f"{row.post.value}{f'@{unit.code}' if unit else ''}{systems}"
