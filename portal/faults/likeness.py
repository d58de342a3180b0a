"""Reports that nobody has gathered and that look like one outage, by their words. Reading only.

They come from every tier: an outage is noticed before anybody has ruled a single ticket. The invariant:
only tickets that the person may gather are proposed, and none that belongs to an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.clusters import Alike, groups
from kb.columns import now
from portal.faults.models import FaultEvent
from portal.faults.reports import LIGHT, gathered
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.models import Ticket
from portal.tickets.visibility import permissions_on, served_by
from portal.tickets.words import Category, State

#: How far back an outage's first reports may lie, and how many alike are worth a look.
RECENT = timedelta(hours=12)
ENOUGH = 3
LOOKED_AT = 300
#: What is asked for is no outage, however many ask.
UNLIKELY = (Category.CONSULTATION, Category.CHANGE, Category.COMPLAINT, Category.RESOURCE)
STILL_HERE = (State.NEW, State.OPEN, State.WAITING)


@dataclass(frozen=True, slots=True)
class AlikeReports:
    """Alike reports of one system within a short time, with the words that they share."""

    system: str
    tickets: list[Ticket]
    words: tuple[str, ...]


def reports_alike(session: Session, person: Person) -> list[AlikeReports]:
    """What may be an outage that nobody has gathered yet; the largest first."""
    tickets = _ungathered(session, person)
    known = {str(ticket.id): ticket for ticket in tickets}
    return [
        AlikeReports(members[0].system.code, members, group.words)
        for group in groups([_alike(ticket) for ticket in tickets], least=ENOUGH)
        if (members := [known[key[1]] for key in group.members])
    ]


def resembling(
    session: Session, person: Person, fault: FaultEvent, reports: Sequence[Ticket]
) -> list[Ticket]:
    """Recent tickets of the event's systems that are alike to one of its reports."""
    tickets = [ticket for ticket in _ungathered(session, person) if ticket.system.code in fault.systems]
    if not tickets or not reports:
        return []
    inside = {str(ticket.id) for ticket in reports}
    near = {
        key[1]
        for group in groups([_alike(ticket) for ticket in (*reports, *tickets)])
        if any(key[1] in inside for key in group.members)
        for key in group.members
    }
    return [ticket for ticket in tickets if str(ticket.id) in near]


def _alike(ticket: Ticket) -> Alike:
    return Alike(("ticket", str(ticket.id)), f"{ticket.title}\n{ticket.text}", within=ticket.system.code)


def _ungathered(session: Session, person: Person) -> list[Ticket]:
    """Recent open tickets that this person may gather, the oldest first."""
    if not person.may(Permission.WORK_MIDDLE):
        return []
    rows = session.scalars(
        select(Ticket)
        .where(
            served_by(person),
            Ticket.closed_at.is_(None),
            Ticket.filed_at >= now(session) - RECENT,
            Ticket.state.in_(STILL_HERE),
            Ticket.category.not_in(UNLIKELY),
            Ticket.id.not_in(gathered()),
        )
        .options(*LIGHT)
        .order_by(Ticket.filed_at.desc())
        .limit(LOOKED_AT)
    ).unique()
    mine = [ticket for ticket in rows if Permission.WORK_MIDDLE in permissions_on(person, ticket)]
    return mine[::-1]
