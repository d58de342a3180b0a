"""Column types and the session's clock, shared by every package that stands on the database.

They live in the lowest package that knows SQLAlchemy. The invariant: every stored time is UTC
and comes back aware; every closed set is stored by its value and comes back as its enum.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, String
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

CLOCK = "tierdesk.now"
#: For ``relationship(innerjoin=…)``: inner joins, none of them nested under an outer one.
FLAT: Any = "unnested"


def now(session: Session) -> datetime:
    """The moment the desk believes it is.

    Tests and the sample generator set ``session.info[CLOCK]``; nobody else does.
    """
    fixed = session.info.get(CLOCK)
    return fixed if isinstance(fixed, datetime) else datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """SQLite forgets time zones, so times are stored as UTC and made aware again when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must carry its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def choice(kind: type[StrEnum]) -> Enum:
    """A column for a closed set: stored as the member's value, no database enum to migrate."""
    return Enum(
        kind,
        values_callable=lambda members: [member.value for member in members],
        native_enum=False,
        create_constraint=False,
        length=32,
        validate_strings=True,
    )


Code = String(64)
Name = String(200)
