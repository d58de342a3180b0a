"""The judgements that one judge is asked for, and passing one by.

Judging itself is ``portal.tickets.linking``, as on the workbench. The invariant: nobody is offered a ticket
that they may not judge; it is in no list, no count and no word.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, joinedload

from defects.flow import DEAD
from defects.models import Defect
from indexer.confidence import LEAST_LABELS
from kb.columns import now
from portal.catalogue.models import System
from portal.causes.teaching.gathering import GONE, NEVER, unjudged
from portal.causes.teaching.models import TeachingPick, TeachingSkip
from portal.finder.judgements import how_many_cases
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.models import Ticket
from portal.tickets.piles import served_with

#: Asked for at a time: more is no coffee break.
ASKED = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the desk is from the first percentage."""

    judged: int
    least: int = LEAST_LABELS

    @property
    def missing(self) -> int:
        return max(0, self.least - self.judged)


def progress(session: Session) -> Progress:
    return Progress(how_many_cases(session))


def picks_for(session: Session, person: Person, *, most: int = ASKED) -> list[TeachingPick]:
    """The most helpful first."""
    wanted = _offered(person).order_by(TeachingPick.rank, TeachingPick.id).limit(most)
    ticket = joinedload(TeachingPick.ticket)
    loading = (
        ticket.joinedload(Ticket.system).lazyload(System.modules),
        ticket.lazyload(Ticket.requester),
        joinedload(TeachingPick.defect),
    )
    return list(session.scalars(wanted.options(*loading)))


def how_many_for(session: Session, person: Person) -> int:
    counted = _offered(person).with_only_columns(func.count(), maintain_column_froms=True)
    return session.scalar(counted) or 0


def _offered(person: Person) -> Select[TeachingPick]:
    return (
        select(TeachingPick)
        .join(Ticket, TeachingPick.ticket_id == Ticket.id)
        .join(Defect, TeachingPick.defect_id == Defect.id)
        .where(
            Defect.state.not_in(DEAD),
            TeachingPick.rank.is_not(None),
            Ticket.state.not_in(GONE),
            Ticket.category.not_in(NEVER),
            served_with(person, Permission.LINK_DEFECTS),
            unjudged(),
            ~_passed_by(person),
        )
    )


def _passed_by(person: Person) -> ColumnElement[bool]:
    return exists().where(TeachingSkip.ticket_id == Ticket.id, TeachingSkip.person_id == person.id)


def pass_by(session: Session, ticket: Ticket, *, by: Person) -> None:
    """They can't say; somebody else may."""
    if _skip_of(session, ticket, by) is None:
        session.add(TeachingSkip(ticket_id=ticket.id, person_id=by.id, at=now(session)))
        session.flush()


def take_up(session: Session, ticket: Ticket, *, by: Person) -> bool:
    """Undo of ``pass_by``; False when it was not passed by."""
    row = _skip_of(session, ticket, by)
    if row is not None:
        session.delete(row)
        session.flush()
    return row is not None


def _skip_of(session: Session, ticket: Ticket, by: Person) -> TeachingSkip | None:
    wanted = select(TeachingSkip).where(TeachingSkip.ticket_id == ticket.id, TeachingSkip.person_id == by.id)
    return session.scalars(wanted).first()
