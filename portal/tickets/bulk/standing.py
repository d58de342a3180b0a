"""How far bulk deeds have come: whose, which tickets met which fate, what lies forgotten. Mostly reading."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from portal.people.models import Person
from portal.tickets.bulk.models import Bulk, BulkItem, Fate, Phase
from portal.tickets.models import Ticket
from portal.tickets.queries import NAMES

#: When nobody's page has asked for the next part for so long, the worker does it.
LEFT_ALONE = timedelta(seconds=20)
FORGOTTEN = timedelta(days=1)
MOVING = (Phase.CHECKING, Phase.RUNNING, Phase.UNDOING)


def bulk_of(session: Session, person: Person, number: int) -> Bulk | None:
    """Somebody's own bulk deed; nobody else's."""
    return session.scalar(select(Bulk).where(Bulk.id == number, Bulk.by_id == person.id))


def recent(session: Session, person: Person, *, limit: int = 20) -> list[Bulk]:
    """What somebody has given lately, newest first."""
    mine = select(Bulk).where(Bulk.by_id == person.id, Bulk.phase != Phase.CHOSEN)
    return list(session.scalars(mine.order_by(Bulk.id.desc()).limit(limit)))


def counted(session: Session, bulk: Bulk) -> dict[Fate, int]:
    """How many tickets met which fate; one query."""
    rows = select(BulkItem.fate, func.count()).where(BulkItem.bulk_id == bulk.id).group_by(BulkItem.fate)
    return dict(session.execute(rows).all())


def items_of(
    session: Session, bulk: Bulk, fates: Iterable[Fate], *, limit: int, offset: int = 0
) -> list[BulkItem]:
    """A page of its tickets, those with something to say first."""
    wanted = (
        select(BulkItem)
        .join(Ticket)
        .where(BulkItem.bulk_id == bulk.id, BulkItem.fate.in_(list(fates)))
        .options(selectinload(BulkItem.ticket).options(*NAMES))
        .order_by(BulkItem.sentence == "", BulkItem.ticket_id)
    )
    return list(session.scalars(wanted.limit(limit).offset(offset)))


def left_alone(session: Session, moment: datetime) -> Bulk | None:
    """A deed in progress whose page nobody keeps open; locked, so that two workers don't take the same."""
    waiting = select(Bulk).where(Bulk.phase.in_(MOVING), Bulk.moved_at <= moment - LEFT_ALONE)
    return session.scalars(
        waiting.order_by(Bulk.id).limit(1).with_for_update(skip_locked=True, of=Bulk)
    ).first()


def forget_unused(session: Session, moment: datetime) -> int:
    """Drop what was chosen or previewed and never given; returns how many."""
    never = (Phase.CHOSEN, Phase.CHECKING, Phase.PREVIEWED)
    stale = select(Bulk).where(Bulk.phase.in_(never), Bulk.moved_at <= moment - FORGOTTEN)
    unused = list(session.scalars(stale))
    for bulk in unused:
        for item in session.scalars(select(BulkItem).where(BulkItem.bulk_id == bulk.id)):
            session.delete(item)
        session.flush()
        session.delete(bulk)
    session.flush()
    return len(unused)
