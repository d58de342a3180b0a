"""The history of the schema ends where the models stand, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, inspect

from portal.cli.place import ensure_tables
from portal.db import engine_for
from portal.migrations import history


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = engine_for(database_url)
    yield made
    made.dispose()


def test_the_migrated_schema_equals_the_models(engine: Engine) -> None:
    history.upgrade(engine)
    assert history.differences(engine) == [], "run `python -m portal.migrations.first` (no release yet)"


def test_a_new_database_has_no_revision_and_an_upgraded_one_the_newest(engine: Engine) -> None:
    assert history.current(engine) is None
    history.upgrade(engine)
    assert history.current(engine) == history.newest()


def test_a_second_upgrade_changes_nothing(engine: Engine) -> None:
    history.upgrade(engine)
    before = sorted(inspect(engine).get_table_names())
    history.upgrade(engine)
    assert sorted(inspect(engine).get_table_names()) == before


def test_stamping_touches_no_table(engine: Engine) -> None:
    history.stamp(engine)
    assert history.current(engine) == history.newest()
    assert inspect(engine).get_table_names() == [history.VERSION_TABLE]


def test_a_missing_table_is_noticed(engine: Engine) -> None:
    history.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE watcher")
    assert {change[0] for change in history.differences(engine)} == {"add_table", "add_index"}


def test_server_and_worker_may_upgrade_at_the_same_moment(engine: Engine) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: history.upgrade(engine), range(3)))
    assert history.differences(engine) == []


def test_tables_that_another_process_made_meanwhile_are_found(tmp_path: Path) -> None:
    """A server and a worker start together: one makes the tables between two looks of the other."""
    engine, other = (engine_for(f"sqlite:///{tmp_path / 'desk.db'}") for _ in range(2))
    made: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def meanwhile(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "sqlite_master" in statement and not made:
            made.append(statement)
            history.upgrade(other)

    ensure_tables(engine)
    assert made
    assert history.current(engine) == history.newest()
    for one in (engine, other):
        one.dispose()
