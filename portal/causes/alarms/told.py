"""What the versions say of a ticket and a repaired record: fixed and on its way, there already, or unknown.

Sentences for staff are the pages' business; here are the values. Nothing is raised here. The invariant: only
a record that was said to be repaired tells anything, and a version nobody knows is called unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from defects.flow import OPEN, DefectState
from defects.models import Defect
from defects.recurrence import GONE, outlives_fix
from defects.signatures import runs_fix, version_key
from portal.catalogue.queries import system_by_code
from portal.catalogue.rollout import Coming, arrival_of, runs_of
from portal.people.models import Unit
from portal.tickets.models import Ticket
from portal.tickets.recurrence.versions import running_for

#: States in which a record is said to be repaired.
REPAIRED = GONE | {DefectState.FIXED}


class Course(StrEnum):
    """How a ticket stands to the repair."""

    AGAIN = "again"  # filed after the repair, from where it runs: if it is the same, it has come back
    UNVERIFIED = "unverified"  # the same, but nobody has verified the repair yet
    HERE = "here"  # it ran an older version then; the repair has arrived since
    PLANNED = "planned"
    UNPLANNED = "unplanned"
    RECURRED = "recurred"  # it has come back: the repair that runs there did not hold
    UNKNOWN = "unknown"  # nobody knows what ran there


@dataclass(frozen=True, slots=True)
class Told:
    """One ticket beside one record."""

    course: Course
    fixed_in: str
    running: str
    version: str = ""
    """The one that brings the repair."""
    planned_on: date | None = None


def told_of(session: Session, ticket: Ticket, defect: Defect) -> Told | None:
    """None when there is nothing to tell: not repaired, or reported too early to say anything."""
    fixed_in = defect.fixed_in or ""
    if not fixed_in:
        return None
    running = running_for(session, ticket, defect)
    if defect.state not in REPAIRED:
        came_back = defect.state in OPEN and outlives_fix(defect, running, at=ticket.filed_at)
        return Told(Course.RECURRED, fixed_in, running) if came_back and defect.recurrences else None
    if not version_key(running):
        return Told(Course.UNKNOWN, fixed_in, running)
    if not runs_fix(running, fixed_in):
        return _on_its_way(session, ticket, defect, running)
    if not outlives_fix(defect, running, at=ticket.filed_at):
        return None
    return Told(Course.AGAIN if defect.state in GONE else Course.UNVERIFIED, fixed_in, running)


def _on_its_way(session: Session, ticket: Ticket, defect: Defect, running: str) -> Told:
    arrival = arrival_of(session, defect, ticket.unit)
    courses = {Coming.HERE: Course.HERE, Coming.PLANNED: Course.PLANNED}
    course = courses.get(arrival.standing, Course.UNPLANNED)
    return Told(course, defect.fixed_in or "", running, arrival.version, arrival.planned_on)


def told_now(session: Session, unit: Unit, defect: Defect) -> Told | None:
    """The same for somebody of this unit who speaks of it now, before there is a ticket."""
    fixed_in = defect.fixed_in or ""
    system = system_by_code(session, defect.system)
    if defect.state not in REPAIRED or not fixed_in or system is None:
        return None
    running = runs_of(session, system).at(unit)
    if not version_key(running):
        return Told(Course.UNKNOWN, fixed_in, running)
    arrival = arrival_of(session, defect, unit)
    there = Course.AGAIN if defect.state in GONE else Course.UNVERIFIED
    courses = {Coming.HERE: there, Coming.PLANNED: Course.PLANNED}
    course = courses.get(arrival.standing, Course.UNPLANNED)
    return Told(course, fixed_in, running, arrival.version, arrival.planned_on)
