"""Who came back: a ticket filed for the same person about the same thing, within days of their question.

What ``solved`` is worth is only known a week later. The rule of likeness is ``sameness``; here questions
and tickets are put together and the first ticket that fits is written down, once. The worker does it as a
job. The invariant: running it again changes nothing, and what is looked at is the same for whoever was
shown answers and whoever was held back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session

from portal.catalogue.models import System
from portal.finder.models import SELF_SERVICE, Consultation
from portal.finder.sameness import Said, is_same_thing
from portal.finder.sources import ANNOUNCEMENT
from portal.tickets.models import Ticket

WINDOW = timedelta(days=7)
#: A ticket of the last minute may be on its way into the database still.
GRACE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Return:
    """One question whose asker came back with it."""

    consultation: int
    ticket: int
    at: datetime


def waits_for_its_days() -> Sequence[ColumnElement[bool]]:
    """Questions that people asked for themselves and that are not judged for good yet."""
    return (Consultation.settled_at.is_(None), Consultation.place.in_(SELF_SERVICE))


def returns(session: Session) -> list[Return]:
    """For every question that waits for its days: the first ticket about the same thing within them."""
    found: dict[int, Return] = {}
    for number, asked, about, moment, ticket, title, text, system, filed_at in session.execute(_pairs()):
        said = Said(f"{title}\n{text}", system)
        if number not in found and filed_at <= moment + WINDOW and is_same_thing(Said(asked, about), said):
            found[number] = Return(number, ticket, filed_at)
    return list(found.values())


def _pairs() -> Select[*tuple[Any, ...]]:
    """Questions that ended without a ticket beside the later tickets of the same person, oldest first."""
    told = or_(Consultation.solved_kind.is_(None), Consultation.solved_kind != ANNOUNCEMENT)
    return (
        select(
            Consultation.id,
            Consultation.text,
            Consultation.about,
            Consultation.at,
            Ticket.id,
            Ticket.title,
            Ticket.text,
            System.code,
            Ticket.filed_at,
        )
        .join(Ticket, Ticket.requester_id == Consultation.person_id)
        .join(System, System.id == Ticket.system_id)
        .where(
            *waits_for_its_days(),
            Consultation.ticket_id.is_(None),
            Consultation.returned_at.is_(None),
            told,
            Ticket.filed_at > Consultation.at,
            Ticket.parent_id.is_(None),  # one that staff opened in another system is no new request
        )
        .order_by(Consultation.id, Ticket.filed_at, Ticket.id)
    )


def note(session: Session, found: Iterable[Return]) -> int:
    """Write down who came back, when, with which ticket; what is written already stays. Returns how many."""
    return sum(_noted(session, row) for row in found)


def _noted(session: Session, row: Return) -> int:
    done = session.execute(
        update(Consultation)
        .where(
            Consultation.id == row.consultation,
            Consultation.returned_at.is_(None),
            Consultation.ticket_id.is_(None),
        )
        .values(returned_at=row.at, returned_ticket_id=row.ticket)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))


def settle(session: Session, *, before: datetime, at: datetime) -> int:
    """Questions asked before that are judged for good from now on; returns how many."""
    done = session.execute(
        update(Consultation)
        .where(*waits_for_its_days(), Consultation.at < before)
        .values(settled_at=at)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))


def look_back(session: Session, moment: datetime) -> int:
    """All of it in one go, for whoever has a transaction of their own; returns how many came back."""
    came = note(session, returns(session))
    settle(session, before=moment - WINDOW - GRACE, at=moment)
    return came
