"""The reports on the other database: the same figures by the same statements."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from kb.counting import count_of
from portal.causes.voice import issuing, readers
from tests.causes import test_voice as voice
from tests.engines import postgres_engine as engine
from tests.world import World

__all__ = ["engine"]
pytestmark = pytest.mark.postgres


clocked, story = voice.clocked, voice.story


def test_a_report_is_counted_kept_and_told(story: Session, desk_world: World) -> None:
    voice.test_a_report_counts_the_period_and_the_one_before_as_they_were(story)
    (row,) = voice.issue(story)
    reach = readers.reach_of(story, desk_world.people["expert"])
    assert issuing.report_seen(story, reach, row.id) is row
    assert count_of(story, issuing.reports_in(reach)) == 1
    assert len(voice.told(story)) == 3
