"""The worker's draw: closed tickets to be rung about and to be inspected, a job of upkeep."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session, sessionmaker

from portal.cli.place import moment
from portal.config import Settings
from portal.db import transaction
from portal.quality.sampling import draw
from portal.quality.words import Kind

_LOG = logging.getLogger(__name__)


def draw_samples(_settings: Settings, maker: sessionmaker[Session]) -> None:
    """Each purpose in a transaction of its own: nothing is drawn twice, whoever else draws meanwhile."""
    for kind in Kind:
        with transaction(maker) as session:
            drawn = draw(session, kind, moment())
        if drawn:
            _LOG.info("%d closed tickets were drawn for %s", len(drawn), kind)
