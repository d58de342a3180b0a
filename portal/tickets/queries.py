"""Lists of tickets for staff: queues, their counts, what comes next, one ticket by its number.

What a list asks for stands in ``selection``, who sees what in ``visibility``; every list starts there.
The invariant: the number of queries does not depend on the number of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, UnaryExpression, and_, case, func, select
from sqlalchemy.orm import Session, defer, joinedload, lazyload
from sqlalchemy.sql import operators
from sqlalchemy.sql.base import ExecutableOption

from kb.columns import now
from kb.counting import count_of
from kb.importing.identity import chunks
from portal.catalogue.models import System
from portal.people.models import Person, PersonPost, Unit
from portal.people.roles import PERMISSIONS
from portal.tickets.assignment.presence import absences_of
from portal.tickets.flow import WORKERS
from portal.tickets.models import Ticket
from portal.tickets.selection import FOR_THE_PAST, Filter, Order, Tab, conditions, in_tab, is_open
from portal.tickets.visibility import permissions_on, served_by, serves_all, visible_tickets
from portal.tickets.words import Tier

#: Long columns that no list shows.
SHORT = (defer(Ticket.text), defer(Ticket.outcome), defer(Ticket.work_note), defer(Ticket.rating_words))
#: A list names people, it does not ask what they may do.
NAMES = (
    joinedload(Ticket.holder).options(lazyload(Person.posts), lazyload(Person.unit)),
    joinedload(Ticket.requester).options(lazyload(Person.posts), lazyload(Person.unit)),
    joinedload(Ticket.system).lazyload(System.modules),
)


#: Beyond this many ended tickets the list says "more".
COUNTED_TO = 5_000


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of a list; a ``total`` of ``COUNTED_TO`` means at least that many."""

    tickets: list[Ticket]
    total: int


def queue(
    session: Session,
    person: Person,
    wanted: Filter,
    *,
    limit: int = 50,
    offset: int = 0,
    total: int | None = None,
) -> Slice:
    """The tickets this person serves that pass the filter; ``total`` when the caller knows it already."""
    if total is None:
        total = _count(session, person, wanted)
    rows = session.scalars(
        select(Ticket)
        .where(_fitting(session, person, wanted, total))
        .options(*SHORT, *NAMES)
        .order_by(*_order(wanted))
        .limit(limit)
        .offset(offset)
    )
    return Slice(list(rows) if total else [], total)


def _fitting(session: Session, person: Person, wanted: Filter, total: int) -> ColumnElement[bool]:
    """What the rows of a page fulfil.

    Of the past many fit, and the first of them are soon found in the order of the list; or few do, and then
    they are found as they were counted, in the index of the ended ones, and only they are fetched.
    """
    if wanted.looks_back and total < COUNTED_TO:
        return Ticket.id.in_(_matches(session, person, wanted))
    walking = wanted.looks_back
    return and_(served_by(person), *conditions(wanted, person, now(session), walking=walking))


def _matches(session: Session, person: Person, wanted: Filter) -> Select[int]:
    return select(Ticket.id).where(served_by(person), *conditions(wanted, person, now(session)))


def walked(session: Session, person: Person, wanted: Filter, *, limit: int) -> Iterator[Ticket]:
    """The same list from its beginning, a few hundred in memory at a time."""
    numbers = _matches(session, person, wanted)
    for part in chunks(list(session.scalars(numbers.order_by(*_order(wanted)).limit(limit)))):
        rows = session.scalars(select(Ticket).where(Ticket.id.in_(part)).options(*SHORT, *NAMES))
        held = {row.id: row for row in rows}
        yield from (held[number] for number in part if number in held)


def _count(session: Session, person: Person, wanted: Filter) -> int:
    matches = _matches(session, person, wanted)
    if wanted.looks_back and not serves_all(person):
        # The whole past of many units takes seconds to count, and nobody turns so many pages.
        matches = matches.limit(COUNTED_TO)
    return count_of(session, matches)


def _order(wanted: Filter) -> tuple[ColumnElement[Any], ...]:
    order = Order.DUE if wanted.looks_back and wanted.order not in FOR_THE_PAST else wanted.order
    if wanted.is_number and order == Order.DUE:
        return (Ticket.number.asc() if wanted.turned else Ticket.number.desc(),)  # the way in is the way out
    columns = _columns(order, past=wanted.looks_back)
    if wanted.turned:
        return tuple(_turned(column) for column in columns)
    return columns


def _columns(order: Order, *, past: bool) -> tuple[ColumnElement[Any], ...]:
    match order:
        case Order.PRIORITY:
            return (Ticket.priority.asc(), Ticket.close_due.asc(), Ticket.id.asc())
        case Order.FILED | Order.UPDATED | Order.CLOSED | Order.URGES | Order.RETURNS:
            return (getattr(Ticket, f"{order}{MOMENTS.get(order, '')}").desc(), Ticket.id.desc())
        case Order.NUMBER:
            return (Ticket.id.desc(),)
        case Order.TITLE | Order.CATEGORY | Order.STATE:
            return (getattr(Ticket, order).asc(), Ticket.id.asc())
        case Order.SYSTEM | Order.UNIT | Order.REQUESTER | Order.HOLDER:
            return (*_by_name(order), Ticket.id.asc())
        case _ if past:
            return (Ticket.filed_at.desc(), Ticket.id.desc())
        case _:
            # A paused clock can wait; running ones first.
            return (Ticket.paused_at.is_not(None), Ticket.close_due.asc(), Ticket.id.asc())


MOMENTS = {Order.FILED: "_at", Order.UPDATED: "_at", Order.CLOSED: "_at"}


def _by_name(order: Order) -> tuple[ColumnElement[Any], ...]:
    """By the name that stands in the column; tickets that nobody holds come last."""
    if order == Order.HOLDER:
        name = select(Person.name).where(Person.id == Ticket.holder_id).scalar_subquery()
        return (Ticket.holder_id.is_(None), name.asc())
    named: dict[Order, tuple[Any, Any]] = {
        Order.SYSTEM: (System, Ticket.system_id),
        Order.UNIT: (Unit, Ticket.unit_id),
        Order.REQUESTER: (Person, Ticket.requester_id),
    }
    row, key = named[order]
    return (select(row.name).where(row.id == key).scalar_subquery().asc(),)


def _turned(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same column from its other end."""
    if isinstance(column, UnaryExpression) and column.modifier in (operators.asc_op, operators.desc_op):
        inner = column.element
        return inner.desc() if column.modifier is operators.asc_op else inner.asc()
    return column.desc()


def tab_counts(session: Session, person: Person, wanted: Filter | None = None) -> dict[Tab, int]:
    """How many open tickets lie on each pile, under the same filter; one query."""
    moment = now(session)
    narrowed = replace(wanted or Filter(), tab=None, open=True)
    sums = [func.sum(case((in_tab(tab, person, moment), 1), else_=0)) for tab in Tab]
    bounds = and_(served_by(person), *conditions(narrowed, person, moment))
    row = session.execute(select(*sums).select_from(Ticket).where(bounds)).one()
    return {tab: int(count or 0) for tab, count in zip(Tab, row, strict=True)}


def ticket_by_number(session: Session, number: str) -> Ticket | None:
    return session.scalar(select(Ticket).where(Ticket.number == number.strip().upper()))


def other_tickets(session: Session, person: Person, ticket: Ticket, *, limit: int = 6) -> list[Ticket]:
    """The requester's other tickets that ``person`` may open: the open ones first, then the latest."""
    return list(
        session.scalars(
            visible_tickets(person)
            .where(Ticket.requester_id == ticket.requester_id, Ticket.id != ticket.id)
            .options(*SHORT, *NAMES)
            .order_by(Ticket.closed_at.is_not(None), Ticket.filed_at.desc(), Ticket.id.desc())
            .limit(limit)
        )
    )


def newest_by(
    session: Session,
    tickets: Select[Ticket],
    key: SQLColumnExpression[Any],
    *,
    most: int,
    options: Sequence[ExecutableOption] = (),
) -> defaultdict[int, list[Ticket]]:
    """What stands in ``key`` → its newest among these tickets, at most so many; one query."""
    latest = func.row_number().over(partition_by=key, order_by=(Ticket.filed_at.desc(), Ticket.id.desc()))
    ranked = tickets.with_only_columns(Ticket.id, key.label("of"), latest.label("latest")).subquery()
    rows = session.execute(
        select(ranked.c.of, Ticket)
        .join(Ticket, Ticket.id == ranked.c.id)
        .where(ranked.c.latest <= most)
        .options(*options)
        .order_by(ranked.c.latest)
    ).unique()
    found: defaultdict[int, list[Ticket]] = defaultdict(list)
    for of, ticket in rows:
        found[of].append(ticket)
    return found


def successors(session: Session, ticket: Ticket) -> list[Person]:
    """The people to whom this ticket may be handed now: present, their posts serve it and work its tier."""
    permission = WORKERS.get(ticket.tier)
    people = people_who_work(session, [ticket.tier])
    away = absences_of(session, people)
    return [
        person
        for person in people
        if permission in permissions_on(person, ticket)
        and person.id != ticket.holder_id
        and person.id not in away
    ]


def people_who_work(session: Session, tiers: Iterable[Tier]) -> list[Person]:
    """Everybody who has a post that works on one of these tiers, by name."""
    wanted = {WORKERS[tier] for tier in tiers if tier in WORKERS}
    posts = [post for post, held in PERMISSIONS.items() if wanted & held]
    people = session.scalars(
        select(Person)
        .join(PersonPost)
        .where(PersonPost.post.in_(posts), Person.active)
        .order_by(Person.name, Person.id)
        .distinct()
    )
    return list(people)


def load_of(session: Session, people: Sequence[Person]) -> dict[int, int]:
    """How many open tickets each of these people holds now."""
    rows = session.execute(
        select(Ticket.holder_id, func.count())
        .where(Ticket.holder_id.in_([person.id for person in people]), is_open())
        .group_by(Ticket.holder_id)
    )
    return {holder: count for holder, count in rows if holder is not None}
