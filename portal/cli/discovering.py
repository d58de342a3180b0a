"""The worker's jobs of discovery: the wall kept, records compared, the last hour judged."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session, sessionmaker

from portal.causes.bursts.watching import watch
from portal.config import Settings

_LOG = logging.getLogger(__name__)


def watch_for_bursts(_settings: Settings, maker: sessionmaker[Session]) -> None:
    """Every quarter of an hour; looked at more often, the same hour is judged again to the same end."""
    begun = watch(maker)
    if begun:
        _LOG.info("%d bursts began", begun)
