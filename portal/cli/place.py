"""What a command works on: settings, database, index, and who is acting. Opened late, closed surely.

The invariant: a command finds its tables. An empty database is created at once, since nothing in it can
be lost; one that is behind is refused with the sentence that says how to upgrade it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, select
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session, sessionmaker

from portal import config
from portal.cli.endings import BAD_INPUT, Ended
from portal.config import Settings
from portal.db import engine_for, sessions_of, transaction
from portal.finder import outbox
from portal.migrations import history
from portal.people.models import Person
from portal.people.queries import holders_of, person_by_login
from portal.people.roles import Post

if TYPE_CHECKING:
    from indexer.index import Index


ENCODER_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """One installation, as the settings say."""

    settings: Settings
    engine: Engine
    maker: sessionmaker[Session]

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.maker() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One unit of work; the outbox hears of it."""
        with transaction(self.maker) as session:
            yield session


def settings_here() -> Settings:
    settings = config.load()
    config.ensure_folders(settings)
    return settings


def open_engine(settings: Settings) -> Engine:
    try:
        return engine_for(settings.database_url)
    except (ArgumentError, ModuleNotFoundError) as fault:
        raise Ended(f"设置 TIERDESK_DATABASE_URL 不能用：{fault}。", BAD_INPUT) from fault


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Place]:
    """The installation with its tables in place."""
    settings = settings or settings_here()
    engine = open_engine(settings)
    try:
        ensure_tables(engine)
        maker = sessions_of(engine)
        outbox.listen(maker)
        yield Place(settings, engine, maker)
    finally:
        engine.dispose()


def ensure_tables(engine: Engine) -> None:
    """Create what an empty database lacks; ask for an upgrade where there is something to lose.

    A server and a worker may start together: what was empty a moment ago may stand whole by now.
    """
    if history.current(engine) == history.newest():
        return
    if history.is_empty(engine):
        history.upgrade(engine)
    elif history.current(engine) != history.newest():
        raise Ended("数据库的版本和程序不一致，请先备份，再运行 tierdesk db upgrade。")


@contextmanager
def opened_index(settings: Settings, *, patient: bool = False) -> Iterator[Index]:
    """The search index with its encoder, which loads beside; a ``patient`` command waits for it."""
    from indexer.choice import engine_named
    from indexer.embedders import embedder_from
    from indexer.index import Index
    from indexer.tuning import PATIENT, TUNING

    encoder = embedder_from(None if settings.encoder == "none" else settings.encoder)
    index = Index.open(
        settings.index_dir,
        embedder=encoder,
        tuning=PATIENT if patient else TUNING,
        words=engine_named(settings.lexical),
    )
    if patient and encoder is not None:
        encoder.wait(ENCODER_PATIENCE_S)
    try:
        yield index
    finally:
        index.close()


def acting(session: Session, login: str | None, *posts: Post) -> Person:
    """The person named, or the first active one who holds one of these posts, tried in order."""
    if login:
        person = person_by_login(session, login)
        if person is None or not person.active:
            raise Ended(f"没有账号为“{login}”的在用人员。", BAD_INPUT)
        return person
    for post in posts:
        holders = holders_of(session, post)
        if holders:
            return holders[0]
    found = session.scalars(select(Person).where(Person.active).order_by(Person.id).limit(1)).first()
    if found is None:
        raise Ended("还没有任何人员，请先运行 tierdesk user add LOGIN --post admin 建立一个。", BAD_INPUT)
    return found


def moment() -> datetime:
    return datetime.now(UTC)


def beside(path: Path) -> Path:
    """The folder a file will be written to must be there already."""
    if not path.parent.is_dir():
        raise Ended(f"文件夹 {path.parent} 不存在。", BAD_INPUT)
    return path
