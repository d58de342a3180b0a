"""``move``: the only writer of a ticket's state, tier and holder.

One step of the table, taken and written down in one transaction with its clocks and notices; what else it
changes on the ticket is in ``effects``, which nobody else calls. Everybody speaks to it through ``desk``.
Raises :class:`kb.flow.Refused` with a sentence, :class:`Overtaken` when a colleague was faster.
"""

from __future__ import annotations

from sqlalchemy import inspect, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, object_session
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from defects.flow import DEAD
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets import clocks, effects, linking, notices, trail
from portal.tickets.complaints.bars import barred_from, complaint_of
from portal.tickets.flow import (
    BETWEEN_TICKETS,
    SYSTEM,
    Actor,
    Situation,
    Step,
    Who,
    step,
)
from portal.tickets.forms.fields import NOTHING, Names
from portal.tickets.forms.sheets import missing_of
from portal.tickets.given import Given, checked
from portal.tickets.locking import lock
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.relations.consequences import Moved, consequences
from portal.tickets.relations.hearing import pass_on, tell_parent
from portal.tickets.relations.standing import is_told, open_children, stand_in_of, works_for_parent
from portal.tickets.visibility import permissions_on, serves
from portal.tickets.words import ACTION_LABELS, TIER_LABELS, Action, State, Tier


class Overtaken(Refused):
    """Somebody else moved the ticket first."""


#: What PostgreSQL calls it when two wait for each other.
DEADLOCK = "40P01"


def actor_of(person: Person | None, ticket: Ticket, *, heard: bool = False) -> Actor:
    """What the table needs to know of this person about this ticket; None is the system."""
    if person is None:
        return SYSTEM
    return Actor(
        person_id=person.id if person.active else None,
        permissions=permissions_on(person, ticket),
        covers=serves(person, ticket),
        heard=heard,
    )


def situation_of(ticket: Ticket) -> Situation:
    """What the table needs to know of this ticket."""
    return Situation(
        state=ticket.state,
        tier=ticket.tier,
        category=ticket.category,
        ruled=ticket.ruled_category is not None,
        holder_id=ticket.holder_id,
        holder_name=ticket.holder.name if ticket.holder else "",
        requester_id=ticket.requester_id,
        on_defect=ticket.defect is not None and ticket.defect.state not in DEAD,
        untouched=ticket.untouched,
        lacks=_lacks(ticket),
        open_children=open_children(ticket),
        has_parent=works_for_parent(ticket),
        survivor_open=ticket.survivor is not None and ticket.survivor.is_open,
        survivor_told=is_told(ticket.survivor),
        rated=ticket.rating is not None,
        stand_in_id=stand_in_of(ticket),
        about_a_ticket=complaint_of(ticket) is not None,
        barred=barred_from(ticket),
    )


def _lacks(ticket: Ticket) -> Names:
    """Only asked where the answer bears on a step: before the middle has it."""
    session = object_session(ticket)
    asked = ticket.state == State.OPEN and ticket.tier in (Tier.FRONT, Tier.LOCAL)
    return missing_of(session, ticket) if asked and session is not None else NOTHING


def move(
    session: Session,
    ticket: Ticket,
    action: Action,
    *,
    by: Person | None,
    given: Given | None = None,
    seen: int | None = None,
) -> TrailEntry:
    """Take one step of the table and write it down.

    ``by`` None is the system; ``seen`` is the version on the person's screen. Raises ``Refused`` when
    the table has no such step or something is missing, ``Overtaken`` when a colleague moved it first.
    Overtaken in the database, the session is left rolled back; a savepoint of the caller is the caller's.
    """
    given = given or Given()
    try:
        return _decided(session, ticket, action, by=by, given=given, seen=seen)
    except (StaleDataError, OperationalError) as race:
        # Of two deeds that wait for each other's tickets PostgreSQL ends one: that one was overtaken, too.
        if isinstance(race, OperationalError) and getattr(race.orig, "sqlstate", "") != DEADLOCK:
            raise
        if session.in_nested_transaction():  # the caller's savepoint: only the caller can go back to it
            raise Overtaken(N_("同事刚刚改动了同一条，没有执行；请重新核对。")) from race
        number = inspect(ticket).identity
        session.rollback()
        fresh = session.get(Ticket, number, populate_existing=True)
        raise overtaken(session, fresh or ticket, by=by) from race


def _decided(
    session: Session, ticket: Ticket, action: Action, *, by: Person | None, given: Given, seen: int | None
) -> TrailEntry:
    """The move itself; what it brings about is decided here, too, inside its savepoint."""
    if given.other is not None and action in BETWEEN_TICKETS:
        lock(session, ticket, given.other)
    if seen is not None and seen != ticket.version:
        raise overtaken(session, ticket, by=by)
    row = step(situation_of(ticket), action, actor_of(by, ticket, heard=given.heard))
    given = checked(row, given)
    with session.begin_nested():  # a move that is refused half-way leaves nothing behind
        if row.action == Action.PARK and by is not None:
            linking.stand_by(session, ticket, by=by)
            if (ticket.state, ticket.tier) != (row.start, row.tier):  # held only now
                raise overtaken(session, ticket, by=by)
        return _taken(session, ticket, row, by=by, given=given)


def _taken(session: Session, ticket: Ticket, row: Step, *, by: Person | None, given: Given) -> TrailEntry:
    start, former = (ticket.state, ticket.tier), ticket.survivor
    clocks.settle(session, ticket, row)
    effects.settle_holder(ticket, row, by=by, given=given)
    ticket.state, ticket.tier, ticket.updated_at = row.end, row.then, now(session)
    flag_modified(ticket, "updated_at")  # of two moves in one moment the second raises the version, too
    data = effects.apply(session, ticket, row, by=by, given=given)
    session.flush()  # the version is compared here, before anything is written down
    entry = trail.append(
        session,
        ticket,
        row.action,
        by_id=by.id if by else None,
        start=start,
        note=told_as(row, ticket, given),
        data={**given.data, **data},
    )
    if event := notices.event_of(row.action, before=start[0]):
        _announce(session, ticket, event, by=by, note=given.note)
    tell_parent(session, ticket, row, by=by)
    moved = Moved(ticket, row, by, given.note, given.other, former)
    for follow in list(consequences(session, moved)):
        settled = Given(note=follow.note, other=follow.other)
        _decided(session, follow.ticket, follow.action, by=None, given=settled, seen=None)
    return entry


def told_as(row: Step, ticket: Ticket, given: Given) -> str:
    """What the trail says of a deed; a merge names where the ticket went."""
    if row.action != Action.MERGE or row.by == Who.SYSTEM or ticket.survivor is None:
        return given.note
    return f"并入 {ticket.survivor.number}。{given.note}"


def _announce(
    session: Session, ticket: Ticket, event: notices.Event, *, by: Person | None, note: str
) -> None:
    tier = TIER_LABELS[ticket.tier]
    told = notices.announce(session, ticket, event, by=by, note=note, tier=tier)
    listeners = [notice.person_id for notice in told]
    pass_on(session, ticket, event, by=by, note=note, tier=tier, told=listeners)


def overtaken(session: Session, ticket: Ticket, *, by: Person | None) -> Overtaken:
    """The sentence that says who was faster and what they did; perhaps oneself, in another window."""
    last = session.scalars(
        select(TrailEntry).where(TrailEntry.ticket_id == ticket.id).order_by(TrailEntry.seq.desc()).limit(1)
    ).first()
    deed = ACTION_LABELS[last.action] if last else ""
    if last and last.by and by and last.by_id == by.id:
        return Overtaken(
            N_("您刚刚已经对这张工单做了“%(deed)s”，这一次没有执行。内容还在，请看最新情况后再决定。"),
            deed=deed,
        )
    name = Names((last.by.name,), (last.by.name_en or last.by.name,)) if last and last.by else N_("系统")
    return Overtaken(
        N_("%(name)s刚刚对这张工单做了“%(deed)s”，您的操作没有执行。内容还在，请看最新情况后再决定。"),
        name=name,
        deed=deed,
    )
