"""The worker's job that holds announcements to the update they promised; ``faults.promises`` says which."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session, sessionmaker

from portal.cli.place import moment
from portal.config import Settings
from portal.db import transaction
from portal.faults.promises import warn_of_late_updates

_LOG = logging.getLogger(__name__)


def hold_to_promises(_settings: Settings, maker: sessionmaker[Session]) -> None:
    """Warn the authors of announcements whose promised update did not come."""
    with transaction(maker) as session:
        late = warn_of_late_updates(session, moment())
    if late:
        _LOG.info("%d announcements are late with a promised update", late)
