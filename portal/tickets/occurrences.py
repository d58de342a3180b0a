"""A defect seen through its tickets: how often, where, in whose words.

The figures of a record count every linked ticket; tickets themselves and their words are shown only to
those who may open them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from defects.models import Defect
from portal.people.models import Person, Unit
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.visibility import visible_tickets

WEEKS = 26


@dataclass(frozen=True, slots=True)
class Week:
    """``units`` holds province → tickets of the week, most first."""

    start: date
    tickets: int
    units: tuple[tuple[str, int], ...]


def weeks_of(session: Session, defect: Defect, *, zone: ZoneInfo, today: date) -> list[Week]:
    """The last half year week by week, weeks without a ticket included. One query."""
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=zone)
    rows = session.execute(
        select(Ticket.filed_at, Unit.path)
        .join(DefectLink, DefectLink.ticket_id == Ticket.id)
        .join(Unit, Ticket.unit_id == Unit.id)
        .where(_live(defect.id), Ticket.filed_at >= since)
    )
    names = _province_names(session)
    found: dict[date, Counter[str]] = {first + timedelta(weeks=number): Counter() for number in range(WEEKS)}
    for filed_at, path in rows:
        day = filed_at.astimezone(zone).date()
        monday = day - timedelta(days=day.weekday())
        if monday in found:
            found[monday][_province(path, names)] += 1
    return [Week(start, sum(row.values()), tuple(row.most_common())) for start, row in found.items()]


def _live(defect_id: int) -> ColumnElement[bool]:
    return (DefectLink.defect_id == defect_id) & (DefectLink.verdict == LinkVerdict.LINKED)


def _province_names(session: Session) -> dict[str, str]:
    rows = session.execute(select(Unit.code, Unit.name).where(Unit.kind.in_(("company", "province"))))
    return dict(rows.all())


def _province(path: str, names: dict[str, str]) -> str:
    """The province a unit belongs to; the company itself for its own departments."""
    named = [names[code] for code in path.split("/") if code in names]
    return named[-1] if named else path


def tickets_seen(session: Session, defect: Defect, person: Person, *, limit: int) -> list[Ticket]:
    """The newest linked tickets that this person may open."""
    return list(
        session.scalars(
            visible_tickets(person)
            .join(DefectLink, DefectLink.ticket_id == Ticket.id)
            .where(_live(defect.id))
            .options(selectinload(Ticket.requester))
            .order_by(Ticket.filed_at.desc())
            .limit(limit)
        )
    )
