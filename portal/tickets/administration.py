"""What an administrator's deed means for tickets: who leaves hands back, a deployed fix wakes who waits.

People and the catalogue know no tickets; these verbs do their deed there and the consequence here, in one
transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.models import Defect
from portal.catalogue import systems
from portal.catalogue.deploying import Fate, Line
from portal.catalogue.models import System
from portal.people import people
from portal.people.models import Person, Unit
from portal.tickets import desk
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.selection import is_open
from portal.tickets.words import Action, State


def deactivate(session: Session, person: Person, *, by: Person) -> list[Ticket]:
    """Close an account; what this person held goes back into its queue. Returns those tickets."""
    held = list(session.scalars(select(Ticket).where(Ticket.holder_id == person.id, is_open())))
    people.deactivate(session, person, by=by)
    note = f"{person.name}的账号已停用，工单放回队列。"
    for ticket in held:
        desk.move(session, ticket, Action.RELEASE, by=None, given=desk.Given(note=note))
    return held


def deploy(
    session: Session, system: System, unit: Unit, *, version: str, since: date | None, by: Person
) -> list[Ticket]:
    """Write down a deployment; tickets parked on what it fixes wake up. Returns those tickets."""
    systems.deploy(session, system, unit, version=version, since=since, by=by)
    return _woken(session, {system.code})


def deploy_all(session: Session, lines: Iterable[Line], *, by: Person) -> list[Ticket]:
    """Write down many at once, as ``catalogue.deploying`` read them; what is wrong or no news is left out."""
    codes = set()
    for line in sorted(lines, key=lambda line: line.fate == Fate.PLANNED):  # a plan for what runs by then
        if line.unit is not None and line.system is not None and line.fate in (Fate.RUNS, Fate.PLANNED):
            systems.deploy(session, line.system, line.unit, version=line.version, since=line.since, by=by)
            codes.add(line.system.code)
    return _woken(session, codes)


def _woken(session: Session, codes: Collection[str]) -> list[Ticket]:
    """Tickets that waited for what runs now; only records that tickets are parked on are looked at."""
    parked = (
        select(DefectLink.defect_id)
        .join(Ticket, Ticket.id == DefectLink.ticket_id)
        .where(Ticket.state == State.PARKED, DefectLink.verdict == LinkVerdict.LINKED)
    )
    fixed = select(Defect).where(
        Defect.system.in_(codes), Defect.state.in_(desk.FIX_HOLDS), Defect.id.in_(parked)
    )
    found = session.scalars(fixed.order_by(Defect.id)).all() if codes else ()
    return [ticket for defect in found for ticket in desk.release_parked(session, defect)]
