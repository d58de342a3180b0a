"""What PostgreSQL cannot hold never reaches it: the same questions, there."""

from __future__ import annotations

import pytest

from tests.api.conftest import program
from tests.api.test_letters_of_programs import (  # noqa: F401
    test_texts_come_in_without_it_however_deep_they_lie,
)
from tests.engines import postgres_engine as engine
from tests.web.test_letters import (  # noqa: F401
    test_an_argument_is_read_without_it,
    test_nothing_is_called_so,
    test_what_is_written_is_kept_without_it,
)

__all__ = ["engine", "program"]
pytestmark = pytest.mark.postgres
