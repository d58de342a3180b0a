"""The same stories on PostgreSQL: what is asked in SQL, what is locked, what a database refuses to store."""

from __future__ import annotations

import pytest

from portal.finder import suggest
from tests.engines import postgres_engine as engine
from tests.finder.conftest import Desk
from tests.finder.test_audience import (  # noqa: F401
    test_a_number_opens_nothing_that_a_page_would_hide,
    test_a_text_for_one_province_stays_there,
    test_tickets_are_found_by_those_who_may_open_them,
)
from tests.finder.test_consumer import (  # noqa: F401
    test_a_death_between_index_and_outbox_loses_nothing,
    test_a_poison_row_is_set_aside_after_five_tries_and_holds_nobody_up,
    test_a_rebuild_brings_everything_searchable_and_nothing_else,
    test_lag_tells_what_waits_and_when_somebody_consumed,
    test_versions_name_exactly_the_documents,
    test_who_was_overtaken_deletes_nothing_and_asks_again,
)
from tests.finder.test_find import (  # noqa: F401
    broken,
    test_empty_and_odd_questions_find_nothing_and_break_nothing,
    test_without_an_index_numbers_suggestions_and_evidence_still_come,
    test_without_an_index_the_rules_are_the_same,
    test_without_an_index_words_are_still_found_and_the_page_can_say_so,
)
from tests.finder.test_suggest import (  # noqa: F401
    asked,
    test_solved_is_a_deflection_and_counts_once,
    test_typing_on_keeps_the_consultation_and_what_was_opened,
)
from tests.finder.test_tokens import test_tokens_and_sql_agree_on_random_desks  # noqa: F401

__all__ = ["engine"]
pytestmark = pytest.mark.postgres


def test_what_a_database_cannot_store_is_left_out(desk_of: Desk) -> None:
    person = desk_of.world.people["wang"]
    text = "VPN\x00连不上\ud800" + "很" * 9_000
    found = desk_of.finder.suggest(desk_of.session, person, text)
    begun = suggest.begin(desk_of.session, found, by=person, text=text, system="系" * 90)
    desk_of.session.commit()
    assert begun.text.startswith("VPN 连不上?")
    assert len(begun.text) == 4_000
