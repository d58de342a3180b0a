"""“@somebody” in a comment: who is meant, and that they hear of it.

By account or by name; names are looked for among those who have a part in the ticket first. The invariant:
nobody is told of words that they may not read themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.people.models import Person
from portal.tickets import notices
from portal.tickets.models import Comment, Ticket, TrailEntry, Watcher
from portal.tickets.visibility import is_visible, serves

SIGN = re.compile(r"[@＠]([\w.\-·]{1,40})")
SHORTEST_NAME, LONGEST_NAME = 2, 12
MOST = 10


def tell_mentioned(session: Session, comment: Comment, *, by: Person) -> list[Person]:
    """Tell whoever is named in the comment; returns them."""
    named = [person for person in _named(session, comment) if _may_read(session, comment, person)]
    meant = [person for person in named if person.id != by.id][:MOST]
    if meant:
        ticket = comment.ticket
        values = {"by": by.name, "number": ticket.number, "title": ticket.title, "note": comment.text[:120]}
        to = [person.id for person in meant]
        notices.tell(session, notices.Event.MENTIONED, to=to, values=values, ticket=ticket, by=by)
    return meant


def _may_read(session: Session, comment: Comment, person: Person) -> bool:
    if comment.internal:
        return serves(person, comment.ticket)
    return is_visible(session, person, comment.ticket)


def _named(session: Session, comment: Comment) -> Iterator[Person]:
    runs = list(dict.fromkeys(SIGN.findall(comment.text)))[:MOST]
    if not runs:
        return
    near = list(people_of(session, comment.ticket))
    seen: set[int] = set()
    for run in runs:
        for person in _meant(session, run, near, by=comment.by):
            if person.id not in seen:
                seen.add(person.id)
                yield person


def _meant(session: Session, run: str, near: list[Person], *, by: Person) -> list[Person]:
    """The one with this account, else those whose name the words begin with: the longest name counts."""
    here = [person for person in near if person.login == run.lower() or run.startswith(person.name)]
    if here or not by.is_staff:  # whoever only asks calls nobody in who isn't there already
        return _longest(here)
    starts = [run[:length] for length in range(SHORTEST_NAME, min(len(run), LONGEST_NAME) + 1)]
    known = select(Person).where(
        Person.active, or_(func.lower(Person.login) == run.lower(), Person.name.in_(starts))
    )
    return _longest(session.scalars(known.limit(50)).unique())


def _longest(people: Iterable[Person]) -> list[Person]:
    found = list(people)
    longest = max((len(person.name) for person in found), default=0)
    return [person for person in found if len(person.name) == longest]


def people_of(session: Session, ticket: Ticket) -> list[Person]:
    """Who has a part in the ticket: its user, who watches it, who held it or spoke; active ones only."""
    ids = {ticket.requester_id, ticket.filed_by_id, ticket.holder_id}
    for column, of in (
        (TrailEntry.by_id, TrailEntry.ticket_id),
        (Comment.by_id, Comment.ticket_id),
        (Watcher.person_id, Watcher.ticket_id),
    ):
        ids |= set(session.scalars(select(column).where(of == ticket.id).distinct()))
    found = select(Person).where(Person.active, Person.id.in_(ids - {None})).order_by(Person.id)
    return list(session.scalars(found).unique())
