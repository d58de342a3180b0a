"""Looking at everything, one after the other: a mark that a round holds, and when each was done last.

The invariant: of rounds with the same name one looks at a time, whichever worker runs it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.curation.decay.models import Round

RELEASES, DECAY, STANDING, PAIRS = "releases", "decay", "standing", "pairs"


def begun(session: Session, name: str) -> Round:
    """This round's mark, locked until the transaction ends."""
    mark = session.get(Round, name, with_for_update=True)
    if mark is None:
        try:
            with session.begin_nested():
                session.add(Round(name=name))
        except IntegrityError:  # a worker beside this one has just begun; it is waited for at the lock
            pass
        mark = session.get(Round, name, with_for_update=True, populate_existing=True)
    assert mark is not None  # by this worker or by one beside it
    return mark


def done_at(session: Session, name: str) -> datetime | None:
    mark = session.get(Round, name)
    return mark.at if mark is not None else None
