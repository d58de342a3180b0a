"""Sessions of suggestion as a manager counts them, within what the viewer's posts serve.

The rule is that of ``portal.tickets.visibility``, read for people who asked: a front post counts what
the people of its units asked, a middle or back post what was asked about its systems.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from portal.finder.models import Consultation, Outcome
from portal.insight.periods import Period, Scope
from portal.people.models import Person, PersonPost
from portal.people.roles import BOUND_TO_SYSTEMS, BOUND_TO_UNITS, PERMISSIONS, Permission
from portal.tickets.selection import within

ENDED = (Outcome.SOLVED, Outcome.FILED, Outcome.LEFT)


def served_consultations(person: Person) -> ColumnElement[bool]:
    """The sessions whose counts this person may see."""
    if not person.active:
        return false()
    return or_(false(), *(_served(row) for row in person.posts))


def _served(row: PersonPost) -> ColumnElement[bool]:
    if row.post in BOUND_TO_SYSTEMS:
        return Consultation.system.in_(row.systems)
    if row.post in BOUND_TO_UNITS:
        return _asked_in(row.unit.code) if row.unit is not None else false()
    return true() if Permission.READ_ALL_TICKETS in PERMISSIONS[row.post] else false()


def _asked_in(unit: str) -> ColumnElement[bool]:
    return Consultation.person_id.in_(select(Person.id).where(Person.unit_id.in_(within(unit))))


def consultation_counts(session: Session, scope: Scope, period: Period) -> dict[Outcome, int]:
    """Outcome → how many sessions begun in the period ended so; one query."""
    narrowed = [
        served_consultations(scope.person),
        Consultation.outcome.in_(ENDED),
        and_(Consultation.at >= period.since, Consultation.at < period.until),
    ]
    if scope.system:
        narrowed.append(Consultation.system == scope.system)
    if scope.unit:
        narrowed.append(_asked_in(scope.unit))
    rows = session.execute(
        select(Consultation.outcome, func.count()).where(*narrowed).group_by(Consultation.outcome)
    )
    return dict.fromkeys(ENDED, 0) | dict(rows.all())
