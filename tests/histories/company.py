"""Who plays: three people of every post, some side by side, some elsewhere, and users who only ask.

Nothing happens here. The invariant: the same company on every database, by login.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library, moves
from defects.flow import DefectAction, DefectDuty
from defects.models import Defect
from defects.texts import DefectText
from portal.catalogue.models import System
from portal.people.models import Person, PersonPost, Unit
from portal.people.roles import BOUND_TO_SYSTEMS, BOUND_TO_UNITS, Post
from tests.world import build, person

#: Beside the post's own person: a colleague with the same bounds, and one who serves the other half.
BESIDE, ELSEWHERE = "_beside", "_elsewhere"
USERS = ("wang", "zhao", "li")
#: Runs everywhere but in hl, so that what is parked there stays parked until hl is given it.
FIXED_IN = "6.2.1"


def found(session: Session) -> None:
    """The company in an empty database; the caller commits."""
    world = build(session)
    session.add(person("li", world.units["ld-cy"], name="李清源"))
    for post in Post:
        for suffix, unit, systems in ((BESIDE, "ld", ["mkt"]), (ELSEWHERE, "hl", ["oa"])):
            staff = person(f"{post}{suffix}", world.units[unit])
            bound = world.units[unit] if post in BOUND_TO_UNITS else None
            served = systems if post in BOUND_TO_SYSTEMS else []
            staff.posts.append(PersonPost(post=post, unit=bound, systems=served))
            session.add(staff)
    session.flush()
    curator = world.people["expert"].id
    for system in world.systems:
        record = library.open_record(session, DefectText(title=f"{system}转圈", system=system), by=curator)
        moves.move(session, record, DefectAction.CONFIRM, by=curator, duties={DefectDuty.CURATE})


@dataclass
class Company:
    """The company as rows of one session, kept so that they are read once."""

    session: Session
    people: dict[str, Person] = field(init=False)
    systems: dict[str, System] = field(init=False)
    units: dict[str, Unit] = field(init=False)
    defects: dict[str, Defect] = field(init=False)

    def __post_init__(self) -> None:
        self.read()

    def read(self) -> None:
        """All at once; also after a rollback, which forgets everybody."""
        read = self.session.scalars
        self.people = {row.login: row for row in read(select(Person).order_by(Person.id))}
        self.systems = {row.code: row for row in read(select(System).order_by(System.id))}
        self.units = {row.code: row for row in read(select(Unit))}
        self.defects = {row.system: row for row in read(select(Defect).order_by(Defect.id))}

    @property
    def everybody(self) -> list[Person | None]:
        """All who may try something; the system comes first."""
        return [None, *self.people.values()]
