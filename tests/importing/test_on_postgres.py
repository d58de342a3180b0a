"""The loaders on the other database: their statements, their numbers, their second run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from defects.models import Defect
from kb.models import Article
from portal import db
from portal.tickets import trail
from tests.importing import test_articles as article_tests
from tests.importing import test_floors as floor_tests
from tests.world import World, build

pytestmark = pytest.mark.postgres


@pytest.fixture
def there(postgres_engine: Engine) -> Iterator[tuple[Session, World]]:
    with db.sessions_of(postgres_engine)() as session:
        yield session, build(session)


def test_every_noun_comes_in_once(there: tuple[Session, World]) -> None:
    session, _ = there
    rows = [{"external_id": str(n), "title": f"问题 {n}", "body": "b\x00"} for n in range(450)]
    for expected in (450, 0):
        assert article_tests.bring(session, *rows, publish=True).new == expected
        assert floor_tests.defects(session, floor_tests.RECORD).new == bool(expected)
        assert floor_tests.people(session, floor_tests.NINA).new == bool(expected)
        assert floor_tests.catalogue(session, *floor_tests.CATALOGUE).new == (5 if expected else 0)
        assert floor_tests.tickets(session, {**floor_tests.TICKET, "defect": "D1"}).new == bool(expected)
    session.commit()
    assert len(session.scalars(select(Article)).all()) == 450
    assert len(session.scalars(select(Defect)).all()) == 1
    assert trail.broken_tickets(session) == []
