"""Databases with every table and nothing in them: SQLite, PostgreSQL, or one after the other.

``engine`` is SQLite, and everything that tests are given stands on it. A module whose subject is SQL of its
own takes another in its place, by name: ``from tests.engines import engine_on_each as engine``. Making the
tables takes longer than most tests, so they are made once on each kind, and copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from portal import db
from portal.migrations import history
from tests.postgres import Server


@contextmanager
def engine_at(url: str) -> Iterator[Engine]:
    made = db.engine_for(url)
    try:
        yield made
    finally:
        made.dispose()


def make_tables(url: str) -> None:
    """In an empty database."""
    history.everything()  # metadata knows only tables whose modules were imported
    with engine_at(url) as made:
        db.create_all(made)


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file to be copied."""
    place = tmp_path_factory.mktemp("empty") / "desk.db"
    make_tables(f"sqlite:///{place}")  # the last connection writes everything into the one file
    return place


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: Server) -> Iterator[str]:
    """The name of the database to be copied; nobody may be connected to it then."""
    with postgres_server.database() as url:
        make_tables(url)
        yield make_url(url).database or ""


@pytest.fixture
def sqlite_engine(tmp_path: Path, sqlite_tables: Path) -> Iterator[Engine]:
    """SQLite in a file of this test's own."""
    copyfile(sqlite_tables, tmp_path / "desk.db")
    with engine_at(f"sqlite:///{tmp_path / 'desk.db'}") as made:
        yield made


@pytest.fixture
def postgres_engine(postgres_server: Server, postgres_tables: str) -> Iterator[Engine]:
    """A PostgreSQL database of this test's own. Mark the test with ``postgres``."""
    with postgres_server.database(postgres_tables) as url, engine_at(url) as made:
        yield made


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    return sqlite_engine


@pytest.fixture(
    params=[
        pytest.param("sqlite_engine", id="sqlite"),
        pytest.param("postgres_engine", id="postgresql", marks=pytest.mark.postgres),
    ]
)
def engine_on_each(request: pytest.FixtureRequest) -> Engine:
    """A database of this test's own, once on each kind."""
    made: Engine = request.getfixturevalue(request.param)
    return made
