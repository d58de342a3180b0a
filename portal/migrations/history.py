"""Reading and walking the schema's history: upgrade, current, stamp, and what still differs.

Every function takes an engine, so that SQLite's pragmas and a test's own database come along.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, inspect, text
from sqlalchemy.types import Enum

import defects
import kb
import portal
from kb.columns import UtcDateTime
from portal.db import METADATA

HERE = Path(__file__).parent
VERSION_TABLE = "schema_version"


def everything() -> tuple[MetaData, ...]:
    """Every table of the house, whoever declares it.

    Models are found by their file name: a floor that grows tables can't be forgotten here.
    """
    for package in (kb, defects, portal):
        root = Path(package.__path__[0])
        for file in sorted(root.rglob("models.py")):
            floor = ".".join(file.relative_to(root).with_suffix("").parts)
            importlib.import_module(f"{package.__name__}.{floor}")
    return METADATA


def options(connection: Connection) -> dict[str, Any]:
    """What Alembic must know, the same for walking the history and for comparing with the models."""
    return {
        "connection": connection,
        "target_metadata": everything(),
        "version_table": VERSION_TABLE,
        "render_as_batch": True,  # SQLite changes a column by copying its table
        "transactional_ddl": True,  # our SQLite connections begin by themselves, so DDL rolls back too
        "render_item": _plainly,
        "compare_type": True,
    }


def _plainly(kind: str, value: Any, _context: Any) -> str | bool:
    """Write our column types as plain ones: an old migration must not change when a class does."""
    if kind != "type":
        return False
    if isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(value, Enum):
        return f"sa.String(length={value.length})"
    return False


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def newest() -> str | None:
    """The revision at the end of the history."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current(engine: Engine) -> str | None:
    """The revision a database is at; None when it has never been upgraded."""
    with engine.connect() as connection:
        return _context(connection).get_current_revision()


def is_empty(engine: Engine) -> bool:
    """Has the database no table at all?"""
    return not inspect(engine).get_table_names()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring a database to ``revision``, in one transaction: all of it or nothing."""
    with _alone(engine) as connection:
        command.upgrade(_config(connection), revision)


def stamp(engine: Engine, revision: str = "head") -> None:
    """Say that a database is at ``revision`` without touching its tables."""
    with _alone(engine) as connection:
        command.stamp(_config(connection), revision)


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that nobody else can upgrade beside: server and worker may start together."""
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('tierdesk.schema'))"))
        yield connection


def differences(engine: Engine) -> list[Any]:
    """What the database and the models disagree on; empty is right."""
    models: Any = everything()  # Alembic takes several registries; its annotation says one
    with engine.connect() as connection:
        return list(compare_metadata(_context(connection), models))


def write_revision(engine: Engine, message: str, *, name: str) -> Path:
    """Write the step from ``engine``'s schema to the models, for a person to read and commit."""
    with engine.begin() as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=name)
    return next((HERE / "versions").glob(f"{name}_*.py"))


def _context(connection: Connection) -> MigrationContext:
    given = options(connection)
    return MigrationContext.configure(
        connection, opts={key: value for key, value in given.items() if key != "connection"}
    )
