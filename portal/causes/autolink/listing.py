"""What the system linked by itself, for those who judge or steer it: lists that hold what a reader may open.

The invariant: a ticket that the reader may not open is not in a list; figures count every link.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from defects.models import Defect
from portal.causes.autolink.fates import Made, made
from portal.causes.autolink.models import LinkDecision, LinkPause
from portal.people.models import Person
from portal.tickets.models import Ticket
from portal.tickets.visibility import served_by

PAUSES = 10
NEWEST_FIRST = (LinkDecision.at.desc(), LinkDecision.id.desc())


def links_seen(session: Session, person: Person, *, limit: int, offset: int = 0) -> list[Made]:
    """The system's links on tickets that this person serves, newest first."""
    wanted = _seen(person).order_by(*NEWEST_FIRST).limit(limit).offset(offset)
    return made(session, wanted)


def how_many_seen(session: Session, person: Person) -> int:
    return session.scalar(_seen(person).with_only_columns(func.count())) or 0


def links_on(session: Session, person: Person, defect: Defect, *, limit: int) -> list[Made]:
    """Those on one record, newest first."""
    wanted = _seen(person, LinkDecision.defect_id == defect.id)
    return made(session, wanted.order_by(*NEWEST_FIRST).limit(limit))


def _seen(person: Person, *more: ColumnElement[bool]) -> Select[LinkDecision]:
    return (
        select(LinkDecision)
        .join(Ticket, Ticket.id == LinkDecision.ticket_id)
        .where(LinkDecision.link_id.is_not(None), served_by(person), *more)
    )


def pauses(session: Session) -> list[LinkPause]:
    """When it was stopped and let go on, newest first."""
    return list(session.scalars(select(LinkPause).order_by(LinkPause.id.desc()).limit(PAUSES)))
