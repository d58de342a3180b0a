"""The worker's job about questions: left ones are closed, and who came back with the same thing is noted."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy.orm import Session, sessionmaker

from portal.cli.place import moment
from portal.config import Settings
from portal.db import transaction
from portal.finder import returns
from portal.finder.suggest import leave_open_ones

#: Nobody types this long; whoever comes back to the page goes on with the same question all the same.
LEFT_AFTER = timedelta(hours=1)

_LOG = logging.getLogger(__name__)


def follow_questions(_settings: Settings, maker: sessionmaker[Session]) -> None:
    """Compared without the write lock: texts take their time, and people are typing."""
    began = moment()
    with transaction(maker) as session:
        leave_open_ones(session, before=began - LEFT_AFTER)
    with transaction(maker, writing=False) as session:
        found = returns.returns(session)
    with transaction(maker) as session:
        came = returns.note(session, found)
        returns.settle(session, before=began - returns.WINDOW - returns.GRACE, at=began)
    if came:
        _LOG.info("%d people came back with what they had asked before", came)
