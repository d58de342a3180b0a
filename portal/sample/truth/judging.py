"""The people of the made-up year: they look at a part of the tickets, know the truth, and slip now and then.

They judge by the desk's own verbs. The invariant: what nobody looked at teaches nothing.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from sqlalchemy.orm import Session

from defects.models import Defect
from indexer.index import Index
from portal.causes import alarms, autolink
from portal.causes.alarms import RecurrenceAlarm
from portal.finder.find import Finder
from portal.people.models import Person
from portal.sample.cast import Cast
from portal.sample.truth.played import Played
from portal.tickets import desk, linking
from portal.tickets.flow import Who
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category

#: So many of the tickets are looked at, more of those that were linked, and people are wrong so often.
LOOKED_AT, LOOKED_AT_LINKED, SLIPS = 0.7, 0.8, 0.02
#: What the front may answer by itself; the rest goes to the middle and back.
ANSWERED = frozenset({Category.CONSULTATION, Category.ACCOUNT})
#: How a ticket that no record is behind ends.
AT_ONCE = ((Who.FRONT, Action.TAKE), (Who.FRONT, Action.ANSWER))
BY_THE_MIDDLE = (
    (Who.FRONT, Action.TAKE),
    (Who.FRONT, Action.ESCALATE),
    (Who.MIDDLE, Action.TAKE),
    (Who.MIDDLE, Action.RULE),
    (Who.MIDDLE, Action.REPLY),
    (Who.FRONT, Action.TELL),
)


def look_at(
    session: Session, index: Index, played: Played, *, records: Mapping[str, int], dice: random.Random
) -> None:
    """Somebody who serves the ticket looks at it, or nobody does."""
    ticket = session.get_one(Ticket, played.ticket)
    if dice.random() > (LOOKED_AT if ticket.defect is None else LOOKED_AT_LINKED):
        return
    expert = _expert(session, ticket, dice)
    _judge(session, index, ticket, expert, right=_believed(played.cause, records, dice))
    if played.alarm is not None:
        _decide(session, session.get_one(RecurrenceAlarm, played.alarm), expert, played)
    if played.cause is None and ticket.category not in (Category.COMPLAINT, Category.DEFECT):
        _end(session, ticket, dice)


def _decide(session: Session, alarm: RecurrenceAlarm, expert: Person, played: Played) -> None:
    if not alarm.is_waiting:
        return
    if played.regression and alarm.defect_id == played.cause:
        alarms.confirm(session, alarm, by=expert)
    else:
        alarms.dismiss(session, alarm, "修复版本上没有这个现象。", by=expert)


def _expert(session: Session, ticket: Ticket, dice: random.Random) -> Person:
    return dice.choice(Cast.of(session, dice).serving(Who.MIDDLE, ticket))


def _believed(cause: int | None, records: Mapping[str, int], dice: random.Random) -> int | None:
    return dice.choice([None, *records.values()]) if dice.random() < SLIPS else cause


def _judge(session: Session, index: Index, ticket: Ticket, expert: Person, *, right: int | None) -> None:
    if right is not None and ticket.defect is not None and ticket.defect.id == right:
        autolink.confirm(session, ticket, by=expert)
    elif right is not None:
        linking.link(session, ticket, session.get_one(Defect, right), by=expert)
    elif ticket.defect is not None:
        linking.reject(session, ticket, ticket.defect, by=expert)
    else:
        _none_of_these(session, index, ticket, expert)


def _none_of_these(session: Session, index: Index, ticket: Ticket, expert: Person) -> None:
    """Where something was offered as likely, it is said not to be."""
    for result in Finder(index).likely_defects(session, expert, ticket, limit=3):
        if result.trusted:
            linking.reject(session, ticket, session.get_one(Defect, result.id), by=expert)


def _end(session: Session, ticket: Ticket, dice: random.Random) -> None:
    """What no record is behind is answered and confirmed: closed tickets teach as well."""
    cast = Cast.of(session, dice)
    ruled = ticket.category
    for who, action in AT_ONCE if ticket.category in ANSWERED else BY_THE_MIDDLE:
        by = ticket.holder or next(iter(cast.serving(who, ticket)), None)
        if by is None:
            return
        if action == Action.TAKE and ticket.holder is not None:
            continue
        desk.move(session, ticket, action, by=by, given=desk.Given(note="已处理。", category=ruled))
    desk.move(session, ticket, Action.CONFIRM, by=ticket.requester, given=desk.Given(rating=5))
