"""Who else met these defects lately: how many tickets, from which units, the newest ones to open.

As on the record's page, figures count every linked ticket; tickets themselves are given only to those who
may open them. The invariant: two queries, however many records are asked about.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.people.models import Person, Unit
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.queries import newest_by
from portal.tickets.visibility import visible_tickets

DAYS = 30
NEWEST = 3
UNITS = 3


@dataclass(frozen=True, slots=True)
class Place:
    """What a unit is called, for readers of either language."""

    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class WhoElse:
    """The other tickets of one record in the last ``DAYS`` days."""

    tickets: int = 0
    units: tuple[tuple[Place, int], ...] = ()
    """Most first, and only the first few …"""
    more_units: int = 0
    """… and so many more."""
    newest: tuple[Ticket, ...] = ()
    """Those that the reader may open."""
    days: int = DAYS


NOBODY = WhoElse()


def who_else(
    session: Session, person: Person, ticket: Ticket, defects: Collection[int]
) -> dict[int, WhoElse]:
    """Record → who else; records that nobody else met are left out."""
    if not defects:
        return {}
    lately = _lately(ticket, defects, since=now(session) - timedelta(days=DAYS))
    units, newest = _units(session, lately), _newest(session, person, lately)
    return {
        number: WhoElse(
            sum(counted.values()),
            tuple(counted.most_common(UNITS)),
            max(0, len(counted) - UNITS),
            tuple(newest.get(number, ())),
        )
        for number, counted in units.items()
    }


def _lately(ticket: Ticket, defects: Collection[int], *, since: datetime) -> ColumnElement[bool]:
    return and_(
        DefectLink.defect_id.in_(defects),
        DefectLink.verdict == LinkVerdict.LINKED,
        Ticket.filed_at >= since,
        Ticket.id != ticket.id,
    )


def _units(session: Session, lately: ColumnElement[bool]) -> Mapping[int, Counter[Place]]:
    rows = session.execute(
        select(DefectLink.defect_id, Unit.name, Unit.name_en, func.count())
        .join(Ticket, Ticket.id == DefectLink.ticket_id)
        .join(Unit, Unit.id == Ticket.unit_id)
        .where(lately)
        .group_by(DefectLink.defect_id, Unit.name, Unit.name_en)
        .order_by(Unit.name)
    )
    found: defaultdict[int, Counter[Place]] = defaultdict(Counter)
    for number, name, name_en, count in rows:
        found[number][Place(name, name_en)] += count
    return found


def _newest(session: Session, person: Person, lately: ColumnElement[bool]) -> Mapping[int, list[Ticket]]:
    linked = visible_tickets(person).join(DefectLink, DefectLink.ticket_id == Ticket.id).where(lately)
    return newest_by(session, linked, DefectLink.defect_id, most=NEWEST)
