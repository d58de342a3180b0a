"""Lists of follow-ups and inspections: what waits, what is mine, what ended. Who sees what is in ``scope``.

The invariant: the number of queries does not depend on the number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_
from sqlalchemy.orm import Session, defer, joinedload, lazyload

from kb.columns import now
from kb.counting import count_of
from portal.catalogue.models import System
from portal.people.models import Person
from portal.people.roles import Permission
from portal.quality.models import FollowUp, Inspection
from portal.quality.scope import covered_by, visible_follow_ups, visible_inspections
from portal.quality.words import FollowUpState, InspectionState
from portal.tickets.models import Ticket


class Pile(StrEnum):
    """What a work list shows."""

    WAITING = "waiting"
    MINE = "mine"
    LATER = "later"
    APPEALS = "appeals"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Slice:
    """A page of a list."""

    rows: list[FollowUp] | list[Inspection] = field(default_factory=list)
    total: int = 0


def _named(person: Any) -> Any:
    return joinedload(person).options(lazyload(Person.posts), lazyload(Person.unit))


def _listed_ticket(ticket: Any) -> tuple[Any, ...]:
    base = joinedload(ticket)
    return (
        base.joinedload(Ticket.system).lazyload(System.modules),
        base.options(
            defer(Ticket.text), defer(Ticket.outcome), defer(Ticket.work_note), joinedload(Ticket.unit)
        ),
        base.joinedload(Ticket.requester).options(lazyload(Person.posts), lazyload(Person.unit)),
    )


def follow_ups(session: Session, person: Person, pile: Pile, *, limit: int = 30, offset: int = 0) -> Slice:
    """A pile of follow-ups: what is due first comes first, what ended last comes first."""
    wanted = visible_follow_ups(person).where(*_follow_up_pile(session, person, pile))
    total = count_of(session, wanted)
    order: tuple[Any, ...] = (
        (FollowUp.finished_at.desc(), FollowUp.id.desc())
        if pile == Pile.ENDED
        else (func.coalesce(FollowUp.next_at, FollowUp.drawn_at), FollowUp.id)
    )
    options = (*_listed_ticket(FollowUp.ticket), _named(FollowUp.agent), _named(FollowUp.holder))
    rows = session.scalars(wanted.options(*options).order_by(*order).limit(limit).offset(offset))
    return Slice(list(rows), total)


def _follow_up_pile(session: Session, person: Person, pile: Pile) -> tuple[ColumnElement[bool], ...]:
    is_open = FollowUp.state == FollowUpState.OPEN
    due = or_(FollowUp.next_at.is_(None), FollowUp.next_at <= now(session))
    mine = covered_by(person, Permission.FOLLOW_UP)
    match pile:
        case Pile.ENDED:
            return (FollowUp.state != FollowUpState.OPEN,)
        case Pile.MINE:
            return (is_open, FollowUp.holder_id == person.id)
        case Pile.LATER:
            return (is_open, FollowUp.next_at > now(session))
        case _:
            return (is_open, due, or_(mine, FollowUp.agent_id != person.id))


def follow_up_counts(session: Session, person: Person) -> dict[Pile, int]:
    """How many lie on each pile that is worked from."""
    piles = (Pile.WAITING, Pile.MINE, Pile.LATER)
    base = visible_follow_ups(person).with_only_columns(FollowUp.id)
    return {pile: count_of(session, base.where(*_follow_up_pile(session, person, pile))) for pile in piles}


def inspections(session: Session, person: Person, pile: Pile, *, limit: int = 30, offset: int = 0) -> Slice:
    """A pile of inspections, oldest first where work waits, newest first where it ended."""
    wanted = visible_inspections(person).where(*_inspection_pile(person, pile))
    total = count_of(session, wanted)
    order: tuple[Any, ...] = (
        (Inspection.scored_at.desc(), Inspection.id.desc())
        if pile == Pile.ENDED
        else (Inspection.drawn_at, Inspection.id)
    )
    options = (*_listed_ticket(Inspection.ticket), _named(Inspection.agent), _named(Inspection.inspector))
    loaded = wanted.options(*options, joinedload(Inspection.appeal))
    rows = session.scalars(loaded.order_by(*order).limit(limit).offset(offset))
    return Slice(list(rows), total)


def _inspection_pile(person: Person, pile: Pile) -> tuple[ColumnElement[bool], ...]:
    match pile:
        case Pile.ENDED:
            return (
                Inspection.state.in_((InspectionState.SCORED, InspectionState.DECIDED)),
                Inspection.agent_id != person.id,
            )
        case Pile.APPEALS:
            return (Inspection.state == InspectionState.APPEALED, Inspection.agent_id != person.id)
        case Pile.MINE:
            return (Inspection.state == InspectionState.OPEN, Inspection.inspector_id == person.id)
        case _:
            return (Inspection.state == InspectionState.OPEN,)


def inspection_counts(session: Session, person: Person) -> dict[Pile, int]:
    """How many lie on each pile that is worked from."""
    piles = (Pile.WAITING, Pile.MINE, Pile.APPEALS)
    base = visible_inspections(person).with_only_columns(Inspection.id)
    return {pile: count_of(session, base.where(*_inspection_pile(person, pile))) for pile in piles}


def own_inspections(person: Person) -> Select[Inspection]:
    """The scores of this person's own work, the latest first."""
    return (
        visible_inspections(person)
        .where(Inspection.agent_id == person.id)
        .options(*_listed_ticket(Inspection.ticket), joinedload(Inspection.appeal))
        .order_by(Inspection.scored_at.desc(), Inspection.id.desc())
    )


def next_to_score(session: Session, person: Person, after: int = 0) -> Inspection | None:
    """The next one that this person may take: their own first, then what nobody has."""
    free = or_(Inspection.inspector_id == person.id, Inspection.inspector_id.is_(None))
    wanted = visible_inspections(person).where(
        Inspection.state == InspectionState.OPEN,
        Inspection.agent_id != person.id,
        Inspection.id != after,
        free,
        covered_by(person, Permission.INSPECT),
    )
    order = (Inspection.inspector_id.is_(None), Inspection.drawn_at, Inspection.id)
    return session.scalars(wanted.order_by(*order).limit(1)).first()


def next_to_ring(session: Session, person: Person, after: int = 0) -> FollowUp | None:
    """The next user this person may ring."""
    free = or_(FollowUp.holder_id == person.id, FollowUp.holder_id.is_(None))
    due = or_(FollowUp.next_at.is_(None), FollowUp.next_at <= now(session))
    wanted = visible_follow_ups(person).where(
        FollowUp.state == FollowUpState.OPEN,
        FollowUp.agent_id != person.id,
        FollowUp.id != after,
        free,
        due,
        covered_by(person, Permission.FOLLOW_UP),
    )
    order = (FollowUp.holder_id.is_(None), func.coalesce(FollowUp.next_at, FollowUp.drawn_at), FollowUp.id)
    return session.scalars(wanted.order_by(*order).limit(1)).first()
