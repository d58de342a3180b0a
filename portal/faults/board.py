"""The verbs of fault events: rule, recover, verify, tell. Verbs never commit.

Who belongs to an event is ``gathering``, how its tickets come along ``following``, what people are told
``announcements``; all are spoken to through this one. Who is shown an announcement is ``readers``. The
invariant: only ``move`` changes a fault event's state, and every step it takes is written down with its
reason.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.faults import trail
from portal.faults.announcements import (
    AnnouncementText,
    change_announcement,
    go_on,
    may_announce,
    publish,
    recover,
    withdraw,
    withdraw_all,
    write_announcement,
)
from portal.faults.flow import ANNOUNCEABLE, OVER, FaultAction, FaultState, step
from portal.faults.following import catch_up, follow, taken
from portal.faults.gathering import add_reports, attach, gather, me_too, take_out, takes_reports
from portal.faults.models import FaultEvent, FaultMove
from portal.faults.reports import reported_tickets
from portal.faults.scope import permissions_on
from portal.people.models import Person
from portal.tickets.words import Action, State, Tier

__all__ = [
    "ANNOUNCEABLE",
    "OVER",
    "AnnouncementText",
    "add_reports",
    "attach",
    "catch_up",
    "change_announcement",
    "gather",
    "go_on",
    "may_announce",
    "me_too",
    "move",
    "publish",
    "recover",
    "take_out",
    "takes_reports",
    "tell_all",
    "withdraw",
    "write_announcement",
]

NOTE_LIMIT = 4_000


def move(session: Session, fault: FaultEvent, action: FaultAction, *, by: Person, note: str) -> FaultMove:
    """Take one step of the event; every linked ticket that stands ready takes its own step with it."""
    row = step(fault.state, action, permissions=permissions_on(session, by, fault), note=note)
    if len(note) > NOTE_LIMIT:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内。"), limit=NOTE_LIMIT)
    start, fault.state = fault.state, row.end
    _stamp(fault, action, now(session))
    session.flush()
    entry = trail.append(session, fault, action, by_id=by.id, note=note, start=start)
    if row.end == FaultState.DISMISSED:
        withdraw_all(session, fault, by=by, note=note)
    follow(session, fault, entry, by=by)
    return entry


def _stamp(fault: FaultEvent, action: FaultAction, moment: datetime) -> None:
    match action:
        case FaultAction.DECLARE:
            fault.declared_at = moment
        case FaultAction.RECOVER:
            fault.recovered_at = moment
        case FaultAction.FAIL:
            fault.recovered_at = None
        case FaultAction.VERIFY:
            fault.verified_at = moment
        case _:
            pass


def tell_all(session: Session, fault: FaultEvent, words: str, *, by: Person) -> tuple[int, int]:
    """Tell every reporter whose ticket waits for it; returns (told, left to a colleague)."""
    if fault.state != FaultState.VERIFIED:
        raise Refused(N_("中台验证恢复之后才能告知报障人。"))
    if not words.strip():
        raise Refused(N_("请写明告诉用户的话：现在能不能用、还要做什么。"))
    waiting = [
        ticket
        for ticket in reported_tickets(session, fault)
        if (ticket.state, ticket.tier) == (State.FEEDBACK, Tier.FRONT)
    ]
    if not waiting:
        raise Refused(N_("没有等待反馈的报障工单。"))
    told = [
        ticket.number for ticket in waiting if taken(session, fault, ticket, Action.TELL, by=by, note=words)
    ]
    if not told:
        raise Refused(N_("这些工单都不在您的受理范围内，请由负责这些单位的受理员告知。"))
    fault.told_at = now(session)
    trail.append(session, fault, FaultAction.TELL, by_id=by.id, note=words, data={"tickets": told})
    return len(told), len(waiting) - len(told)
