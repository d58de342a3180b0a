"""These tests run on SQLite and on PostgreSQL: their queries are aggregates that both must answer alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from portal import db
from portal.migrations import history


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Every table, on each kind of database in turn."""
    history.everything()
    made = db.engine_for(database_url)
    db.create_all(made)
    yield made
    made.dispose()
