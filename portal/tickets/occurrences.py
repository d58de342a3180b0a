"""A defect seen through its tickets: how often, where, in whose words; and lists of records by that.

The figures of a record count every linked ticket; tickets themselves and their words are shown only to
those who may open them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from defects.flow import OPEN, DefectState
from defects.models import Defect, DefectType
from indexer.words import N_
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


# ── lists of records ─────────────────────────────────────────────────────────────────────────────


class Sort(StrEnum):
    TICKETS = "tickets"
    AGE = "age"
    RECURRENCE = "recurrence"
    DUE = "due"
    NEWEST = "newest"


SORT_LABELS = {
    Sort.TICKETS: N_("工单最多"),
    Sort.AGE: N_("拖得最久"),
    Sort.RECURRENCE: N_("复发最多"),
    Sort.DUE: N_("期限最近"),
    Sort.NEWEST: N_("最近更新"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of records is narrowed to; ``state`` may be a state or ``open``."""

    state: str = ""
    system: str = ""
    type: DefectType | None = None
    severity: int | None = None
    key: bool = False
    text: str = ""

    def narrow(self, records: Select[Defect]) -> Select[Defect]:
        if self.state == "open":
            records = records.where(Defect.state.in_(OPEN))
        elif self.state in set(DefectState):
            records = records.where(Defect.state == DefectState(self.state))
        records = records.where(Defect.system == self.system) if self.system else records
        records = records.where(Defect.type == self.type) if self.type else records
        records = records.where(Defect.severity == self.severity) if self.severity else records
        records = records.where(Defect.key) if self.key else records
        return records.where(_says(self.text)) if self.text else records


def _says(text: str) -> ColumnElement[bool]:
    like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    columns = (Defect.title, Defect.number, Defect.workaround, Defect.cause)
    return or_(*(column.ilike(like, escape="\\") for column in columns))


def counted(records: Select[Defect], sort: Sort) -> Select[Defect, int]:
    """Each record with the number of its tickets, in one query, sorted."""
    tickets = (
        select(DefectLink.defect_id, func.count().label("number"))
        .where(DefectLink.verdict == LinkVerdict.LINKED)
        .group_by(DefectLink.defect_id)
        .subquery()
    )
    number = func.coalesce(tickets.c.number, 0)
    orders = {
        Sort.TICKETS: (number.desc(), Defect.severity),
        Sort.AGE: (Defect.state.not_in(OPEN), Defect.created_at),
        Sort.RECURRENCE: (Defect.recurrences.desc(), number.desc()),
        Sort.DUE: (Defect.due_on.is_(None), Defect.due_on),
        Sort.NEWEST: (Defect.updated_at.desc(),),
    }
    joined = records.outerjoin(tickets, tickets.c.defect_id == Defect.id).add_columns(number)
    return joined.order_by(*orders[sort], Defect.id)


def owners_of(session: Session, records: Collection[Defect]) -> dict[int, Person]:
    """Everybody in charge of these records, by id. One query."""
    ids = {number for row in records for number in (row.owner_middle_id, row.owner_back_id) if number}
    return {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}
