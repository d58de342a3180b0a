"""A condition that the database must not start from: the statement around it is compiled once and kept."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from portal.db import Checked, create_all, engine_for
from portal.tickets.models import Ticket


def _of_units(*units: int) -> Select[Any]:
    return select(Ticket.id).where(Checked(Ticket.unit_id).in_(units)).order_by(Ticket.id)


def test_it_is_compiled_once_whatever_is_asked_for() -> None:
    engine = engine_for("sqlite://")
    create_all(engine)
    kept: dict[Any, Any] = {}
    with engine.connect().execution_options(compiled_cache=kept) as connection:
        for units in ((1,), (2, 3), ()):
            connection.execute(_of_units(*units)).all()
            assert len(kept) == 1
        connection.execute(
            select(Ticket.id).where(Checked(Ticket.system_id).in_([1])).order_by(Ticket.id)
        ).all()
        assert len(kept) == 2, "another column is another statement"


def test_only_sqlite_is_kept_from_starting_there() -> None:
    assert "+ticket.unit_id IN" in str(_of_units(1).compile(dialect=sqlite.dialect()))
    assert "+" not in str(_of_units(1).compile(dialect=postgresql.dialect()))


def test_what_is_within_follows_an_alias() -> None:
    other = aliased(Ticket, name="other")
    assert "+other.unit_id" in str(
        select(other.id).where(Checked(other.unit_id) == 1).compile(dialect=sqlite.dialect())
    )
