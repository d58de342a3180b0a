"""The list of key problems: who is in charge, by when, how far, and whether fewer people suffer.

Figures of a record count every linked ticket. ``is_overdue`` and ``overdue`` are one rule in two shapes; a
test proves them equal. Constant numbers of queries, whatever the length of the list.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from defects.countermeasures import Progress, progress_of
from defects.flow import DEAD, OPEN, DefectState
from defects.models import Countermeasure, Defect, DefectMove, DefectNote
from indexer.words import N_
from portal.people.models import Person
from portal.tickets.models import DefectLink, LinkVerdict, Ticket

WINDOW = timedelta(days=30)
SOON = timedelta(days=14)


class Which(StrEnum):
    OPEN = "open"
    OVERDUE = "overdue"
    UNPLANNED = "unplanned"
    TO_CLOSE = "to_close"
    CLOSED = "closed"
    ALL = "all"


WHICH_LABELS = {
    Which.OPEN: N_("整改中"),
    Which.OVERDUE: N_("已逾期"),
    Which.UNPLANNED: N_("还没有措施"),
    Which.TO_CLOSE: N_("待关闭"),
    Which.CLOSED: N_("已关闭"),
    Which.ALL: N_("全部"),
}


@dataclass(frozen=True, slots=True)
class Word:
    """What was said last about a record."""

    text: str
    by_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One key problem as the list shows it; ``now`` and ``before``: tickets of this and the window before."""

    defect: Defect
    progress: Progress
    now: int
    before: int
    word: Word | None

    def is_late(self, today: date) -> bool:
        return is_overdue(self.defect, today)


def is_overdue(defect: Defect, today: date) -> bool:
    """A key problem that should be repaired by now."""
    return defect.key and defect.due_on is not None and defect.due_on < today and defect.state in OPEN


def overdue(today: date) -> ColumnElement[bool]:
    """``is_overdue`` in SQL."""
    return and_(Defect.key, Defect.due_on < today, Defect.state.in_(OPEN))


def key_problems(records: Select[Defect], which: Which, *, today: date) -> Select[Defect]:
    """Those of ``records`` that are key problems of this kind."""
    records = records.where(Defect.key)
    planned = select(Countermeasure.id).where(
        Countermeasure.defect_id == Defect.id, Countermeasure.dropped_at.is_(None)
    )
    match which:
        case Which.OPEN:
            return records.where(Defect.state.in_(OPEN))
        case Which.OVERDUE:
            return records.where(overdue(today))
        case Which.UNPLANNED:
            return records.where(Defect.state.in_(OPEN), ~planned.exists())
        case Which.TO_CLOSE:
            return records.where(Defect.state == DefectState.VERIFIED)
        case Which.CLOSED:
            return records.where(Defect.state == DefectState.CLOSED)
        case Which.ALL:
            return records.where(Defect.state.not_in(DEAD))


def owned_by(records: Select[Defect], person: Person) -> Select[Defect]:
    """Those that this person is in charge of, or has a countermeasure of to do."""
    charged = select(Countermeasure.defect_id).where(Countermeasure.who_id == person.id)
    mine = or_(Defect.owner_middle_id == person.id, Defect.owner_back_id == person.id, Defect.id.in_(charged))
    return records.where(mine)


def lines_of(session: Session, records: Sequence[Defect], *, moment: datetime) -> list[Line]:
    """The records of one page, in their order."""
    ids = [record.id for record in records]
    progress, words = progress_of(session, ids), last_words(session, ids)
    tickets = _tickets_of(session, ids, moment)
    return [
        Line(
            record,
            progress.get(record.id, Progress()),
            *tickets.get(record.id, (0, 0)),
            words.get(record.id),
        )
        for record in records
    ]


def _tickets_of(session: Session, ids: Collection[int], moment: datetime) -> dict[int, tuple[int, int]]:
    recent = Ticket.filed_at >= moment - WINDOW
    rows = session.execute(
        select(DefectLink.defect_id, func.count().filter(recent), func.count())
        .join(Ticket, DefectLink.ticket_id == Ticket.id)
        .where(DefectLink.defect_id.in_(ids), DefectLink.verdict == LinkVerdict.LINKED)
        .where(Ticket.filed_at >= moment - 2 * WINDOW)
        .group_by(DefectLink.defect_id)
    )
    return {number: (now, both - now) for number, now, both in rows}


def last_words(session: Session, ids: Collection[int]) -> dict[int, Word]:
    """The newest note, or reason of a move, of each record; two queries."""
    notes = (
        select(func.max(DefectNote.id)).where(DefectNote.defect_id.in_(ids)).group_by(DefectNote.defect_id)
    )
    moves = (
        select(func.max(DefectMove.id))
        .where(DefectMove.defect_id.in_(ids), DefectMove.note != "")
        .group_by(DefectMove.defect_id)
    )
    said: dict[int, Word] = {}
    for move in session.scalars(select(DefectMove).where(DefectMove.id.in_(moves))):
        said[move.defect_id] = Word(move.note, move.by_id, move.at)
    for note in session.scalars(select(DefectNote).where(DefectNote.id.in_(notes))):
        former = said.get(note.defect_id)
        if former is None or former.at <= note.at:
            said[note.defect_id] = Word(note.text, note.by_id, note.at)
    return said


@dataclass(frozen=True, slots=True)
class Sums:
    """The four figures above the list."""

    open: int
    overdue: int
    soon: int
    to_close: int


def sums_of(session: Session, records: Select[Defect], *, today: date) -> Sums:
    """One query."""
    unsolved = Defect.state.in_(OPEN)
    wanted = records.where(Defect.key).with_only_columns(
        func.count().filter(unsolved),
        func.count().filter(overdue(today)),
        func.count().filter(and_(unsolved, Defect.due_on >= today, Defect.due_on <= today + SOON)),
        func.count().filter(Defect.state == DefectState.VERIFIED),
    )
    row = session.execute(wanted.order_by(None)).one()
    return Sums(*row)


def by_urgency(records: Select[Defect]) -> Select[Defect]:
    """What is not solved first, by its day."""
    return records.order_by(
        Defect.state.not_in(OPEN), Defect.due_on.is_(None), Defect.due_on, Defect.severity, Defect.id
    )
