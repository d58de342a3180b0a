"""Who is responsible for which systems, who may read which reports, and how often each wants to be told.

Responsible are the experts and engineers of a system and whoever owns one of its records that still hurts;
managers answer for all. The invariant: a report is read by those alone, and by whoever reads all figures.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from defects.flow import OPEN
from defects.models import Defect
from indexer.words import N_
from kb.flow import Refused
from portal.causes.voice.models import VoiceWish
from portal.causes.voice.stretches import Choice
from portal.people.models import Person, PersonPost
from portal.people.queries import people_by_id
from portal.people.roles import BOUND_TO_SYSTEMS, Permission, Post

USUAL = Choice.WEEKLY


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose systems: all of them, or these."""

    everything: bool = False
    systems: frozenset[str] = frozenset()

    def holds(self, system: str) -> bool:
        return self.everything or system in self.systems

    def among(self, systems: Collection[str]) -> list[str]:
        """Those of these systems, in their order."""
        return [system for system in systems if self.holds(system)]

    def __bool__(self) -> bool:
        return self.everything or bool(self.systems)


def reach_of(session: Session, person: Person) -> Reach:
    """Which reports a person may read."""
    if not person.may(Permission.READ_STAFF_TEXTS):
        return Reach()
    if person.may(Permission.READ_FIGURES):
        return Reach(everything=True)
    return Reach(systems=_bound(person) | _owned(session, person))


def _bound(person: Person) -> frozenset[str]:
    return frozenset(code for row in person.posts if row.post in BOUND_TO_SYSTEMS for code in row.systems)


def _owned(session: Session, person: Person) -> frozenset[str]:
    """The systems of records that are theirs and still hurt."""
    theirs = or_(Defect.owner_middle_id == person.id, Defect.owner_back_id == person.id)
    return frozenset(session.scalars(select(Defect.system).where(theirs, Defect.state.in_(OPEN)).distinct()))


def answers_for_some(session: Session, person: Person) -> bool:
    """Do reports come to this person? ``responsible`` for one."""
    if not person.may(Permission.READ_STAFF_TEXTS):
        return False
    manages = any(row.post == Post.MANAGER for row in person.posts)
    return manages or bool(_bound(person)) or bool(_owned(session, person))


def responsible(session: Session) -> dict[Person, Reach]:
    """Everybody to whom reports come, with the systems they answer for; a few queries for all of them."""
    posts = select(PersonPost).where(PersonPost.post.in_((*BOUND_TO_SYSTEMS, Post.MANAGER)))
    systems: dict[int, set[str]] = {}
    managers: set[int] = set()
    for row in session.scalars(posts):
        systems.setdefault(row.person_id, set()).update(row.systems if row.post in BOUND_TO_SYSTEMS else ())
        managers |= {row.person_id} if row.post == Post.MANAGER else set()
    owners = select(Defect.system, Defect.owner_middle_id, Defect.owner_back_id).where(Defect.state.in_(OPEN))
    for system, *owned_by in session.execute(owners.distinct()):
        for number in filter(None, owned_by):
            systems.setdefault(number, set()).add(system)
    people = people_by_id(session, systems.keys())
    return {
        person: Reach(everything=number in managers, systems=frozenset(systems[number]))
        for number, person in sorted(people.items())
        if person.may(Permission.READ_STAFF_TEXTS)
    }


# ── wishes ───────────────────────────────────────────────────────────────────────────────────────


def choices_of(session: Session, people: Collection[Person]) -> dict[int, Choice]:
    """How often each of these wants to be told."""
    rows = session.scalars(select(VoiceWish).where(VoiceWish.person_id.in_([person.id for person in people])))
    chosen = {row.person_id: row.wants for row in rows}
    return {person.id: chosen.get(person.id, USUAL) for person in people}


def choose(session: Session, person: Person, choice: str) -> None:
    """Be told every week, every month or not at all; what is usual is not kept."""
    if choice not in set(Choice):
        raise Refused(N_("请选每周一次、每月一次或不要通知。"))
    row = session.get(VoiceWish, person.id)
    if choice == USUAL:
        if row is not None:
            session.delete(row)
    elif row is not None:
        row.wants = Choice(choice)
    else:
        session.add(VoiceWish(person_id=person.id, wants=Choice(choice)))
    session.flush()
