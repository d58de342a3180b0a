"""A desk at a fixed moment."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portal import db
from portal.migrations import history
from tests.tickets.people import Desk
from tests.world import World


@pytest.fixture
def at_desk(session: Session, desk_world: World) -> Desk:
    return Desk(session, desk_world)


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    """A PostgreSQL database of this test's own, every table created."""
    history.everything()
    made = db.engine_for(postgres_url)
    db.create_all(made)
    yield made
    made.dispose()
