"""Bulk deeds whose page nobody keeps open are worked off by the worker, a part at a time."""

from __future__ import annotations

from sqlalchemy.orm import Session, sessionmaker

from portal.cli.place import moment
from portal.config import Settings
from portal.db import transaction
from portal.tickets.bulk.models import Bulk
from portal.tickets.bulk.parts import carry_on
from portal.tickets.bulk.standing import forget_unused, left_alone

#: Each part is a transaction of its own; a round that does more would hold up the other jobs.
PARTS_A_ROUND = 10


def carry_bulk_on(_settings: Settings, maker: sessionmaker[Session]) -> int:
    """Do the next parts of what was left alone; returns how many."""
    done = 0
    with maker() as session:  # without the write lock: most of the time there is nothing
        number = bulk.id if (bulk := left_alone(session, moment())) else None
    while number is not None and done < PARTS_A_ROUND and _part(maker, number):
        done += 1
    return done


def _part(maker: sessionmaker[Session], number: int) -> bool:
    """One part of this deed; False when nothing of it is left, or a page works on it."""
    with transaction(maker) as session:
        bulk = session.get_one(Bulk, number)
        before = bulk.phase
        carry_on(session, bulk)
        return bulk.phase == before


def forget_bulk(_settings: Settings, maker: sessionmaker[Session]) -> None:
    """Drop what was previewed and never given."""
    with transaction(maker) as session:
        forget_unused(session, moment())
