"""The reports of an outage: which tickets they are, which did not follow their event and why, what more
belongs to it. Reading only; the number of queries does not depend on the number of reports.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, lazyload, selectinload

from indexer.words import N_
from kb.flow import Refused
from portal.faults.flow import OVER, FaultAction, FaultState
from portal.faults.models import FaultEvent, FaultReport
from portal.faults.scope import visible_faults
from portal.people.models import Person, Unit
from portal.people.roles import Permission
from portal.tickets import desk, flow
from portal.tickets.models import Ticket
from portal.tickets.visibility import permissions_on, served_by
from portal.tickets.words import CATEGORY_LABELS, STATE_LABELS, TIER_LABELS, Action, Category, State, Tier

Place = tuple[State, Tier]

# fmt: off
#: Which move of a ticket follows a move of its fault event, from which places.
DEEDS: dict[FaultAction, tuple[Action, tuple[Place, ...]]] = {
    FaultAction.SUBMIT:  (Action.SUBMIT_FAULT, ((State.OPEN,      Tier.MIDDLE),)),
    FaultAction.DECLARE: (Action.COMMAND,      ((State.OPEN,      Tier.DISPATCH),)),
    FaultAction.DISMISS: (Action.NOT_A_FAULT,  ((State.OPEN,      Tier.DISPATCH),)),
    FaultAction.REVOKE:  (Action.NOT_A_FAULT,  ((State.OPEN,      Tier.DISPATCH),
                                                (State.OPEN,      Tier.BACK),
                                                (State.VERIFYING, Tier.MIDDLE))),
    FaultAction.RECOVER: (Action.FINISH,       ((State.OPEN,      Tier.BACK),)),
    FaultAction.VERIFY:  (Action.PASS,         ((State.VERIFYING, Tier.MIDDLE),)),
    FaultAction.FAIL:    (Action.FAIL,         ((State.VERIFYING, Tier.MIDDLE),)),
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


#: Nothing stands in the way of a ticket that was moved by hand meanwhile or gathered later.
CAN_FOLLOW = N_("落在后面，可以跟上。")


@dataclass(frozen=True, slots=True)
class Straggler:
    """A ticket that lags behind its event, with the sentence why; can it follow at once?"""

    ticket: Ticket
    reason: Refused
    can_follow: bool


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
        .where(FaultReport.left_at.is_(None))
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
            .where(FaultReport.fault_id == fault.id, FaultReport.left_at.is_(None))
            .options(*LIGHT, selectinload(Ticket.defect_links))
            .order_by(FaultReport.id)
        ).unique()
    )


@dataclass(frozen=True, slots=True)
class Hit:
    """How many of one unit are hit: with a ticket, and by “me too” alone."""

    unit: Unit
    tickets: int
    people: int


def by_unit(session: Session, fault: FaultEvent) -> list[Hit]:
    """Who is hit, by the unit they belong to; the most first."""
    tickets = func.count(FaultReport.ticket_id)
    people = func.count(func.distinct(FaultReport.person_id))
    rows = session.execute(
        select(Unit, tickets, people)
        .join(Person, Person.unit_id == Unit.id)
        .join(FaultReport, FaultReport.person_id == Person.id)
        .where(FaultReport.fault_id == fault.id, FaultReport.left_at.is_(None))
        .group_by(Unit.id)
        .order_by(people.desc(), Unit.path)
    )
    return [Hit(*row) for row in rows]


def waiting_for_feedback(tickets: Collection[Ticket], person: Person) -> list[Ticket]:
    """The tickets whose users this person may tell now."""
    return [ticket for ticket in tickets if Action.TELL in _open_moves(ticket, person)]


def _open_moves(ticket: Ticket, person: Person) -> set[Action]:
    rows = flow.open_to(desk.situation_of(ticket), desk.actor_of(person, ticket))
    return {row.action for row in rows}


def fault_of(session: Session, ticket: Ticket) -> FaultEvent | None:
    """The event this ticket is a report of; the latest, when it was gathered anew."""
    return session.scalars(
        select(FaultEvent)
        .join(FaultReport, FaultReport.fault_id == FaultEvent.id)
        .where(FaultReport.ticket_id == ticket.id, FaultReport.left_at.is_(None))
        .order_by(FaultEvent.id.desc())
        .limit(1)
    ).first()


def going_on_with(session: Session, person: Person, ticket: Ticket) -> list[FaultEvent]:
    """The outages of the ticket's system that go on and that this person sees."""
    return [event for event in _going_on(session, person) if ticket.system.code in event.systems]


def stragglers(fault: FaultEvent, tickets: Collection[Ticket]) -> list[Straggler]:
    """The tickets that lie behind their event, each with the sentence why."""
    milestone = MILESTONES.get(fault.state)
    if milestone is None:
        return []
    due = PLACES.index(milestone)
    return [
        Straggler(ticket, _reason(ticket), _may_follow(ticket))
        for ticket in tickets
        if ticket.is_open and ticket.state != State.CONFIRMING and _station(ticket) < due
    ]


def _station(ticket: Ticket) -> int:
    place = (ticket.state, ticket.tier)
    return PLACES.index(place) if place in PLACES else -1


def _may_follow(ticket: Ticket) -> bool:
    return _reason(ticket).sentence == CAN_FOLLOW


def _reason(ticket: Ticket) -> Refused:
    place = (ticket.state, ticket.tier)
    if ticket.state == State.WAITING:
        return Refused(N_("在等用户补充，补充之后才能跟上。"))
    if place not in PLACES:
        return Refused(
            N_("工单在“%(tier)s·%(state)s”，没有走到故障流程里。"),
            tier=TIER_LABELS[ticket.tier],
            state=STATE_LABELS[ticket.state],
        )
    if ticket.ruled_category not in (None, Category.FAULT):
        return Refused(
            N_("已经研判为“%(category)s”，不属于这次故障的请移出。"),
            category=CATEGORY_LABELS[ticket.ruled_category],
        )
    return Refused(CAN_FOLLOW)


def gathered() -> Select[int | None]:
    """The tickets that belong to an event; what dispatch dismissed is not proposed to it again."""
    return select(FaultReport.ticket_id).where(
        FaultReport.ticket_id.is_not(None), FaultReport.left_at.is_(None)
    )


def suggestions(session: Session, person: Person) -> list[Suggestion]:
    """Fault tickets on the middle tier that no event has gathered, by system: what this person may gather."""
    if not person.may(Permission.WORK_MIDDLE):
        return []
    tickets = session.scalars(
        select(Ticket)
        .where(
            served_by(person),
            Ticket.closed_at.is_(None),  # follows from the state, and is the way in
            Ticket.tier == Tier.MIDDLE,
            Ticket.state == State.OPEN,
            Ticket.category == Category.FAULT,
            Ticket.id.not_in(gathered()),
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
