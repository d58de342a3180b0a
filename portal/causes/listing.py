"""Lists of records: what they are narrowed to, in which order, with how many tickets each.

Which records a person may see at all comes from ``defects.queries``. The figures of a record count every
linked ticket. One query for a list, whatever its length.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from defects.flow import OPEN, DefectState
from defects.models import Defect, DefectType
from defects.wording import says
from indexer.words import N_
from portal.causes.keys.overview import overdue
from portal.people.models import Person
from portal.tickets.models import DefectLink, LinkVerdict

#: In place of an owner: records that nobody in the middle is in charge of.
NOBODY = 0


class Sort(StrEnum):
    TICKETS = "tickets"
    AGE = "age"
    RECURRENCE = "recurrence"
    DUE = "due"
    SEVERITY = "severity"
    NEWEST = "newest"


SORT_LABELS = {
    Sort.TICKETS: N_("工单最多"),
    Sort.AGE: N_("拖得最久"),
    Sort.RECURRENCE: N_("复发最多"),
    Sort.DUE: N_("期限最近"),
    Sort.SEVERITY: N_("最严重"),
    Sort.NEWEST: N_("最近更新"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of records is narrowed to; ``state`` may be a state or ``open``, ``owner`` ``NOBODY``."""

    state: str = ""
    system: str = ""
    module: str = ""
    type: DefectType | None = None
    severity: int | None = None
    key: bool = False
    overdue: bool = False
    recurred: bool = False
    owner: int | None = None
    text: str = ""

    def narrow(self, records: Select[Defect], *, today: date) -> Select[Defect]:
        if self.state == "open":
            records = records.where(Defect.state.in_(OPEN))
        elif self.state in set(DefectState):
            records = records.where(Defect.state == DefectState(self.state))
        records = records.where(Defect.system == self.system) if self.system else records
        records = records.where(Defect.module == self.module) if self.module else records
        records = records.where(Defect.type == self.type) if self.type else records
        records = records.where(Defect.severity == self.severity) if self.severity else records
        records = records.where(Defect.key) if self.key else records
        records = records.where(overdue(today)) if self.overdue else records
        records = records.where(Defect.recurrences > 0) if self.recurred else records
        records = _of_owner(records, self.owner) if self.owner is not None else records
        return records.where(says(self.text)) if self.text.strip() else records


def _of_owner(records: Select[Defect], owner: int) -> Select[Defect]:
    if owner == NOBODY:
        return records.where(and_(Defect.owner_middle_id.is_(None), Defect.state.in_(OPEN)))
    return records.where(or_(Defect.owner_middle_id == owner, Defect.owner_back_id == owner))


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
        Sort.SEVERITY: (Defect.severity, number.desc()),
        Sort.NEWEST: (Defect.updated_at.desc(),),
    }
    joined = records.outerjoin(tickets, tickets.c.defect_id == Defect.id).add_columns(number)
    return joined.order_by(*orders[sort], Defect.id)


def owners_of(session: Session, records: Collection[Defect]) -> dict[int, Person]:
    """Everybody in charge of these records, by id. One query."""
    ids = {number for row in records for number in (row.owner_middle_id, row.owner_back_id) if number}
    return {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}


def in_charge(session: Session) -> list[Person]:
    """Everybody who is in charge of any record, by name: what a list offers to narrow it by."""
    middle = select(Defect.owner_middle_id).where(Defect.owner_middle_id.is_not(None))
    back = select(Defect.owner_back_id).where(Defect.owner_back_id.is_not(None))
    wanted = select(Person).where(or_(Person.id.in_(middle), Person.id.in_(back)))
    return list(session.scalars(wanted.order_by(Person.name, Person.id)))
