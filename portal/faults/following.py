"""How the tickets of an outage follow their event: at each of its steps, and afterwards when they lag behind.

A ruling on the event is a ruling on each of its reports. Where the person who made it serves the ticket and
nobody else holds it, the ticket's step is theirs; else the system takes it and names the ruling. The
invariant: a ticket is only ever led along the road of a fault, one step at a time, and never past its event.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from indexer.words import N_
from kb.flow import Refused
from portal.faults import trail
from portal.faults.flow import FAULT_ACTION_LABELS, FaultAction
from portal.faults.models import FaultEvent, FaultMove
from portal.faults.reports import DEEDS, MILESTONES, PLACES, ROAD, Place, reported_tickets
from portal.faults.scope import permissions_on
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.visibility import serves
from portal.tickets.words import Action, Category

#: Whoever works on outages may let lagging tickets catch up: the rulings are made already.
LEADERS = frozenset({Permission.WORK_MIDDLE, Permission.WORK_DISPATCH, Permission.WORK_BACK})
#: Which step of the event a ticket's step follows from.
RULINGS = {
    Action.SUBMIT_FAULT: FaultAction.SUBMIT,
    Action.COMMAND: FaultAction.DECLARE,
    Action.FINISH: FaultAction.RECOVER,
    Action.PASS: FaultAction.VERIFY,
}


def follow(session: Session, fault: FaultEvent, entry: FaultMove, *, by: Person) -> None:
    """Every ticket that stands ready takes its own step with the event's."""
    deed, places = DEEDS[entry.action]
    for ticket in reported_tickets(session, fault):
        if _place(ticket) in places:
            _step(session, fault, ticket, deed, entry=entry, by=by)


def _step(
    session: Session, fault: FaultEvent, ticket: Ticket, deed: Action, *, entry: FaultMove, by: Person
) -> bool:
    """By the person where it is theirs to do; by the system where somebody holds the ticket meanwhile."""
    if taken(session, fault, ticket, deed, by=by, note=entry.note):
        return True
    note = words_of(session, fault, entry)
    return serves(by, ticket) and taken(session, fault, ticket, deed, by=None, note=note)


def taken(
    session: Session, fault: FaultEvent, ticket: Ticket, deed: Action, *, by: Person | None, note: str
) -> bool:
    """Did the ticket take the step? One that can't stays where it is; the event's page lists it."""
    try:
        desk.move(session, ticket, deed, by=by, given=desk.Given(note=note, data={"fault": fault.number}))
    except desk.Overtaken:
        raise  # the session was rolled back: nothing of the event's own step is left either
    except Refused:
        return False
    return True


def words_of(session: Session, fault: FaultEvent, entry: FaultMove) -> str:
    """The ruling that a ticket follows, for the ticket's own trail."""
    person = session.get(Person, entry.by_id) if entry.by_id else None
    deed = FAULT_ACTION_LABELS[entry.action]
    return f"随故障事件 {fault.number}：{person.name if person else '系统'}“{deed}”。{entry.note}"


def catch_up(session: Session, fault: FaultEvent, *, by: Person) -> int:
    """Lead the tickets that lag behind after their event; how many moved. One that can't stays, with why."""
    if not LEADERS & permissions_on(session, by, fault):
        raise Refused(N_("只有负责这次故障的中台、运调或后台同事可以让工单跟上。"))
    behind = [ticket for ticket in reported_tickets(session, fault) if serves(by, ticket)]
    moved = [ticket.number for ticket in behind if lead(session, fault, ticket, by=by)]
    if not moved:
        raise Refused(N_("没有可以跟上的工单；每张没有跟上的原因写在旁边。"))
    trail.append(session, fault, FaultAction.CATCH_UP, by_id=by.id, data={"tickets": moved})
    return len(moved)


def lead(session: Session, fault: FaultEvent, ticket: Ticket, *, by: Person) -> bool:
    """Lead one ticket along the road until it stands where its event does; did it move at all?"""
    milestone = MILESTONES.get(fault.state)
    moved = _ruled(session, fault, ticket, by=by)
    while milestone is not None and (deed := _next_deed(ticket, milestone)) is not None:
        entry = _ruling(fault.moves, RULINGS[deed])
        if entry is None or not _follows(session, fault, ticket, deed, entry=entry):
            break
        moved = True
    return moved


def _follows(session: Session, fault: FaultEvent, ticket: Ticket, deed: Action, *, entry: FaultMove) -> bool:
    return taken(session, fault, ticket, deed, by=None, note=words_of(session, fault, entry))


def _ruled(session: Session, fault: FaultEvent, ticket: Ticket, *, by: Person) -> bool:
    """A report on the middle's table that was never ruled: gathering it is the ruling."""
    if ticket.ruled_category == Category.FAULT or _place(ticket) != PLACES[0]:
        return False
    given = desk.Given(
        note=f"归集到故障事件 {fault.number}", category=Category.FAULT, data={"fault": fault.number}
    )
    try:
        desk.move(session, ticket, Action.RULE, by=by, given=given)
    except desk.Overtaken:
        raise
    except Refused:
        return False
    return True


def _next_deed(ticket: Ticket, milestone: Place) -> Action | None:
    place = _place(ticket)
    if place not in PLACES or PLACES.index(place) >= PLACES.index(milestone):
        return None
    return dict(ROAD)[place]


def _place(ticket: Ticket) -> Place:
    return ticket.state, ticket.tier


def _ruling(moves: Sequence[FaultMove], action: FaultAction) -> FaultMove | None:
    return next((entry for entry in reversed(moves) if entry.action == action), None)
