"""Searches that brought nothing trustworthy: what is kept of them, and for how long.

Masked, cut, once per person and day, and forgotten after half a year. The invariant: nothing
is kept of who is named in it.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.catalogue.queries import ZONE
from portal.curation.gaps.models import AskKind, GapAsk
from portal.curation.names import masked_all
from portal.finder.wording import cleaned
from portal.people.models import Person

KEPT = timedelta(days=180)
LONGEST = 200
SHORTEST = 3
AGAIN = timedelta(hours=24)


def worth_keeping(session: Session, text: str, *, by: Person, system: str = "") -> GapAsk | None:
    """What would be kept of this search; None when it is too short, or was kept a moment ago already.

    Only reads: masking asks the directory, and must not do so while it holds up those who write.
    """
    words = masked_all(session, [cleaned(text)[: 4 * LONGEST]], names=[by.name])[0][:LONGEST].strip()
    if len(words) < SHORTEST:
        return None
    moment = now(session)
    mine = select(GapAsk.id).where(GapAsk.person_id == by.id, GapAsk.at > moment - AGAIN)
    if session.scalar(mine.where(GapAsk.kind == AskKind.SEARCH, GapAsk.text == words).limit(1)) is not None:
        return None
    return GapAsk(
        kind=AskKind.SEARCH,
        person_id=by.id,
        unit_id=by.unit_id,
        at=moment,
        day=moment.astimezone(ZONE).date(),
        system=system,
        text=words,
    )


def remember(session: Session, text: str, *, by: Person, system: str = "") -> GapAsk | None:
    """Keep a search that brought nothing, if it is worth keeping."""
    ask = worth_keeping(session, text, by=by, system=system)
    if ask is not None:
        session.add(ask)
        session.flush()
    return ask


def forget(session: Session) -> int:
    """Delete the searches that are older than half a year; returns how many."""
    old = delete(GapAsk).where(GapAsk.kind == AskKind.SEARCH, GapAsk.at < now(session) - KEPT)
    done = session.execute(old.execution_options(synchronize_session=False))
    return int(getattr(done, "rowcount", 0))
