"""What tickets have to say for an article: questions, accepted answers, remarks, all of it masked.

Which ticket somebody may read is the caller's question, asked before. The invariants: only what was
accepted counts as an answer; what is internal is left out unless it is asked for; a name, number or
account that the desk knows is masked before anything else looks at the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, lazyload, selectinload

from portal.curation.drafts.models import Said
from portal.curation.names import masked_all
from portal.finder.learnt import CONTENT
from portal.people.models import Person
from portal.tickets.models import Comment, Ticket, TrailEntry
from portal.tickets.words import State

MOST = 60
LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Words:
    """What was said in one place of one ticket, masked."""

    ticket_id: int
    number: str
    said: Said
    text: str
    worth: int = 0
    """The rating that the user gave; 0 for none."""


@dataclass(frozen=True, slots=True)
class Material:
    tickets: tuple[Ticket, ...]
    titles: tuple[Words, ...]
    questions: tuple[Words, ...]
    answers: tuple[Words, ...]
    remarks: tuple[Words, ...]


def material_of(session: Session, tickets: Sequence[Ticket], *, internal: bool = False) -> Material:
    """What these tickets say, newest first."""
    whole = _whole(session, [ticket.id for ticket in tickets[:MOST]])
    found = [*_read(whole, internal=internal)]
    texts = masked_all(session, [words.text for words, _ in found], names=_people_in(whole))
    words = [
        (Words(one.ticket_id, one.number, one.said, text.strip(), one.worth), kind)
        for (one, kind), text in zip(found, texts, strict=True)
    ]
    by_kind = {kind: tuple(one for one, of in words if of == kind and one.text) for kind in KINDS}
    return Material(tuple(whole), *(by_kind[kind] for kind in KINDS))


def is_accepted(ticket: Ticket) -> bool:
    """Was the user content with the answer, or at least not discontent?"""
    content = ticket.rating is None or ticket.rating >= CONTENT
    return ticket.state == State.CLOSED and content and bool(ticket.outcome.strip())


KINDS = ("titles", "questions", "answers", "remarks")
NAMED = (lazyload(Person.posts), lazyload(Person.unit))


def _whole(session: Session, ids: Sequence[int]) -> list[Ticket]:
    """With everything that is read of them, in a number of statements that doesn't grow."""
    rows = session.scalars(
        select(Ticket)
        .where(Ticket.id.in_(ids))
        .options(
            joinedload(Ticket.requester).options(*NAMED),
            joinedload(Ticket.filed_by).options(*NAMED),
            joinedload(Ticket.holder).options(*NAMED),
            selectinload(Ticket.comments).joinedload(Comment.by).options(*NAMED),
            selectinload(Ticket.trail).joinedload(TrailEntry.by).options(*NAMED),
        )
        .order_by(Ticket.filed_at.desc(), Ticket.id.desc())
    )
    return list(rows)


def _people_in(tickets: Sequence[Ticket]) -> frozenset[str]:
    """Everybody who had to do with one of them."""
    people = [
        person
        for ticket in tickets
        for person in (
            *(ticket.requester, ticket.filed_by, ticket.holder),
            *(row.by for row in ticket.comments),
            *(row.by for row in ticket.trail),
        )
        if person is not None
    ]
    return frozenset(
        name
        for person in people
        for name in (person.name, person.name_en, person.login, person.phone, person.email)
        if name
    )


def _read(tickets: Sequence[Ticket], *, internal: bool) -> Iterator[tuple[Words, str]]:
    for ticket in tickets:
        worth = ticket.rating or 0

        def words(said: Said, text: str, ticket: Ticket = ticket, worth: int = worth) -> Words:
            return Words(ticket.id, ticket.number, said, text[:LONGEST], worth)

        yield words(Said.QUESTION, ticket.title), "titles"
        yield words(Said.QUESTION, ticket.text), "questions"
        if not is_accepted(ticket):
            continue
        yield words(Said.OUTCOME, ticket.outcome), "answers"
        if internal and ticket.work_note:
            yield words(Said.WORK_NOTE, ticket.work_note), "answers"
        for row in _remarks(ticket, internal=internal):
            yield words(Said.INTERNAL if row.internal else Said.COMMENT, row.text), "remarks"


def _remarks(ticket: Ticket, *, internal: bool) -> Iterator[Comment]:
    """What the staff wrote along the way; the user's own words are the question's."""
    for row in ticket.comments:
        own = row.by_id == ticket.requester_id
        if row.withdrawn_at is None and not own and (internal or not row.internal):
            yield row
