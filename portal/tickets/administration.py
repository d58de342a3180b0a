"""What an administrator's deed means for tickets: who leaves hands back, a deployed fix wakes who waits.

People and the catalogue know no tickets; these verbs do their deed there and the consequence here, in one
transaction.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.flow import DefectState
from defects.models import Defect
from portal.catalogue import systems
from portal.catalogue.models import System
from portal.people import people
from portal.people.models import Person, Unit
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.selection import is_open
from portal.tickets.words import Action


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
    fixed = select(Defect).where(
        Defect.system == system.code, Defect.state.in_((DefectState.VERIFIED, DefectState.CLOSED))
    )
    return [ticket for defect in session.scalars(fixed) for ticket in desk.release_parked(session, defect)]
