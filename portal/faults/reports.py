"""The reports of an outage: which tickets they are, which did not follow their event and why, what more
belongs to it. Reading only; the number of queries does not depend on the number of reports.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, lazyload, selectinload

from indexer.words import N_
from kb.flow import Refused
from portal.faults.announcements import OVER
from portal.faults.flow import FaultAction, FaultState
from portal.faults.models import FaultEvent, FaultReport
from portal.faults.scope import visible_faults
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import desk, flow
from portal.tickets.models import Ticket
from portal.tickets.visibility import permissions_on, served_by
from portal.tickets.words import STATE_LABELS, TIER_LABELS, Action, Category, State, Tier

Place = tuple[State, Tier]

# fmt: off
#: Which move of a ticket follows a move of its fault event, from where.
DEEDS = {
    FaultAction.SUBMIT:  (Action.SUBMIT_FAULT, State.OPEN,      Tier.MIDDLE),
    FaultAction.DECLARE: (Action.COMMAND,      State.OPEN,      Tier.DISPATCH),
    FaultAction.DISMISS: (Action.NOT_A_FAULT,  State.OPEN,      Tier.DISPATCH),
    FaultAction.RECOVER: (Action.FINISH,       State.OPEN,      Tier.BACK),
    FaultAction.VERIFY:  (Action.PASS,         State.VERIFYING, Tier.MIDDLE),
    FaultAction.FAIL:    (Action.FAIL,         State.VERIFYING, Tier.MIDDLE),
}
#: Where the tickets of an event must have come to, by the event's state; what lies behind is listed.
MILESTONES: dict[FaultState, Place] = {
    FaultState.SUBMITTED: (State.OPEN,      Tier.DISPATCH),
    FaultState.DECLARED:  (State.OPEN,      Tier.BACK),
    FaultState.RECOVERED: (State.VERIFYING, Tier.MIDDLE),
    FaultState.VERIFIED:  (State.FEEDBACK,  Tier.FRONT),
}
#: The road of a fault's ticket: the place, and the move that leads on from there.
ROAD: tuple[tuple[Place, Action], ...] = (
    ((State.OPEN,      Tier.MIDDLE),   Action.SUBMIT_FAULT),
    ((State.OPEN,      Tier.DISPATCH), Action.COMMAND),
    ((State.OPEN,      Tier.BACK),     Action.FINISH),
    ((State.VERIFYING, Tier.MIDDLE),   Action.PASS),
    ((State.FEEDBACK,  Tier.FRONT),    Action.TELL),
)
# fmt: on
PLACES = [place for place, _ in ROAD]
BEYOND = frozenset({State.CONFIRMING, State.CLOSED, State.CANCELLED})
#: A card's people need no posts, its systems no modules.
LIGHT = (
    joinedload(Ticket.requester).options(lazyload(Person.posts)),
    joinedload(Ticket.holder).options(lazyload(Person.posts)),
)


@dataclass(frozen=True, slots=True)
class Card:
    """One event on the board."""

    fault: FaultEvent
    reports: int
    people: int


@dataclass(frozen=True, slots=True)
class Straggler:
    """A ticket that did not follow its event, with the sentence why."""

    ticket: Ticket
    reason: Refused


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Reports of one system that may be one outage; ``fault`` is the event they would join."""

    system: str
    tickets: list[Ticket]
    fault: FaultEvent | None


def cards(session: Session, person: Person, *, ended_since: datetime) -> list[Card]:
    """The events this person sees: all that go on, and those that were over not long ago."""
    counts = (
        select(
            FaultReport.fault_id,
            func.count(FaultReport.ticket_id).label("tickets"),
            func.count(func.distinct(FaultReport.person_id)).label("people"),
        )
        .group_by(FaultReport.fault_id)
        .subquery()
    )
    rows = session.execute(
        visible_faults(person)
        .add_columns(func.coalesce(counts.c.tickets, 0), func.coalesce(counts.c.people, 0))
        .outerjoin(counts, counts.c.fault_id == FaultEvent.id)
        .where(FaultEvent.state.not_in(OVER) | (FaultEvent.opened_at >= ended_since))
        .order_by(FaultEvent.opened_at.desc())
        .limit(200)
    )
    return [Card(fault, tickets, people) for fault, tickets, people in rows]


def reported_tickets(session: Session, fault: FaultEvent) -> list[Ticket]:
    """The tickets of one event, oldest report first."""
    return list(
        session.scalars(
            select(Ticket)
            .join(FaultReport, FaultReport.ticket_id == Ticket.id)
            .where(FaultReport.fault_id == fault.id)
            .options(*LIGHT, selectinload(Ticket.defect_links))
            .order_by(FaultReport.id)
        ).unique()
    )


def people_without_ticket(session: Session, fault: FaultEvent) -> int:
    """How many said "me too" and filed nothing."""
    hit = (
        select(FaultReport.person_id)
        .where(FaultReport.fault_id == fault.id)
        .group_by(FaultReport.person_id)
        .having(func.count(FaultReport.ticket_id) == 0)
    )
    return session.scalar(select(func.count()).select_from(hit.subquery())) or 0


def waiting_for_feedback(tickets: Collection[Ticket], person: Person) -> list[Ticket]:
    """The tickets whose users this person may tell now."""
    return [ticket for ticket in tickets if Action.TELL in _open_moves(ticket, person)]


def _open_moves(ticket: Ticket, person: Person) -> set[Action]:
    rows = flow.open_to(desk.situation_of(ticket), desk.actor_of(person, ticket))
    return {row.action for row in rows}


def stragglers(fault: FaultEvent, tickets: Collection[Ticket], *, mover: Person | None) -> list[Straggler]:
    """The tickets that lie behind their event; ``mover`` took its last step."""
    milestone = MILESTONES.get(fault.state)
    if milestone is None:
        return []
    due = PLACES.index(milestone)
    return [
        Straggler(ticket, _reason(ticket, mover))
        for ticket in tickets
        if ticket.state not in BEYOND and _station(ticket) < due
    ]


def _station(ticket: Ticket) -> int:
    place = (ticket.state, ticket.tier)
    return PLACES.index(place) if place in PLACES else -1


def _reason(ticket: Ticket, mover: Person | None) -> Refused:
    deed = dict(ROAD).get((ticket.state, ticket.tier))
    if deed is None or mover is None:
        return Refused(
            N_("工单在“%(tier)s·%(state)s”，没有走到故障流程里。"),
            tier=TIER_LABELS[ticket.tier],
            state=STATE_LABELS[ticket.state],
        )
    try:
        flow.step(desk.situation_of(ticket), deed, desk.actor_of(mover, ticket))
    except Refused as reason:
        return reason
    return Refused(N_("故障推进之后才归集进来，请在工单页跟上。"))


def suggestions(session: Session, person: Person) -> list[Suggestion]:
    """Fault tickets on the middle tier that no event has gathered, by system: what this person may gather."""
    if not person.may(Permission.WORK_MIDDLE):
        return []
    gathered = select(FaultReport.ticket_id).where(FaultReport.ticket_id.is_not(None))
    tickets = session.scalars(
        select(Ticket)
        .where(
            served_by(person),
            Ticket.tier == Tier.MIDDLE,
            Ticket.state == State.OPEN,
            Ticket.category == Category.FAULT,
            Ticket.id.not_in(gathered),
        )
        .options(*LIGHT)
        .order_by(Ticket.filed_at)
        .limit(200)
    ).unique()
    mine = [ticket for ticket in tickets if Permission.WORK_MIDDLE in permissions_on(person, ticket)]
    return _by_system(mine, _going_on(session, person) if mine else [])


def _by_system(tickets: list[Ticket], events: list[FaultEvent]) -> list[Suggestion]:
    groups: dict[str, list[Ticket]] = {}
    for ticket in tickets:
        groups.setdefault(ticket.system.code, []).append(ticket)
    return [
        Suggestion(system, group, next((event for event in events if system in event.systems), None))
        for system, group in sorted(groups.items(), key=lambda item: -len(item[1]))
    ]


def _going_on(session: Session, person: Person) -> list[FaultEvent]:
    wanted = visible_faults(person).where(FaultEvent.state.not_in(OVER))
    return list(session.scalars(wanted.order_by(FaultEvent.opened_at.desc())))
