"""``move``: the only writer of a ticket's state, tier and holder.

One step of the table, taken and written down in one transaction with its clocks and notices. Everybody
speaks to it through ``desk``. Raises :class:`kb.flow.Refused` with a sentence, :class:`Overtaken` when a
colleague was faster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import inspect, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, object_session
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from defects.flow import DefectState
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.models import Article
from portal.people.models import Person
from portal.tickets import clocks, linking, notices, trail
from portal.tickets.assignment.presence import absence_of
from portal.tickets.complaints.bars import barred_from, complaint_of
from portal.tickets.filing import TEXT_LIMIT, clean
from portal.tickets.flow import (
    BETWEEN_TICKETS,
    NEEDS,
    RETURNS,
    SYSTEM,
    WORKERS,
    Actor,
    Situation,
    Step,
    Who,
    step,
)
from portal.tickets.forms.fields import NOTHING, Names
from portal.tickets.forms.sheets import missing_of
from portal.tickets.locking import lock
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.relations import children, merging
from portal.tickets.relations.consequences import Moved, consequences
from portal.tickets.relations.hearing import pass_on, tell_parent
from portal.tickets.relations.standing import is_told, open_children, stand_in_of, works_for_parent
from portal.tickets.talk import link_article
from portal.tickets.visibility import permissions_on, serves
from portal.tickets.words import ACTION_LABELS, SUB_LABELS, TIER_LABELS, Action, Category, State, Tier

#: Defects that no fix will ever come for; nothing is parked on them.
NO_FIX_TO_COME = frozenset({DefectState.NOT_A_DEFECT, DefectState.DUPLICATE})


class Overtaken(Refused):
    """Somebody else moved the ticket first."""


#: What PostgreSQL calls it when two wait for each other.
DEADLOCK = "40P01"


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gives along with a move."""

    note: str = ""
    category: Category | None = None
    sub: str = ""
    priority: int | None = None
    rating: int | None = None
    person: Person | None = None
    article: Article | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    other: Ticket | None = None
    """The ticket that a deed between tickets ties this one to."""
    heard: bool = False
    """The user said so when they were rung after the close; what forms and the API give never says this."""


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
        on_defect=ticket.defect is not None and ticket.defect.state not in NO_FIX_TO_COME,
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
        raise overtaken(session, fresh or ticket) from race


def _decided(
    session: Session, ticket: Ticket, action: Action, *, by: Person | None, given: Given, seen: int | None
) -> TrailEntry:
    """The move itself; what it brings about is decided here, too, inside its savepoint."""
    if given.other is not None and action in BETWEEN_TICKETS:
        lock(session, ticket, given.other)
    if seen is not None and seen != ticket.version:
        raise overtaken(session, ticket)
    row = step(situation_of(ticket), action, actor_of(by, ticket, heard=given.heard))
    given = _checked(row, given)
    with session.begin_nested():  # a move that is refused half-way leaves nothing behind
        if row.action == Action.PARK and by is not None:
            linking.stand_by(session, ticket, by=by)
            if (ticket.state, ticket.tier) != (row.start, row.tier):  # held only now
                raise overtaken(session, ticket)
        return _taken(session, ticket, row, by=by, given=given)


def _taken(session: Session, ticket: Ticket, row: Step, *, by: Person | None, given: Given) -> TrailEntry:
    start, former = (ticket.state, ticket.tier), ticket.survivor
    clocks.settle(session, ticket, row)
    _settle_holder(ticket, row, by=by, given=given)
    ticket.state, ticket.tier, ticket.updated_at = row.end, row.then, now(session)
    flag_modified(ticket, "updated_at")  # of two moves in one moment the second raises the version, too
    data = _apply(session, ticket, row, by=by, given=given)
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


def overtaken(session: Session, ticket: Ticket) -> Overtaken:
    """The sentence that says who was faster and what they did."""
    last = session.scalars(
        select(TrailEntry).where(TrailEntry.ticket_id == ticket.id).order_by(TrailEntry.seq.desc()).limit(1)
    ).first()
    name = last.by.name if last and last.by else N_("系统")
    deed = ACTION_LABELS[last.action] if last else ""
    return Overtaken(
        N_("%(name)s刚刚对这张工单做了“%(deed)s”，您的操作没有执行。内容还在，请看最新情况后再决定。"),
        name=name,
        deed=deed,
    )


def _checked(row: Step, given: Given) -> Given:
    """What was given, made clean; refuses when the table's "must give" is not met."""
    note = clean(given.note)
    if len(note) > TEXT_LIMIT:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内，其余放进附件。"), limit=TEXT_LIMIT)
    held = {
        "note": bool(note),
        "category": given.category is not None,
        "rating": given.rating in (1, 2, 3, 4, 5),
        "person": given.person is not None,
        "other": given.other is not None,
    }
    missing = next((need for need in row.needs if not held[need]), None)
    if missing:
        raise Refused(NEEDS[missing])
    return replace(given, note=note)


def _settle_holder(ticket: Ticket, row: Step, *, by: Person | None, given: Given) -> None:
    if row.action == Action.TAKE:
        ticket.holder = by
    elif row.action in (Action.REASSIGN, Action.HAND_OVER):
        ticket.holder = _successor(ticket, given.person)
    elif row.action in (Action.RULE, Action.CLASSIFY, Action.ASK):
        ticket.holder = ticket.holder or by  # who began it hears of what comes back
    elif not row.keeps_holder:
        ticket.holder = None


def _successor(ticket: Ticket, person: Person | None) -> Person:
    if person is None or WORKERS[ticket.tier] not in permissions_on(person, ticket):
        raise Refused(N_("这位同事的岗位不负责这张工单。"))
    if person.id in barred_from(ticket):
        raise Refused(N_("这位同事办过被投诉的工单，请换一位。"))
    session = object_session(ticket)
    if session is not None and absence_of(session, person) is not None:
        raise Refused(N_("%(name)s现在不在岗，请交给别的同事。"), name=person.name)
    return person


def _apply(
    session: Session, ticket: Ticket, row: Step, *, by: Person | None, given: Given
) -> dict[str, object]:
    """What a step changes beside state, tier and holder; returns what the trail should keep of it."""
    if row.by not in (Who.REQUESTER, Who.SYSTEM) and ticket.responded_at is None:
        ticket.responded_at = now(session)
    if row.action in RETURNS:
        ticket.returns += 1
    if row.then in (Tier.LOCAL, Tier.MIDDLE, Tier.BACK, Tier.DISPATCH):
        ticket.untouched = False
    data = _effect(session, ticket, row, by=by, given=given)
    if given.article is not None:
        link_article(session, ticket, given.article, by=by)
        data["article"] = given.article.number
    clocks.renew_tier(session, ticket, row)
    return data


def _effect(
    session: Session, ticket: Ticket, row: Step, *, by: Person | None, given: Given
) -> dict[str, object]:
    moment = now(session)
    match row.action:
        case Action.RULE | Action.CLASSIFY:
            return _rule(session, ticket, row.action, given)
        case Action.ANSWER | Action.TELL:
            ticket.outcome, ticket.told_at = given.note, moment
        case Action.FINISH | Action.LOCAL_DONE:
            ticket.work_note = given.note
        case Action.CONFIRM:
            if row.end == State.CLOSED:
                ticket.closed_at = moment
            if row.by == Who.REQUESTER:  # the system's own note is no word of the user's
                ticket.rating, ticket.rating_words = given.rating, given.note
            return {"rating": ticket.rating}
        case Action.CANCEL:
            ticket.closed_at = moment
        case Action.REOPEN:
            ticket.reopens += 1
            ticket.told_at = ticket.closed_at = None
            return merging.part(ticket)
        case Action.MERGE | Action.UNMERGE | Action.ATTACH | Action.DETACH:
            return _tie(session, ticket, row, by=by, other=given.other)
        case Action.REASSIGN | Action.HAND_OVER:
            return {"to": given.person.name if given.person else ""}
        case _:
            pass
    return {}


def _tie(
    session: Session, ticket: Ticket, row: Step, *, by: Person | None, other: Ticket | None
) -> dict[str, object]:
    """A deed between two tickets; both rows are held until the commit."""
    if row.action == Action.UNMERGE:
        return merging.part(ticket)
    assert other is not None  # the table's "needs" has seen to it
    if row.action == Action.MERGE:
        return merging.merge(session, ticket, other, by=by)
    ticket.untouched = False
    tie = children.attach if row.action == Action.ATTACH else children.detach
    return tie(session, ticket, other, by=by)


def _rule(session: Session, ticket: Ticket, action: Action, given: Given) -> dict[str, object]:
    """The front's first judgement or the middle's ruling; both stay on the ticket."""
    assert given.category is not None  # the table's "needs" has seen to it
    if given.priority not in (None, 1, 2, 3, 4):
        raise Refused(N_("优先级只能是 1 到 4 级。"))
    if given.sub and given.sub not in SUB_LABELS[given.category]:
        raise Refused(N_("请求的细类和类别对不上，请重新选择。"))
    before = {"from": ticket.category, "priority_from": ticket.priority}
    ticket.sub = given.sub or (ticket.sub if given.category == ticket.category else "")
    ticket.category = given.category
    if action == Action.RULE:
        ticket.ruled_category = given.category
        ticket.priority = given.priority or ticket.priority
    else:
        ticket.first_category = given.category
    clocks.set_level(session, ticket)
    clocks.set_tier_due(session, ticket, clocks.arrival(session, ticket))
    return {**before, "to": ticket.category, "priority": ticket.priority}
