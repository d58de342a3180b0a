"""To whom many tickets could be given: whose posts serve them and work their tiers, the fittest first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.models import Person
from portal.tickets.bulk.models import Bulk, BulkItem
from portal.tickets.flow import WORKERS
from portal.tickets.models import Ticket
from portal.tickets.queries import NAMES, load_of, people_who_work
from portal.tickets.visibility import permissions_on

#: So many of its tickets are looked at; for offering names that is enough.
LOOKED_AT = 50
OFFERED = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    person: Person
    fits: int  # of the tickets looked at
    load: int  # open tickets in hand now


def candidates(session: Session, bulk: Bulk) -> list[Candidate]:
    """Those who could take some of the tickets; who could take most comes first, then who has least."""
    tickets = _looked_at(session, bulk)
    people = people_who_work(session, {ticket.tier for ticket in tickets})
    fits = {person.id: sum(_fits(person, ticket) for ticket in tickets) for person in people}
    fitting = [person for person in people if fits[person.id]]
    loads = load_of(session, fitting)
    made = [Candidate(person, fits[person.id], loads.get(person.id, 0)) for person in fitting]
    return sorted(made, key=lambda one: (-one.fits, one.load, one.person.name))[:OFFERED]


def _looked_at(session: Session, bulk: Bulk) -> list[Ticket]:
    wanted = select(Ticket).join(BulkItem, BulkItem.ticket_id == Ticket.id)
    wanted = wanted.where(BulkItem.bulk_id == bulk.id).order_by(Ticket.id).limit(LOOKED_AT)
    return list(session.scalars(wanted.options(*NAMES)))


def _fits(person: Person, ticket: Ticket) -> bool:
    return WORKERS.get(ticket.tier) in permissions_on(person, ticket)
