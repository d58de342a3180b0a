"""The history of the schema ends where the models stand, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, inspect

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
