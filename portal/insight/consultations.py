"""Sessions of suggestion as a manager counts them, within what the viewer's posts serve.

The rule is that of ``portal.tickets.visibility``, read for people who asked: a front post counts what
the people of its units asked, a middle or back post what was asked about its systems. What is counted of
them is ``deflection``'s. The invariant: every session belongs to exactly one stream, so that calls,
announcements and people held back are never mixed into what articles prevented.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ColumnElement, and_, case, false, or_, select, true
from sqlalchemy.orm import Session, object_session

from portal.finder.models import CONSOLE, SELF_SERVICE, Arm, Consultation, Outcome
from portal.finder.sources import ANNOUNCEMENT
from portal.insight.periods import Period, Scope
from portal.people.models import Person, PersonPost
from portal.people.queries import are_all_units, unit_ids, unit_ids_of
from portal.people.roles import BOUND_TO_SYSTEMS, BOUND_TO_UNITS, PERMISSIONS, Permission

ENDED = (Outcome.SOLVED, Outcome.FILED, Outcome.LEFT)


class Stream(StrEnum):
    """What kind of session it was."""

    SELF_SERVICE = "self_service"
    ANNOUNCED = "announced"  # ended with “me too” at a live announcement
    HELD_BACK = "held_back"
    CALL = "call"
    READING = "reading"  # an article that somebody had found by themselves went with a ticket


def served_consultations(person: Person) -> ColumnElement[bool]:
    """The sessions whose counts this person may see."""
    if not person.active:
        return false()
    return or_(false(), *(_served(row) for row in person.posts))


def _served(row: PersonPost) -> ColumnElement[bool]:
    if row.post in BOUND_TO_SYSTEMS:
        return Consultation.about.in_(row.systems)
    if row.post in BOUND_TO_UNITS:
        return _asked_below(object_session(row), row.unit.path) if row.unit is not None else false()
    return true() if Permission.READ_ALL_TICKETS in PERMISSIONS[row.post] else false()


def _asked_below(session: Session | None, path: str) -> ColumnElement[bool]:
    if are_all_units(session, path):
        return true()
    return Consultation.person_id.in_(select(Person.id).where(Person.unit_id.in_(unit_ids(session, path))))


def _asked_in(session: Session | None, unit: str) -> ColumnElement[bool]:
    below = unit_ids_of(session, unit)
    return Consultation.person_id.in_(select(Person.id).where(Person.unit_id.in_(below)))


def narrowed(scope: Scope, period: Period) -> list[ColumnElement[bool]]:
    """Sessions of this scope that began in the period."""
    conditions = [
        served_consultations(scope.person),
        and_(Consultation.at >= period.since, Consultation.at < period.until),
    ]
    if scope.system:
        conditions.append(Consultation.about == scope.system)
    if scope.unit:
        conditions.append(_asked_in(object_session(scope.person), scope.unit))
    return conditions


def stream() -> ColumnElement[str]:
    """Which stream a session belongs to."""
    return case(
        (Consultation.place == CONSOLE, Stream.CALL.value),
        (Consultation.place.not_in(SELF_SERVICE), Stream.READING.value),
        (is_joined(), Stream.ANNOUNCED.value),
        (Consultation.arm == Arm.HELD, Stream.HELD_BACK.value),
        else_=Stream.SELF_SERVICE.value,
    )


def is_joined() -> ColumnElement[bool]:
    """Ended by joining a live announcement."""
    return and_(Consultation.outcome == Outcome.SOLVED, Consultation.solved_kind == ANNOUNCEMENT)


def is_self_service() -> ColumnElement[bool]:
    """Has ended, and its person was shown whatever was found."""
    return and_(Consultation.outcome.in_(ENDED), stream() == Stream.SELF_SERVICE.value)
