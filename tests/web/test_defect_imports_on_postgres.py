"""Defect imports on PostgreSQL: rows held while parts are written, JSON kept, duplicates merged."""

from __future__ import annotations

import pytest

from tests.engines import postgres_engine as engine
from tests.web.test_defect_imports import (  # noqa: F401
    test_a_later_export_changes_what_it_says_and_gives_it_back,
    test_an_export_is_mapped_previewed_brought_in_and_taken_back,
    test_what_colleagues_touched_is_left_alone,
)

__all__ = ["engine"]
pytestmark = pytest.mark.postgres
