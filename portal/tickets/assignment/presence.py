"""Who is away: they are given nothing, by nobody, until they are back.

Somebody marks themselves away, or a lead does it for them. The invariant: at most one absence of a person
runs at a time.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.assignment.models import Absence, Reason


def running(moment: datetime) -> ColumnElement[bool]:
    """Absences that hold at that moment."""
    not_over = or_(Absence.until.is_(None), Absence.until > moment)
    return Absence.ended_at.is_(None) & not_over & (Absence.since <= moment)


def absence_of(session: Session, person: Person) -> Absence | None:
    """The absence that keeps this person from being given anything now."""
    wanted = select(Absence).where(Absence.person_id == person.id, running(now(session)))
    return session.scalars(wanted.order_by(Absence.id.desc()).limit(1)).first()


def absences_of(session: Session, people: Collection[Person]) -> dict[int, Absence]:
    """person id → running absence; one query for all of them."""
    wanted = select(Absence).where(
        Absence.person_id.in_([person.id for person in people]), running(now(session))
    )
    return {row.person_id: row for row in session.scalars(wanted.order_by(Absence.id))}


def go_away(
    session: Session, person: Person, reason: Reason, *, by: Person, until: datetime | None = None
) -> Absence:
    """From now on nothing is given to this person, until they are back or ``until``."""
    _check(person, by)
    moment = now(session)
    if until is not None and until <= moment:
        raise Refused(N_("回来的时间要晚于现在。"))
    _end(session, person, by=by)
    absence = Absence(person_id=person.id, reason=reason, since=moment, until=until, by_id=by.id)
    session.add(absence)
    session.flush()
    return absence


def come_back(session: Session, person: Person, *, by: Person) -> None:
    """This person takes tickets again."""
    _check(person, by)
    _end(session, person, by=by)
    session.flush()


def _end(session: Session, person: Person, *, by: Person) -> None:
    open_ones = select(Absence).where(Absence.person_id == person.id, Absence.ended_at.is_(None))
    for row in session.scalars(open_ones):
        row.ended_at, row.ended_by_id = now(session), by.id


def _check(person: Person, by: Person) -> None:
    if person.id != by.id and not leads(by, person):
        raise Refused(N_("只有本人和班长可以改在岗状态。"))


def leads(by: Person, person: Person) -> bool:
    """Does ``by`` lead this person: a manager everybody, a supervisor those of the units they serve?"""
    if not by.may(Permission.REASSIGN) or not person.is_staff or not person.active:
        return False
    if by.may(Permission.READ_ALL_TICKETS):
        return True
    paths = [row.unit.path for row in by.posts if row.unit is not None]
    theirs = [row.unit.path for row in person.posts if row.unit is not None]
    return any(their.startswith(path) or path.startswith(their) for path in paths for their in theirs)
