"""The worker's job that issues the reports to those responsible; ``causes.voice`` says when and what.

Counting comes first and without the write lock: a long look must not keep anybody from writing.
"""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session, sessionmaker

from portal.causes.voice.gathering import gathered
from portal.causes.voice.issuing import due, issue
from portal.cli.place import moment
from portal.config import Settings
from portal.db import transaction

_LOG = logging.getLogger(__name__)


def voice_problems(settings: Settings, maker: sessionmaker[Session]) -> None:
    """Issue what is due, each period in a transaction of its own."""
    at = moment()
    with maker() as session:
        stretches = due(session, at, zone=settings.zone)
        found = [(stretch, gathered(session, stretch, zone=settings.zone)) for stretch in stretches]
    for stretch, reports in found:
        with transaction(maker) as session:
            made = issue(session, stretch, reports, at=at, locale=settings.locale)
        if made:
            _LOG.info("%d reports on %s were issued", len(made), stretch.spoken())
