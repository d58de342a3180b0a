"""What was asked in vain, gathered from the sessions of suggestion and from consultation tickets.

A session counts when its person left it without having been shown anything trustworthy, or filed a
consultation ticket all the same; a consultation ticket counts when it was answered without an article.
Searches are kept by ``searching``. Questions about progress are no gap: the portal answers those itself.
The invariants: everything counts once, a session and its ticket together once, in bounded steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from kb.columns import now
from portal.catalogue.models import System
from portal.catalogue.queries import ZONE
from portal.curation.gaps.models import AskKind, GapAsk
from portal.curation.names import masked_all
from portal.finder.models import Arm, Consultation, Outcome
from portal.people.models import Person
from portal.tickets.models import ArticleLink, Ticket
from portal.tickets.words import Category, State

#: How far back the gaps look, and so how long anything stands in them.
REACH = timedelta(days=180)
BATCH = 300
LONGEST = 200
SHORTEST = 4
#: What the progress of a ticket answers, no article does.
PROGRESS = "progress"
GONE = (State.CANCELLED, State.MERGED)

_FILER = aliased(Person)


@dataclass(frozen=True, slots=True)
class Heard:
    """One asking as it was read, still unmasked."""

    kind: AskKind
    source_id: int
    person_id: int
    unit_id: int
    at: datetime
    system: str
    module: str
    text: str
    ticket_id: int | None
    names: tuple[str, ...]


def gather(session: Session, *, limit: int = BATCH) -> int:
    """Take in at most ``limit`` askings of each kind that are not there yet; returns how many."""
    since = now(session) - REACH
    readers = (_left, _filed, _unanswered)
    heard = [one for read in readers for one in read(session, since, limit)]
    texts = masked_all(
        session, [one.text for one in heard], names={name for one in heard for name in one.names}
    )
    asks = [_ask(one, text) for one, text in zip(heard, texts, strict=True)]
    session.add_all(asks)
    session.flush()
    return len(asks)


def _ask(one: Heard, text: str) -> GapAsk:
    return GapAsk(
        kind=one.kind,
        source_id=one.source_id,
        person_id=one.person_id,
        unit_id=one.unit_id,
        at=one.at,
        day=one.at.astimezone(ZONE).date(),
        system=one.system,
        module=one.module,
        # Masked before it is cut: half a number is no longer seen to be one.
        text=text[:LONGEST].strip(),
        ticket_id=one.ticket_id,
    )


def _left(session: Session, since: datetime, limit: int) -> Iterator[Heard]:
    """Nothing trustworthy was shown, and nobody came back to it."""
    wanted = (
        select(Consultation, Person.unit_id, Person.name)
        .join(Person, Consultation.person_id == Person.id)
        .where(
            Consultation.outcome == Outcome.LEFT,
            Consultation.trusted.is_(False),
            *_shown(),
            func.length(Consultation.text) >= SHORTEST,
            Consultation.at >= since,
            ~_known(AskKind.LEFT, Consultation.id),
        )
        .order_by(Consultation.id)
        .limit(limit)
    )
    for row, unit, name in session.execute(wanted):
        yield Heard(
            kind=AskKind.LEFT,
            source_id=row.id,
            person_id=row.person_id,
            unit_id=unit,
            at=row.at,
            system=row.about or row.system or "",
            module="",
            text=row.text[: 4 * LONGEST],
            ticket_id=None,
            names=(name,),
        )


def _filed(session: Session, since: datetime, limit: int) -> Iterator[Heard]:
    """They were shown answers and filed a consultation ticket all the same."""
    wanted = (
        _of_tickets(Consultation.id, Consultation.at)
        .join(Consultation, Consultation.ticket_id == Ticket.id)
        .where(
            Consultation.outcome == Outcome.FILED,
            Consultation.at >= since,
            *_shown(),
            ~_known(AskKind.FILED, Consultation.id),
            ~_ticket_known(),
        )
        .order_by(Consultation.id)
        .limit(limit)
    )
    seen: set[int] = set()
    for row in session.execute(wanted):
        if row.ticket_id not in seen:
            seen.add(row.ticket_id)
            yield _of_ticket(AskKind.FILED, row)


def _unanswered(session: Session, since: datetime, limit: int) -> Iterator[Heard]:
    """A consultation that the desk answered without an article, and that no session led to."""
    answered = exists().where(ArticleLink.ticket_id == Ticket.id)
    session_led = exists().where(Consultation.ticket_id == Ticket.id, Consultation.outcome == Outcome.FILED)
    wanted = (
        _of_tickets(Ticket.id, Ticket.filed_at)
        .where(
            Ticket.filed_at >= since,
            Ticket.told_at.is_not(None),
            ~answered,
            ~session_led,
            ~_known(AskKind.TICKET, Ticket.id),
            ~_ticket_known(),
        )
        .order_by(Ticket.id)
        .limit(limit)
    )
    for row in session.execute(wanted):
        yield _of_ticket(AskKind.TICKET, row)


def _shown() -> Sequence[ColumnElement[bool]]:
    """Not those from whom answers were held back on purpose: they say nothing about the knowledge base."""
    return (or_(Consultation.arm.is_(None), Consultation.arm != Arm.HELD),)


def _of_tickets(source: Any, at: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            source.label("source_id"),
            at.label("at"),
            Ticket.id.label("ticket_id"),
            Ticket.text.label("text"),
            Ticket.module.label("module"),
            Ticket.requester_id.label("requester_id"),
            Ticket.unit_id.label("unit_id"),
            System.code.label("system"),
            Person.name.label("requester"),
            _FILER.name.label("filer"),
        )
        .select_from(Ticket)
        .join(System, Ticket.system_id == System.id)
        .join(Person, Ticket.requester_id == Person.id)
        .join(_FILER, Ticket.filed_by_id == _FILER.id)
        .where(and_(*answerable()))
    )


def answerable() -> Sequence[ColumnElement[bool]]:
    """Tickets that an article could have answered."""
    return (
        Ticket.category == Category.CONSULTATION,
        or_(Ticket.sub.is_(None), Ticket.sub != PROGRESS),
        Ticket.state.not_in(GONE),
    )


def _of_ticket(kind: AskKind, row: Any) -> Heard:
    return Heard(
        kind=kind,
        source_id=row.source_id,
        person_id=row.requester_id,
        unit_id=row.unit_id,
        at=row.at,
        system=row.system,
        module=row.module or "",
        text=row.text[: 4 * LONGEST],
        ticket_id=row.ticket_id,
        names=(row.requester, row.filer),
    )


def _known(kind: AskKind, source: Any) -> ColumnElement[bool]:
    return exists().where(GapAsk.kind == kind, GapAsk.source_id == source)


def _ticket_known() -> ColumnElement[bool]:
    return exists().where(GapAsk.ticket_id == Ticket.id)
