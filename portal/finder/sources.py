"""Kind → how the current rows become documents: one table for the consumer, the rebuild, the comparison.

Articles and defects know their own documents; tickets and announcements are described here, because
the index has never heard of them. Who may see a ticket is said twice, as SQL in
``portal.tickets.visibility`` and here as tokens; a test proves both equal.
The invariant: ``versions`` names exactly the documents that ``current`` would make, with their versions.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from defects import search as defect_search
from defects.flow import DEAD
from defects.models import Defect
from indexer.document import Document
from kb import search as article_search
from kb.audience import Audience, tokens_of
from kb.flow import READABLE
from kb.models import Article
from portal.catalogue.models import System
from portal.faults.flow import AnnouncementState
from portal.faults.models import Announcement
from portal.finder import learnt
from portal.finder.period import MONTH, month_of
from portal.people.models import Person, Unit
from portal.people.roles import BOUND_TO_SYSTEMS, BOUND_TO_UNITS, PERMISSIONS, Permission
from portal.tickets.forms.sheets import answer_texts
from portal.tickets.models import Ticket, Watcher

ARTICLE = article_search.KIND
DEFECT = defect_search.KIND
TICKET = "ticket"
ANNOUNCEMENT = "announcement"

EVERY_TICKET = "ticket:all"
CHUNK = 400

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """How one kind of row becomes documents."""

    kind: str
    model: Any
    current: Callable[[Session, Collection[int]], Iterator[Document]]
    versions: Callable[[Session], Iterator[tuple[str, str]]]


def ticket_tokens(person: Person) -> frozenset[str]:
    """What this person holds for tickets: their own, those they watch, those their posts serve."""
    if not person.active:
        return frozenset()
    tokens = {f"ticket:person:{person.id}"}
    for row in person.posts:
        if row.post in BOUND_TO_SYSTEMS:
            tokens |= {f"ticket:system:{code}" for code in row.systems}
        elif row.post in BOUND_TO_UNITS:
            tokens |= {f"ticket:unit:{row.unit.code}"} if row.unit is not None else set()
        elif Permission.READ_ALL_TICKETS in PERMISSIONS[row.post]:
            tokens.add(EVERY_TICKET)
    return frozenset(tokens)


def ticket_audience(ticket: Ticket, watchers: Collection[int]) -> frozenset[str]:
    """The tokens of a ticket; whoever holds one of them may open it."""
    people = {ticket.requester_id, ticket.filed_by_id, *watchers}
    return frozenset(
        {EVERY_TICKET, f"ticket:system:{ticket.system.code}"}
        | {f"ticket:person:{number}" for number in people}
        | {f"ticket:unit:{code}" for code in ticket.unit.ancestry}
    )


def ticket_document(ticket: Ticket, watchers: Collection[int] = (), answers: str = "") -> Document:
    """The ticket as the index sees it: what its requester may read, and no more.

    ``answers`` are those given to the system's information form, a line each.

    Internal comments and the back's working notes stay out, because the requester searches it too.
    """
    facets = {
        "system": ticket.system.code,
        "module": ticket.module,
        "category": ticket.category,
        "state": ticket.state,
        "unit": ticket.unit.code,
        MONTH: month_of(ticket.filed_at),
    }
    return Document(
        kind=TICKET,
        id=str(ticket.id),
        title=ticket.title,
        body="\n".join(part for part in (ticket.text, answers, ticket.outcome) if part),
        codes=(ticket.number,),
        facets={name: str(value) for name, value in facets.items() if value},
        audience=ticket_audience(ticket, watchers),
        version=_ticket_version(ticket.id, ticket.version, ticket.system.code, ticket.unit.path, watchers),
    )


def announcement_document(announcement: Announcement) -> Document:
    """A live announcement, for those it affects."""
    return Document(
        kind=ANNOUNCEMENT,
        id=str(announcement.id),
        title=announcement.title,
        body=announcement.body,
        facets={
            **({"system": announcement.systems[0]} if announcement.systems else {}),
            "state": str(announcement.state),
            MONTH: month_of(announcement.published_at or announcement.created_at),
        },
        audience=tokens_of(Audience.EVERYONE, announcement.units),
        version=_announcement_version(announcement),
    )


def _ticket_version(number: int, version: int, system: str, path: str, watchers: Collection[int]) -> str:
    # Not only the row's own version: whoever moves a unit or watches a ticket changes its audience too.
    return f"{number}:{version}:{system}:{path}:{','.join(map(str, sorted(watchers)))}"


def _announcement_version(row: Announcement) -> str:
    return f"{row.id}:{row.version}:{','.join(row.systems)}:{','.join(row.units)}"


def _articles(session: Session, ids: Collection[int]) -> Iterator[Document]:
    """Articles with the words of those whom they helped: the next one will say it alike."""
    said, marks = learnt.of_articles(session, ids), learnt.article_marks(session, ids)
    for article in session.scalars(select(Article).where(Article.id.in_(ids))):
        if article_search.is_searchable(article):
            yield _with_words(article_search.document_of(article), article.id, said, marks)


def _article_versions(session: Session) -> Iterator[tuple[str, str]]:
    rows = session.execute(select(Article.id, Article.version).where(Article.state.in_(READABLE)))
    return learnt.versions(rows, learnt.article_marks(session))


def _defects(session: Session, ids: Collection[int]) -> Iterator[Document]:
    """Records with the words of the tickets that were linked to them."""
    said, marks = learnt.of_defects(session, ids), learnt.defect_marks(session, ids)
    for defect in session.scalars(select(Defect).where(Defect.id.in_(ids))):
        if defect_search.is_searchable(defect):
            yield _with_words(defect_search.document_of(defect), defect.id, said, marks)


def _defect_versions(session: Session) -> Iterator[tuple[str, str]]:
    rows = session.execute(select(Defect.id, Defect.version).where(Defect.state.not_in(DEAD)))
    return learnt.versions(rows, learnt.defect_marks(session))


def _with_words(
    document: Document, number: int, said: Mapping[int, list[str]], marks: Mapping[int, str]
) -> Document:
    return replace(
        document,
        also=(*document.also, *said[number]),
        version=learnt.with_marks(document.version, marks, number),
    )


def _tickets(session: Session, ids: Collection[int]) -> Iterator[Document]:
    watchers, answers = _watchers(session, ids), answer_texts(session, ids)
    for ticket in session.scalars(select(Ticket).where(Ticket.id.in_(ids))):
        yield ticket_document(ticket, watchers[ticket.id], answers.get(ticket.id, ""))


def _ticket_versions(session: Session) -> Iterator[tuple[str, str]]:
    watchers = _watchers(session)
    rows = session.execute(
        select(Ticket.id, Ticket.version, System.code, Unit.path)
        .join(System, Ticket.system_id == System.id)
        .join(Unit, Ticket.unit_id == Unit.id)
    )
    for number, version, system, path in rows:
        yield str(number), _ticket_version(number, version, system, path, watchers[number])


def _watchers(session: Session, ids: Collection[int] | None = None) -> Mapping[int, list[int]]:
    wanted = select(Watcher.ticket_id, Watcher.person_id)
    found: defaultdict[int, list[int]] = defaultdict(list)
    for ticket, person in session.execute(
        wanted if ids is None else wanted.where(Watcher.ticket_id.in_(ids))
    ):
        found[ticket].append(person)
    return found


def _announcements(session: Session, ids: Collection[int]) -> Iterator[Document]:
    rows = session.scalars(select(Announcement).where(Announcement.id.in_(ids)))
    return (announcement_document(row) for row in rows if row.state == AnnouncementState.LIVE)


def _announcement_versions(session: Session) -> Iterator[tuple[str, str]]:
    rows = session.scalars(select(Announcement).where(Announcement.state == AnnouncementState.LIVE))
    return ((str(row.id), _announcement_version(row)) for row in rows)


SOURCES: dict[str, Source] = {
    source.kind: source
    for source in (
        Source(ARTICLE, Article, _articles, _article_versions),
        Source(DEFECT, Defect, _defects, _defect_versions),
        Source(TICKET, Ticket, _tickets, _ticket_versions),
        Source(ANNOUNCEMENT, Announcement, _announcements, _announcement_versions),
    )
}


def current(session: Session, kind: str, ids: Collection[int]) -> Iterator[Document]:
    """The documents that these rows are now; rows that are gone or not searchable make none."""
    return SOURCES[kind].current(session, ids)


def readable(session: Session, kind: str, ids: Collection[int]) -> list[Document]:
    """The same, without rows that can't be read."""
    return _readable(session, SOURCES[kind], list(ids))


def every_document(session: Session) -> Iterator[Document]:
    """Everything searchable, a few hundred rows in memory at a time; rows that can't be read are left out.

    The session is for this alone: its transaction ends with every few hundred.
    """
    for source in SOURCES.values():
        last = 0
        while ids := list(session.scalars(_next_ids(source.model, last))):
            documents = _readable(session, source, ids)
            last = ids[-1]
            session.expunge_all()
            # Whoever indexes them takes its time; the database must not hold a transaction open for that.
            session.rollback()
            yield from documents


def _readable(session: Session, source: Source, ids: list[int]) -> list[Document]:
    try:
        return list(source.current(session, ids))
    except OperationalError:
        raise
    except Exception:  # noqa: BLE001 - one damaged row may fail anyhow; the rest of the desk must be found
        if len(ids) == 1:
            _LOG.error("%s %d can't be read for the index", source.kind, ids[0], exc_info=True)
            return []
    return [document for number in ids for document in _readable(session, source, [number])]


def _next_ids(model: Any, after: int) -> Any:
    return select(model.id).where(model.id > after).order_by(model.id).limit(CHUNK)


def every_version(session: Session) -> dict[tuple[str, str], str]:
    """(kind, id) → version of everything that belongs in the index."""
    return {
        (kind, number): version
        for kind, source in SOURCES.items()
        for number, version in source.versions(session)
    }
