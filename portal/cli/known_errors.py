"""The worker's job for articles about defects: off line when the repair runs everywhere, back with it."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session, sessionmaker

from portal.causes.known import retiring
from portal.config import Settings
from portal.db import transaction

_LOG = logging.getLogger(__name__)


def follow_repairs(_settings: Settings, maker: sessionmaker[Session]) -> None:
    """Retire known errors that are over, bring back those that are not."""
    with transaction(maker) as session:
        done = retiring.settle(session)
        retired, returned = len(done.retired), len(done.returned)
    if retired or returned:
        _LOG.info("%d articles about repaired defects went off line, %d came back", retired, returned)
