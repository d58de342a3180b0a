"""The worker's jobs for the knowledge base: what is due now, what speaks against articles, how they stand.

Reading comes first and in a transaction of its own: a long look must not keep anybody from writing.
"""

from __future__ import annotations

import logging
from datetime import date, datetime

from sqlalchemy.orm import Session, sessionmaker

from indexer.index import Index
from kb import timing
from portal.cli.place import moment
from portal.config import Settings
from portal.curation.decay import looking
from portal.curation.decay.evidence import gathered
from portal.curation.decay.releases import note_releases
from portal.curation.keepers import tell_keepers
from portal.curation.quality import pairs, standing
from portal.db import transaction
from portal.tickets.notices import Event

_LOG = logging.getLogger(__name__)


def _day(settings: Settings, at: datetime) -> date:
    return at.astimezone(settings.zone).date()


def keep_time(settings: Settings, maker: sessionmaker[Session]) -> None:
    """Publish what was approved for now, end what is over, tell owners of what soon will be."""
    at = moment()
    today = _day(settings, at)
    with transaction(maker) as session:
        released = timing.release(session, at)
        over = timing.expire(session, today)
        tell_keepers(session, Event.ARTICLE_ENDS, timing.ending(session, today))
    if released or over:
        _LOG.info("%d articles were published as planned, %d came to their end", len(released), len(over))


def look_for_decay(settings: Settings, maker: sessionmaker[Session]) -> None:
    """Weigh what speaks against every article and mark those against which enough does."""
    at = moment()
    today = _day(settings, at)
    with transaction(maker) as session:
        note_releases(session, at)
    with maker() as session:
        seen = gathered(session, today=today, at=at)
    with transaction(maker) as session:
        marked = looking.settle(session, seen, today=today, at=at)
    if marked:
        _LOG.info("%d articles were marked as to be checked again", len(marked))


def count_standings(settings: Settings, maker: sessionmaker[Session]) -> None:
    """Score every article and count its use."""
    at = moment()
    with maker() as session:
        found = standing.counted(session, today=_day(settings, at), at=at)
    with transaction(maker) as session:
        standing.forget(session)
    for part in standing.parts_of(found):
        with transaction(maker) as session:
            standing.settle(session, part, at=at)


def find_pairs(maker: sessionmaker[Session], index: Index) -> None:
    """Find articles that say the same."""
    at = moment()
    with maker() as session:
        texts = pairs.texts_of(session)
    found = index.pairs(texts, least=pairs.LEAST)
    with transaction(maker) as session:
        pairs.settle(session, found, at=at)
