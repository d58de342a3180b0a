"""Callers: whom an agent may file for, and what the console shows of them. Reads only.

``filing.may_file_for`` and ``served_callers`` are one rule in two shapes; a test proves them equal. The
invariant: a caller outside the units that an agent's post serves does not exist for this agent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session, joinedload

from portal.people.models import Person, Unit
from portal.tickets.filing import filing_desks, may_file_for
from portal.tickets.flow import ENDED
from portal.tickets.models import Ticket
from portal.tickets.piles import FRONT, LOCAL, unheld
from portal.tickets.visibility import visible_tickets


@dataclass(frozen=True, slots=True)
class Waiting:
    """The queue strip: how many nobody has taken, and when the first of them is due."""

    count: int
    due: datetime | None = None


def served_callers(by: Person) -> Select[Person]:
    """``may_file_for`` in SQL."""
    paths = [row.unit.path for row in filing_desks(by) if row.unit is not None] if by.active else []
    below = [func.substr(Unit.path, 1, len(path)) == path for path in paths]
    units = select(Unit.id).where(or_(False, *below))
    return select(Person).where(Person.active, Person.unit_id.in_(units))


def caller_of(session: Session, number: int | None, *, by: Person) -> Person | None:
    """The caller with this id, if this agent may file for them."""
    caller = session.get(Person, number) if number else None
    return caller if caller is not None and may_file_for(by, caller) else None


def find_callers(session: Session, text: str, *, by: Person, limit: int = 8) -> list[Person]:
    """Callers by name, login or phone as an agent types them; whole and leading matches first."""
    words = text.strip().replace("%", "").replace("_", "")
    if not words:
        return []
    wanted = served_callers(by).where(_matches(words)).order_by(_closeness(words), Person.name, Person.id)
    return list(session.scalars(wanted.limit(limit)))


def _matches(words: str) -> ColumnElement[bool]:
    pattern = f"%{words}%"
    return or_(
        Person.name.ilike(pattern),
        Person.name_en.ilike(pattern),
        Person.login.ilike(pattern),
        Person.phone.like(pattern),
    )


def _closeness(words: str) -> ColumnElement[int]:
    whole = or_(Person.name == words, Person.login == words.lower(), Person.phone == words)
    leading = or_(Person.name.like(f"{words}%"), Person.login.like(f"{words.lower()}%"))
    return case((whole, 0), (leading, 1), else_=2)


def open_tickets_of(session: Session, caller: Person, *, by: Person, limit: int = 6) -> list[Ticket]:
    """What the caller still waits for, as far as this agent may see it, newest first."""
    wanted = _tickets_of(caller, by=by).where(Ticket.state.not_in(ENDED))
    return list(session.scalars(wanted.limit(limit)))


def history_of(session: Session, caller: Person, *, by: Person, limit: int = 5) -> list[Ticket]:
    """What the caller asked before and is done."""
    wanted = _tickets_of(caller, by=by).where(Ticket.state.in_(ENDED))
    return list(session.scalars(wanted.limit(limit)))


def _tickets_of(caller: Person, *, by: Person) -> Select[Ticket]:
    mine = visible_tickets(by).where(Ticket.requester_id == caller.id)
    return mine.options(joinedload(Ticket.holder)).order_by(Ticket.filed_at.desc(), Ticket.id.desc())


def waiting_for(session: Session, by: Person) -> Waiting:
    """How many tickets of this agent's units nobody has taken."""
    pile = FRONT if by.may(FRONT.permission) else LOCAL
    rows = (
        unheld(pile, by)
        .order_by(None)
        .with_only_columns(func.count(), func.min(func.coalesce(Ticket.tier_due, Ticket.close_due)))
    )
    count, due = session.execute(rows).one()
    return Waiting(count, due)
