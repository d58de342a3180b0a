"""Outages, files and complaints on PostgreSQL: what they ask in SQL of their own, and row locks."""

from __future__ import annotations

import pytest

from tests.engines import postgres_engine as engine
from tests.journeys.test_fault_by_ways import (  # noqa: F401
    hired,
    outage,
    test_a_ticket_gathered_wrongly_leaves,
    test_a_wrong_ruling_is_taken_back_with_its_announcement,
    test_five_units_one_outage,
    test_whoever_nobody_tells_through_a_ticket_hears_by_notice,
)
from tests.tickets.test_scanning import brought, test_a_port_is_asked  # noqa: F401
from tests.web.test_complaints import (  # noqa: F401
    closed,
    complained,
    test_a_complaint_from_the_page_of_a_closed_ticket_to_the_written_answer,
    test_the_agent_complained_about_neither_holds_nor_moves_it,
)

__all__ = ["engine"]
pytestmark = pytest.mark.postgres
