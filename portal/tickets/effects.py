"""What a step changes beside state and tier: the holder, the clocks' marks, the ruling, the rating, the ties.

``moves`` alone calls it, inside the savepoint of the move and before the version is compared. The invariant:
nothing here decides whether a step may be taken, or writes the trail.
"""

from __future__ import annotations

from sqlalchemy.orm import Session, object_session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets import clocks
from portal.tickets.assignment.presence import absence_of
from portal.tickets.complaints.bars import barred_from
from portal.tickets.flow import RETURNS, WORKERS, Step, Who
from portal.tickets.given import Given
from portal.tickets.models import Ticket
from portal.tickets.relations import children, merging
from portal.tickets.talk import link_article
from portal.tickets.visibility import permissions_on
from portal.tickets.words import SUB_LABELS, Action, State, Tier


def settle_holder(ticket: Ticket, row: Step, *, by: Person | None, given: Given) -> None:
    """Who has it from now on; nobody, unless the step says so."""
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


def apply(
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
