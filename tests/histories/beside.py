"""What people do beside the moves: talk, urge, follow, link; and what the world does: a fix is deployed."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from defects.flow import DefectState
from defects.models import Defect
from kb.flow import Refused
from portal.catalogue.models import Deployment
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import desk, linking
from portal.tickets.models import Notice, Ticket
from portal.tickets.relations.standing import root_of
from portal.tickets.visibility import is_party, is_visible, permissions_on, serves
from tests.histories.chronicle import Deed
from tests.histories.company import FIXED_IN, Company
from tests.histories.steps import Kind, Step

COMMENT, URGE = "comment", "urge"


def act(session: Session, company: Company, ticket: Ticket, step: Step) -> list[Deed]:
    """One deed beside the moves; what must be accepted is, what must be refused too."""
    people = list(company.people.values())
    by = people[step.who % len(people)]
    match step.kind:
        case Kind.COMMENT:
            return _comment(session, ticket, by, internal=bool(step.dice % 2))
        case Kind.URGE:
            return _urge(session, ticket, by if step.dice % 3 else ticket.requester)
        case Kind.WATCH:
            return _watch(session, ticket, by, on=bool(step.dice % 4))
        case _:
            return _link(session, company, ticket, by, step)


def _comment(session: Session, ticket: Ticket, by: Person, *, internal: bool) -> list[Deed]:
    allowed = serves(by, ticket) if internal else is_visible(session, by, ticket)
    version = ticket.version
    try:
        desk.comment(session, ticket, "说一句", by=by, internal=internal)
    except Refused:
        assert not allowed, "somebody who may talk here was refused"
        return []
    assert allowed
    assert ticket.version == version, "talk overtakes nobody"
    return [Deed(ticket.id, None, by.id, COMMENT)]


def _urge(session: Session, ticket: Ticket, by: Person) -> list[Deed]:
    worked_on = root_of(ticket)  # a merged ticket is urged on where it is worked on
    before, version = worked_on.urges, worked_on.version
    heard = _notices(session, worked_on)
    try:
        desk.urge(session, ticket, by=by, words="急")
    except Refused:
        return []
    assert worked_on.is_open
    assert is_party(session, by, ticket)
    assert worked_on.urges > before
    assert worked_on.version == version, "urging overtakes nobody"
    if worked_on.holder_id not in (None, by.id):
        assert _notices(session, worked_on) > heard, "the holder hears of the urging"
    return [Deed(worked_on.id, None, by.id, URGE)]


def _notices(session: Session, ticket: Ticket) -> int:
    return session.scalar(select(func.count()).where(Notice.ticket_id == ticket.id)) or 0


def _watch(session: Session, ticket: Ticket, by: Person, *, on: bool) -> list[Deed]:
    try:
        desk.watch(session, ticket, by=by, on=on)
    except Refused:
        assert not is_visible(session, by, ticket)
        return []
    return [Deed(ticket.id, None, by.id, "watch")]


def _link(session: Session, company: Company, ticket: Ticket, by: Person, step: Step) -> list[Deed]:
    if step.dice % 4:  # mostly somebody who may
        able = [
            person
            for person in company.people.values()
            if Permission.LINK_DEFECTS in permissions_on(person, ticket)
        ]
        by = able[step.who % len(able)] if able else by
    defect = list(company.defects.values())[step.dice % len(company.defects)]
    session.refresh(defect)
    verb = (linking.link, linking.link, linking.reject, linking.undo)[step.dice % 16 // 4]
    try:
        verb(session, ticket, defect, by=by)
    except Refused:
        return []
    assert Permission.LINK_DEFECTS in permissions_on(by, ticket)
    session.expire(ticket)
    assert sum(link.is_live for link in ticket.defect_links) <= 1
    return [Deed(ticket.id, None, by.id, "link")]


def fix_one(session: Session, company: Company, step: Step) -> Defect:
    """A defect is fixed and verified, or comes back; now and then the last unit gets the fixed version."""
    defect = list(company.defects.values())[step.dice % len(company.defects)]
    session.refresh(defect)
    gone = desk.FIX_HOLDS
    defect.state = DefectState.CONFIRMED if defect.state in gone else DefectState.VERIFIED
    defect.fixed_in = FIXED_IN if defect.system == "mkt" else company.systems[defect.system].version
    if step.who % 2:
        deployed = session.scalars(select(Deployment)).one()
        deployed.version = FIXED_IN
    session.flush()
    return defect
