"""The worker's job for those who follow articles."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session, sessionmaker

from portal.cli.place import moment
from portal.config import Settings
from portal.curation.following.news import tell_followers
from portal.db import transaction

_LOG = logging.getLogger(__name__)


def tell_of_articles(_settings: Settings, maker: sessionmaker[Session]) -> None:
    """Tell those who follow articles that have changed considerably."""
    with transaction(maker) as session:
        told = tell_followers(session, moment())
    if told:
        _LOG.info("%d followers were told of articles that changed", told)
