"""One database of each kind for all histories of a run, and a company founded in it once.

Each history begins with that company and nothing else: what a history wrote is deleted behind it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from portal import db
from tests.histories.house import House, engine_on

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Every table, once on each kind of database."""
    yield from engine_on(request, tmp_path_factory)


@pytest.fixture(scope="module")
def house(engine: Engine) -> Iterator[House]:
    made = House(db.sessions_of(engine))
    yield made
    made.close()
