"""The reports on the other database: the same figures by the same statements."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from portal import db
from portal.causes.voice import issuing, readers
from portal.migrations import history
from tests.causes import test_voice as voice
from tests.world import World, build

pytestmark = pytest.mark.postgres


@pytest.fixture
def session(postgres_url: str) -> Iterator[Session]:
    engine = db.engine_for(postgres_url)
    history.upgrade(engine)
    with db.sessions_of(engine)() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def desk_world(session: Session) -> World:
    return build(session)


clocked, story = voice.clocked, voice.story


def test_a_report_is_counted_kept_and_told(story: Session, desk_world: World) -> None:
    voice.test_a_report_counts_the_period_and_the_one_before_as_they_were(story)
    (row,) = voice.issue(story)
    reach = readers.reach_of(story, desk_world.people["expert"])
    assert issuing.report_seen(story, reach, row.id) is row
    assert issuing.counted(story, issuing.reports_in(reach)) == 1
    assert len(voice.told(story)) == 3
