"""Everything a ticket is tied to, as one viewer may see it: what the panel 关联 and the API show.

Reading only. A ticket that the viewer may not open is told by its number, its system and how it stands,
because their own ticket waits for it; a related one that they may not open is left out. The number of
queries does not depend on the number of tickets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, lazyload, selectinload

from portal.catalogue.models import System
from portal.people.models import Person
from portal.tickets.flow import open_to
from portal.tickets.models import Comment, Ticket
from portal.tickets.moves import actor_of, situation_of
from portal.tickets.rail import Stop, rail_of
from portal.tickets.relations.related import related_ids
from portal.tickets.relations.standing import goes_on
from portal.tickets.relations.watchers import may_invite, watchers_of
from portal.tickets.visibility import serves, visible_tickets
from portal.tickets.words import Action

LIGHT = (
    joinedload(Ticket.holder).options(lazyload(Person.posts), lazyload(Person.unit)),
    joinedload(Ticket.requester).options(lazyload(Person.posts)),
    joinedload(Ticket.system).lazyload(System.modules),
    joinedload(Ticket.survivor).options(lazyload(Ticket.system)),
)


@dataclass(frozen=True, slots=True)
class Tied:
    """One ticket at the other end; ``seen``: the viewer may open it."""

    ticket: Ticket
    seen: bool
    rail: tuple[Stop, ...] = ()

    @property
    def goes_on(self) -> bool:
        return goes_on(self.ticket)


@dataclass(frozen=True, slots=True)
class Relations:
    survivor: Tied | None
    duplicates: list[Tied]
    parent: Tied | None
    children: list[Tied]
    related: list[Tied]
    watchers: list[Person]
    may: frozenset[Action]
    may_invite: bool
    may_relate: bool
    watching: bool

    @property
    def is_bare(self) -> bool:
        """Is the ticket tied to nothing?"""
        return not (self.survivor or self.duplicates or self.parent or self.children or self.related)

    @property
    def open_children(self) -> list[Tied]:
        return [tied for tied in self.children if tied.goes_on]


def relations_of(session: Session, person: Person, ticket: Ticket) -> Relations:
    """The ticket's ties as this person may see them."""
    related = related_ids(session, ticket)
    tied = _tied(session, person, ticket, related)
    watchers = watchers_of(session, ticket)
    steps = open_to(situation_of(ticket), actor_of(person, ticket))
    return Relations(
        survivor=tied.get(ticket.survivor_id or 0),
        duplicates=[row for row in tied.values() if row.ticket.survivor_id == ticket.id],
        parent=tied.get(ticket.parent_id or 0),
        children=[row for row in tied.values() if row.ticket.parent_id == ticket.id],
        related=[tied[number] for number in related if number in tied and tied[number].seen],
        watchers=watchers,
        may=frozenset(step.action for step in steps),
        may_invite=may_invite(person, ticket),
        may_relate=serves(person, ticket),
        watching=any(row.id == person.id for row in watchers),
    )


def _tied(session: Session, person: Person, ticket: Ticket, related: Iterable[int]) -> dict[int, Tied]:
    named = {ticket.survivor_id, ticket.parent_id, *related} - {None}
    either = Ticket.id.in_(named) | (Ticket.survivor_id == ticket.id) | (Ticket.parent_id == ticket.id)
    rows = session.scalars(select(Ticket).where(either).options(*LIGHT).order_by(Ticket.id)).unique().all()
    seen = _visible(session, person, [row.id for row in rows])
    return {row.id: Tied(row, row.id in seen, rail_of(row)) for row in rows}


def _visible(session: Session, person: Person, numbers: Sequence[int]) -> set[int]:
    if not numbers:
        return set()
    wanted = visible_tickets(person).where(Ticket.id.in_(numbers)).with_only_columns(Ticket.id)
    return set(session.scalars(wanted))


def words_of_duplicates(session: Session, person: Person, ticket: Ticket) -> list[Comment]:
    """What the users of merged tickets have said; only of those tickets that this viewer may open."""
    merged = visible_tickets(person).where(Ticket.survivor_id == ticket.id).with_only_columns(Ticket.id)
    wanted = select(Comment).where(Comment.ticket_id.in_(merged), Comment.internal.is_(False))
    named = joinedload(Comment.by).options(lazyload(Person.posts), lazyload(Person.unit))
    return list(session.scalars(wanted.options(named, selectinload(Comment.ticket)).order_by(Comment.id)))


@dataclass(frozen=True, slots=True)
class Helper:
    """Another system that works on a user's ticket, as the user may know it."""

    system: System
    ticket: Ticket
    done: bool


def helpers_of(session: Session, ticket: Ticket) -> list[Helper]:
    """The children of a ticket for its user: which systems help, and how far they are."""
    rows = session.scalars(
        select(Ticket).where(Ticket.parent_id == ticket.id).options(*LIGHT).order_by(Ticket.id)
    ).unique()
    return [Helper(row.system, row, done=not goes_on(row)) for row in rows]
