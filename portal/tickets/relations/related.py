"""See also: two tickets that are worth reading together, without consequence for either.

Whoever ties or unties them serves one and may open the other. The invariant: at most one live row per pair.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets.models import Ticket
from portal.tickets.relations.merging import NOT_THERE
from portal.tickets.relations.models import Related
from portal.tickets.visibility import is_visible, serves


def relate(session: Session, ticket: Ticket, other: Ticket, *, by: Person) -> Related:
    """Name two tickets in one breath; doing so twice changes nothing."""
    _check(session, ticket, other, by)
    if ticket.id == other.id:
        raise Refused(N_("不能把工单关联到它自己。"))
    known = _live(session, ticket, other)
    if known is not None:
        return known
    first, second = sorted((ticket.id, other.id))
    row = Related(first_id=first, second_id=second, by_id=by.id, at=now(session))
    session.add(row)
    session.flush()
    return row


def unrelate(session: Session, ticket: Ticket, other: Ticket, *, by: Person) -> None:
    """Take it back; the row stays and says by whom."""
    _check(session, ticket, other, by)
    row = _live(session, ticket, other)
    if row is None:
        raise Refused(N_("这两张工单没有关联。"))
    row.ended_by_id, row.ended_at = by.id, now(session)
    session.flush()


def _check(session: Session, ticket: Ticket, other: Ticket, by: Person) -> None:
    if not (serves(by, ticket) and is_visible(session, by, other)):
        raise Refused(NOT_THERE)


def _live(session: Session, ticket: Ticket, other: Ticket) -> Related | None:
    first, second = sorted((ticket.id, other.id))
    pair = and_(Related.first_id == first, Related.second_id == second)
    return session.scalars(select(Related).where(pair, is_live())).first()


def is_live() -> ColumnElement[bool]:
    return Related.ended_at.is_(None)


def related_ids(session: Session, ticket: Ticket) -> list[int]:
    """The tickets that this one is named with, the latest tie first."""
    either = or_(Related.first_id == ticket.id, Related.second_id == ticket.id)
    rows = session.scalars(select(Related).where(either, is_live()).order_by(Related.id.desc()))
    return [row.second_id if row.first_id == ticket.id else row.first_id for row in rows]
