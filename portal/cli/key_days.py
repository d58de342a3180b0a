"""The worker's job that reminds those in charge of key problems; ``keys.reminders`` says whom of what."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session, sessionmaker

from portal.causes.keys.reminders import remind
from portal.cli.place import moment
from portal.config import Settings
from portal.db import transaction

_LOG = logging.getLogger(__name__)


def remind_of_key_days(settings: Settings, maker: sessionmaker[Session]) -> None:
    """Tell owners of key problems and countermeasures of days that are close or have passed."""
    with transaction(maker) as session:
        told = remind(session, moment(), zone=settings.zone)
    if told:
        _LOG.info("%d reminders of key problems were written", told)
