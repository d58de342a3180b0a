"""The database: engine, session, and the one place where work is committed.

Verbs never commit; a request or a command does so once, through :func:`transaction`.
SQLite in WAL mode by default, PostgreSQL by URL; nothing above this file asks which.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any, TypeVar, cast

from sqlalchemy import Engine, MetaData, bindparam, create_engine, event, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.sql.functions import FunctionElement

from defects.models import Base as DefectsBase
from defects.models import Defect
from kb.models import Article
from kb.models import Base as KbBase


class Base(DeclarativeBase):
    """The portal's own registry."""


#: Everything that migrations must know, lower floors first.
METADATA: tuple[MetaData, ...] = (KbBase.metadata, DefectsBase.metadata, Base.metadata)
#: Tables of which SQLite's planner has numbers, and how many rows of an index these are drawn from.
COUNTED = (Article.__tablename__, Defect.__tablename__)
LOOKED_AT = 1_000


def engine_for(url: str) -> Engine:
    """An engine with the pragmas that make SQLite safe and quick under several threads."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})
    event.listen(engine, "connect", _tune)
    event.listen(engine, "begin", _begin)
    return engine


def _tune(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling starts too late: a read followed by a write could then
    # fail with "database is locked" instead of waiting. We begin ourselves, see _begin.
    connection.isolation_level = None
    _keep_a_write_ahead_log(connection)
    # Of the page cache every thread has one of its own; the system's holds the file for all of them.
    for pragma in (
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-16384",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _keep_a_write_ahead_log(connection: Any) -> None:
    """The first connection ever turns it on, which SQLite refuses at once, without its usual patience, while
    another process writes: two that start on a new desk at the same moment."""
    until = monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if monotonic() > until:
                raise
            sleep(0.05)
        else:
            return


def _begin(connection: Any) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def sessions_of(engine: Engine) -> sessionmaker[Session]:
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(maker: sessionmaker[Session], *, writing: bool = True) -> Iterator[Session]:
    """One unit of work: committed at the end, rolled back when anything raises.

    ``writing`` takes SQLite's write lock at once, so that two writers queue instead of one failing
    halfway. On PostgreSQL it changes nothing.
    """
    with maker() as session:
        if writing:
            take_write_lock(session)
        try:
            yield session
        except BaseException:
            session.rollback()
            raise
        session.commit()


def take_write_lock(session: Session) -> None:
    """Begin as a writer where the database has one writer; must come before the first statement."""
    if session.get_bind().dialect.name == "sqlite":
        session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})


def count_for_planner(session: Session) -> None:
    """Tell SQLite how many articles and records there are, and how many of them a value has.

    Without these numbers its planner takes any condition on an index for rarer than a hundred keys: reading
    the articles that a search had found meant looking at all that are published. Not the tickets: their lists
    are written for a planner that knows nothing of them, see :class:`Checked`; numbers that somebody else had
    made are thrown away. Of each index some rows are looked at (https://www.sqlite.org/lang_analyze.html),
    because nobody can write meanwhile. PostgreSQL counts by itself.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text(f"PRAGMA analysis_limit = {LOOKED_AT}"))
        for table in COUNTED:
            session.execute(text(f"ANALYZE {table}"))
        others = text("DELETE FROM sqlite_stat1 WHERE tbl NOT IN :counted")
        session.execute(others.bindparams(bindparam("counted", COUNTED, expanding=True)))


class Checked(FunctionElement[Any]):
    """A column that SQLite looks at while it walks, and never starts from.

    Its planner knows no numbers of rows and takes any index that it is offered. Where a condition like
    "of these units" is true of a large part of a table, starting there costs a look at every second row.
    A function of one column to SQLAlchemy, which so knows what is within and keeps the statement compiled.
    """

    inherit_cache = True

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(Checked)
def _as_it_is(element: Checked, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(Checked, "sqlite")
def _without_an_index(element: Checked, compiler: Any, **options: Any) -> str:
    # https://www.sqlite.org/queryplanner-ng.html: a unary plus keeps a term from being a way in.
    return f"+{compiler.process(element.clauses, **options)}"


PATIENCE_S = 30.0
KEPT = "kept"
T = TypeVar("T")


def kept(session: Session, key: Hashable, read: Callable[[], T]) -> T:
    """What ``read`` gives, read once in a transaction: for small tables that most questions ask about.

    Whoever changes what was read calls :func:`forget`.
    """
    transaction, held = session.info.get(KEPT, (None, {}))
    if transaction is not None and transaction is session.get_transaction() and key in held:
        return cast(T, held[key])
    value = read()
    if transaction is None or transaction is not session.get_transaction():
        held = {}
    session.info[KEPT] = (session.get_transaction(), {**held, key: value})
    return value


def forget(session: Session | None) -> None:
    """What was kept may have changed."""
    if session is not None:
        session.info.pop(KEPT, None)


def create_all(engine: Engine) -> None:
    """Create every table without migrations: for tests and throw-away databases."""
    for metadata in METADATA:
        metadata.create_all(engine)
