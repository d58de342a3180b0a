"""An office at a fixed moment."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.quality.ways import Office
from tests.world import World


@pytest.fixture
def office(session: Session, desk_world: World) -> Office:
    return Office(session, desk_world)
