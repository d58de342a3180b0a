"""Who may be charged with a countermeasure, and the verbs of ``defects.countermeasures`` for a person.

The invariant: whoever is charged works on root causes in the middle or the back, or nobody is charged.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import countermeasures
from defects.countermeasures import Plan
from defects.models import Countermeasure, Defect
from indexer.words import N_
from kb.flow import Refused
from portal.people.duties import defect_duties
from portal.people.models import Person, PersonPost
from portal.people.roles import BOUND_TO_SYSTEMS, Permission, posts_with

WORKING = posts_with(Permission.CURATE_DEFECTS) | posts_with(Permission.REPAIR_DEFECTS)


def chargeable(session: Session) -> list[Person]:
    """Everybody who may have a countermeasure to do."""
    holding = select(PersonPost.person_id).where(PersonPost.post.in_(WORKING))
    return list(
        session.scalars(select(Person).where(Person.active, Person.id.in_(holding)).order_by(Person.name))
    )


def serves(person: Person, system: str) -> bool:
    """Is the person responsible for this system? Posts that no system bounds serve every one."""
    rows = [row for row in person.posts if row.post in WORKING]
    return any(row.post not in BOUND_TO_SYSTEMS or system in row.systems for row in rows)


def plan(session: Session, defect: Defect, text: Plan, *, by: Person) -> Countermeasure:
    _check_charged(session, text)
    return countermeasures.plan(session, defect, text, by=by.id, duties=defect_duties(by))


def change(
    session: Session, measure: Countermeasure, text: Plan, *, by: Person, seen: int | None = None
) -> Countermeasure:
    if text.who_id != measure.who_id:
        _check_charged(session, text)
    return countermeasures.change(session, measure, text, duties=defect_duties(by), seen=seen)


def _check_charged(session: Session, text: Plan) -> None:
    if text.who_id is not None and text.who_id not in {person.id for person in chargeable(session)}:
        raise Refused(N_("整改措施只能交给中台或后台的同事。"))


def open_measures_of(session: Session, person: Person) -> Sequence[Countermeasure]:
    """What this person still has to do, the earliest first."""
    wanted = (
        select(Countermeasure)
        .where(Countermeasure.who_id == person.id)
        .where(Countermeasure.done_at.is_(None), Countermeasure.dropped_at.is_(None))
        .order_by(Countermeasure.due_on, Countermeasure.id)
    )
    return session.scalars(wanted).all()
