"""The one listener between the database and the index (the outbox).

On every flush it notices what searchable thing was written and adds one row for each, in the same
transaction: a change that is rolled back leaves no row, a change that is committed can't be forgotten.
Domain code never says "reindex". Bulk statements pass by this listener; the nightly comparison finds
those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from weakref import WeakSet

from sqlalchemy import event, insert, inspect, select
from sqlalchemy.orm import Session, sessionmaker

from defects.models import Defect
from kb.columns import now
from kb.models import Article, ArticleUnit
from portal.faults.models import Announcement, AnnouncementSystem, AnnouncementUnit
from portal.finder.lessons.models import StruckJudgement
from portal.finder.models import OutboxRow
from portal.finder.sources import ANNOUNCEMENT, ARTICLE, DEFECT, TICKET
from portal.tickets.models import ArticleLink, DefectLink, Ticket, Watcher
from portal.tickets.words import State

#: Written row → whose document changes, and the column that names it.
SUBJECTS: dict[type[Any], tuple[str, str]] = {
    Article: (ARTICLE, "id"),
    ArticleUnit: (ARTICLE, "article_id"),
    Defect: (DEFECT, "id"),
    DefectLink: (DEFECT, "defect_id"),
    Ticket: (TICKET, "id"),
    Watcher: (TICKET, "ticket_id"),
    Announcement: (ANNOUNCEMENT, "id"),
    AnnouncementSystem: (ANNOUNCEMENT, "announcement_id"),
    AnnouncementUnit: (ANNOUNCEMENT, "announcement_id"),
}

#: Who listens already. ``event.contains`` can't be asked: it knows a maker by the number of its address,
#: and a new maker may live at the address of one that is gone.
_LISTENING: WeakSet[sessionmaker[Session] | type[Session]] = WeakSet()


def listen(sessions: sessionmaker[Session] | type[Session]) -> None:
    """Make every session of this maker write the outbox; asking twice changes nothing."""
    if sessions not in _LISTENING:
        _LISTENING.add(sessions)
        event.listen(sessions, "after_flush", _notice)


def _notice(session: Session, _context: object) -> None:
    written = list(_written(session))
    subjects = dict.fromkeys([*_subjects(written), *_taught(session, written)])
    if subjects:
        moment = now(session)
        rows = [{"kind": kind, "subject_id": str(number), "at": moment} for kind, number in subjects]
        session.connection().execute(insert(OutboxRow), rows)


def _written(session: Session) -> Iterator[object]:
    yield from session.new
    yield from session.deleted
    # A new comment makes its ticket dirty without changing the ticket's own row.
    yield from (row for row in session.dirty if session.is_modified(row, include_collections=False))


def _subjects(rows: Iterable[object]) -> Iterator[tuple[str, int]]:
    for row in rows:
        if type(row) in SUBJECTS:
            kind, column = SUBJECTS[type(row)]
            yield kind, getattr(row, column)


# ------------------------------------------------------------------ whose learnt words change with it


def _taught(session: Session, rows: Iterable[object]) -> Iterator[tuple[str, int]]:
    """Articles and records that are asked for in other words from now on (``learnt``)."""
    ended = [row.id for row in rows if isinstance(row, Ticket) and _teaches_otherwise(row)]
    if ended:
        answered = select(ArticleLink.article_id).where(ArticleLink.ticket_id.in_(ended))
        explained = select(DefectLink.defect_id).where(DefectLink.ticket_id.in_(ended))
        for kind, wanted in ((ARTICLE, answered), (DEFECT, explained)):
            yield from ((kind, number) for number in session.connection().scalars(wanted.distinct()))
    for row in rows:
        if isinstance(row, ArticleLink):
            yield ARTICLE, row.article_id
        elif isinstance(row, StruckJudgement):
            yield row.kind, row.subject_id


def _teaches_otherwise(ticket: Ticket) -> bool:
    """Was it just closed, opened again or rated? Only what was closed and helped teaches."""
    told = inspect(ticket).attrs
    return told.rating.history.has_changes() or (
        told.state.history.has_changes() and State.CLOSED in told.state.history.sum()
    )
