"""The console and the workbench on PostgreSQL: what they ask in SQL of their own."""

from __future__ import annotations

import pytest

from tests.engines import postgres_engine as engine
from tests.web.test_console import (  # noqa: F401
    test_a_caller_is_counted_into_an_announced_fault,
    test_a_caller_is_found_by_name_login_and_phone_within_the_units_served,
    test_attaching_files_links_tells_the_workaround_and_escalates,
    test_one_key_answers_a_consultation_with_the_article,
    test_the_caller_shows_open_tickets_and_history,
    test_the_strip_counts_what_nobody_holds,
    test_the_two_shapes_of_whom_an_agent_serves_are_equal,
)
from tests.web.test_workbench import (  # noqa: F401
    at_the_back,
    escalated,
    test_after_a_deed_the_next_ticket_lies_on_the_table,
    test_link_reject_and_undo,
    test_the_two_shapes_of_serving_with_a_permission_are_equal,
)

__all__ = ["engine"]
pytestmark = pytest.mark.postgres
