"""The worker's job that tells of deadlines before and when they pass; ``levels.alarms`` says which."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session, sessionmaker

from portal.cli.place import moment
from portal.config import Settings
from portal.db import transaction
from portal.tickets.levels.alarms import ring

_LOG = logging.getLogger(__name__)


def watch_deadlines(_settings: Settings, maker: sessionmaker[Session]) -> None:
    """Warn of what is soon due and escalate what is overdue."""
    with transaction(maker) as session:
        told = ring(session, moment())
    if told:
        _LOG.info("%d notices of deadlines were written", told)
