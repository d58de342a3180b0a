"""Reminding those in charge of key problems: before a day comes, and once when it has passed.

Nobody is woken: people hear in their own unit's working time. What passed long ago is told by the list, not
by a notice. The invariant: a person hears of one day once before it and once after it, however often this
runs; a new day is news again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from defects.countermeasures import WORKED_ON
from defects.flow import OPEN
from defects.models import Countermeasure, Defect
from portal.causes.keys.models import KeyReminder, Stage, Subject
from portal.tickets import notices
from portal.tickets.levels.alarms import OLD_NEWS, Staff
from portal.tickets.notices import Event

#: How long before the day one is reminded.
BEFORE = {Subject.PROBLEM: timedelta(days=7), Subject.MEASURE: timedelta(days=3)}
EVENTS = {Stage.SOON: Event.KEY_DUE, Stage.PASSED: Event.KEY_OVERDUE}
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Due:
    """A day that is close or has passed, and those who answer for it."""

    subject: Subject
    subject_id: int
    due_on: date
    stage: Stage
    people: frozenset[int]
    defect: Defect
    what: str

    def settles(self, row: KeyReminder) -> bool:
        """Was somebody told of exactly this?"""
        return (row.subject, row.subject_id, row.due_on, row.stage) == (
            *(self.subject, self.subject_id, self.due_on),
            self.stage,
        )


def remind(session: Session, moment: datetime, *, zone: ZoneInfo) -> int:
    """Tell everybody who is at work and hasn't heard; how many notices were written."""
    staff = Staff.of(session, moment)
    if not staff.is_anybody_at_work():
        return 0
    working = {person.id for person in staff.people if staff.is_at_work(person)}
    days = list(_days(session, moment.astimezone(zone).date()))
    told = _told(session, days)
    count = 0
    for due in days:
        heard = {row.person_id for row in told if due.settles(row)}
        count += _tell(session, due, sorted((due.people & working) - heard), moment)
    session.flush()
    return count


def _days(session: Session, today: date) -> Iterator[Due]:
    for defect in _problems(session, today):
        stage = _stage(defect.due_on or today, today)
        people = {number for number in (defect.owner_middle_id, defect.owner_back_id) if number}
        yield Due(
            Subject.PROBLEM, defect.id, defect.due_on or today, stage, frozenset(people), defect, defect.title
        )
    for measure in _measures(session, today):
        stage = _stage(measure.due_on, today)
        owner = {measure.defect.owner_middle_id} if stage == Stage.PASSED else set()
        people = {number for number in {measure.who_id, *owner} if number}
        yield Due(
            *(Subject.MEASURE, measure.id, measure.due_on, stage, frozenset(people)),
            measure.defect,
            measure.what[:120],
        )


def _stage(due_on: date, today: date) -> Stage:
    return Stage.PASSED if due_on < today else Stage.SOON


def _problems(session: Session, today: date) -> Sequence[Defect]:
    wanted = select(Defect).where(Defect.key, Defect.state.in_(OPEN)).order_by(Defect.due_on, Defect.id)
    until = today + BEFORE[Subject.PROBLEM]
    return session.scalars(
        wanted.where(Defect.due_on <= until, Defect.due_on >= today - OLD_NEWS).limit(AT_ONCE)
    ).all()


def _measures(session: Session, today: date) -> Sequence[Countermeasure]:
    wanted = (
        select(Countermeasure)
        .join(Defect)
        .where(Countermeasure.done_at.is_(None), Countermeasure.dropped_at.is_(None))
        .where(Defect.key, Defect.state.in_(WORKED_ON))
        .where(Countermeasure.due_on <= today + BEFORE[Subject.MEASURE])
        .where(Countermeasure.due_on >= today - OLD_NEWS)
        .options(joinedload(Countermeasure.defect))
        .order_by(Countermeasure.due_on, Countermeasure.id)
        .limit(AT_ONCE)
    )
    return session.scalars(wanted).all()


def _told(session: Session, days: Sequence[Due]) -> Sequence[KeyReminder]:
    """What was told of these days already, in one query."""
    dates = {due.due_on for due in days}
    return session.scalars(select(KeyReminder).where(KeyReminder.due_on.in_(dates))).all()


def _tell(session: Session, due: Due, people: Sequence[int], moment: datetime) -> int:
    for number in people:
        session.add(
            KeyReminder(
                subject=due.subject,
                subject_id=due.subject_id,
                due_on=due.due_on,
                stage=due.stage,
                person_id=number,
                at=moment,
            )
        )
    if people:
        values = {"defect": due.defect.number, "title": due.what, "due": f"{due.due_on:%Y-%m-%d}"}
        notices.tell(session, EVENTS[due.stage], to=people, values=values)
    return len(people)
