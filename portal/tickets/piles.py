"""The piles on somebody's table: what waits for a post's hands, in the order it should be taken.

One table of piles and their readers. Nothing is decided here; steps live in ``flow``. The invariant: a
pile holds only tickets that a post *with the pile's permission* serves, so that an agent of one unit who
is also an expert of one system finds no foreign systems' tickets on the expert's bench.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import Session, joinedload

from indexer.words import N_
from portal.people.models import Person
from portal.people.roles import PERMISSIONS, Permission
from portal.tickets.models import Ticket
from portal.tickets.selection import is_open
from portal.tickets.visibility import post_clause, post_covers
from portal.tickets.words import State, Tier

LONGEST = 50


@dataclass(frozen=True, slots=True)
class Pile:
    """Tickets of one tier in these states, for those who hold the permission."""

    name: str
    label: str
    permission: Permission
    tier: Tier
    states: tuple[State, ...]


P, S, T = Permission, State, Tier

# fmt: off
FRONT = Pile("front", N_("待受理"), P.WORK_FRONT, T.FRONT, (S.NEW, S.OPEN, S.FEEDBACK))
LOCAL = Pile("local", N_("待处置"), P.WORK_LOCAL, T.LOCAL, (S.OPEN,))
#: The expert's and the engineer's bench.
BENCH = (
    Pile("rule",   N_("待研判"), P.WORK_MIDDLE, T.MIDDLE, (S.OPEN, S.WAITING)),
    Pile("verify", N_("待验证"), P.WORK_MIDDLE, T.MIDDLE, (S.VERIFYING,)),
    Pile("parked", N_("挂起中"), P.WORK_MIDDLE, T.MIDDLE, (S.PARKED,)),
    Pile("back",   N_("待处置"), P.WORK_BACK,   T.BACK,   (S.OPEN,)),
)
# fmt: on


def served_with(person: Person, permission: Permission) -> ColumnElement[bool]:
    """In SQL: some post of this person that holds the permission serves the ticket."""
    if not person.active:
        return false()
    fitting = [post_clause(row) for row in person.posts if permission in PERMISSIONS[row.post]]
    return or_(false(), *fitting)


def serves_with(person: Person, ticket: Ticket, permission: Permission) -> bool:
    """``served_with`` for one ticket; a test proves both equal."""
    return person.active and any(
        permission in PERMISSIONS[row.post] and post_covers(row, ticket) for row in person.posts
    )


def piles_of(person: Person) -> tuple[Pile, ...]:
    """The piles of the bench that this person works on."""
    return tuple(pile for pile in BENCH if person.may(pile.permission))


def is_on_bench(person: Person, ticket: Ticket) -> bool:
    """May this person open the ticket on the bench? Also after it went on, to see what became of it."""
    return any(serves_with(person, ticket, pile.permission) for pile in piles_of(person))


def _lies_in(pile: Pile, person: Person) -> ColumnElement[bool]:
    here = and_(is_open(), Ticket.tier == pile.tier, Ticket.state.in_(pile.states))
    return and_(here, served_with(person, pile.permission))


def tickets_in(pile: Pile, person: Person) -> Select[Ticket]:
    """A pile in working order: what is in my hands, what nobody has, what colleagues have; soonest first."""
    turn = case((Ticket.holder_id == person.id, 0), (Ticket.holder_id.is_(None), 1), else_=2)
    asked = case((Ticket.state == State.WAITING, 1), else_=0)
    due = func.coalesce(Ticket.tier_due, Ticket.close_due)
    people = (joinedload(Ticket.requester), joinedload(Ticket.holder))
    return select(Ticket).where(_lies_in(pile, person)).options(*people).order_by(asked, turn, due, Ticket.id)


def top_of(session: Session, pile: Pile, person: Person) -> list[Ticket]:
    """The first tickets of a pile."""
    return list(session.scalars(tickets_in(pile, person).limit(LONGEST)))


def heights(session: Session, piles: Sequence[Pile], person: Person) -> dict[str, int]:
    """How many tickets lie in each of these piles."""
    if not piles:
        return {}
    counts = [func.count().filter(_lies_in(pile, person)) for pile in piles]
    tiers = {pile.tier for pile in piles}
    row = session.execute(select(*counts).select_from(Ticket).where(is_open(), Ticket.tier.in_(tiers))).one()
    return dict(zip((pile.name for pile in piles), row, strict=True))


def unheld(pile: Pile, person: Person) -> Select[Ticket]:
    """What nobody has taken yet, soonest first."""
    return tickets_in(pile, person).where(Ticket.holder_id.is_(None))
