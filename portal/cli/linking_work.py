"""The worker's job that links tickets to defects by itself, where that is earned: a few in each round."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session, sessionmaker

from indexer.index import Index
from portal.causes.autolink.rounds import one_round
from portal.config import Settings

_LOG = logging.getLogger(__name__)


def link_what_is_sure(settings: Settings, maker: sessionmaker[Session], index: Index) -> None:
    linked = one_round(maker, index, wanted=settings.link_precision)
    if linked:
        _LOG.info("%d tickets were linked to a defect by the system", linked)
