"""Defect imports on PostgreSQL: rows held while parts are written, JSON kept, duplicates merged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from portal import db
from portal.migrations import history
from tests.web.test_defect_imports import (  # noqa: F401
    test_a_later_export_changes_what_it_says_and_gives_it_back,
    test_an_export_is_mapped_previewed_brought_in_and_taken_back,
    test_what_colleagues_touched_is_left_alone,
)

pytestmark = pytest.mark.postgres


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    history.everything()
    made = db.engine_for(postgres_url)
    db.create_all(made)
    yield made
    made.dispose()
