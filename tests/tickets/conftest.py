"""A desk at a fixed moment."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.tickets.people import Desk
from tests.world import World


@pytest.fixture
def at_desk(session: Session, desk_world: World) -> Desk:
    return Desk(session, desk_world)
