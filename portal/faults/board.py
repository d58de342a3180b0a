"""The verbs of fault events: gather, rule, recover, verify. Verbs never commit.

Announcements have a file of their own and are spoken to through this one; who may touch which event is
``scope``, what its tickets are doing is ``reports``. The invariant: only ``move`` changes a fault event's
state, and every step it takes is written down with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.faults.announcements import (
    ANNOUNCEABLE,
    OVER,
    AnnouncementText,
    Live,
    affects,
    bar,
    change_announcement,
    is_readable,
    live_announcements,
    live_for_system,
    may_announce,
    publish,
    readable_announcements,
    recover,
    withdraw,
    write_announcement,
)
from portal.faults.flow import FaultAction, FaultState, step
from portal.faults.models import FaultEvent, FaultMove, FaultReport
from portal.faults.reports import DEEDS, reported_tickets
from portal.faults.scope import permissions_on
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import desk, visibility
from portal.tickets.models import Ticket
from portal.tickets.words import Action, State, Tier

__all__ = [
    "ANNOUNCEABLE",
    "OVER",
    "AnnouncementText",
    "Live",
    "add_reports",
    "affects",
    "attach",
    "bar",
    "change_announcement",
    "gather",
    "is_readable",
    "live_announcements",
    "live_for_system",
    "may_announce",
    "me_too",
    "move",
    "publish",
    "readable_announcements",
    "recover",
    "tell_all",
    "withdraw",
    "write_announcement",
]

TITLE_LIMIT = 200
NOTE_LIMIT = 4_000


def gather(session: Session, tickets: Sequence[Ticket], *, title: str, by: Person) -> FaultEvent:
    """Open a fault event from the reports of one outage."""
    _check_reports(session, tickets, by=by)
    fault = FaultEvent(
        number=_next_number(session),
        title=(title.strip() or tickets[0].title)[:TITLE_LIMIT],
        systems=sorted({ticket.system.code for ticket in tickets}),
        units=sorted({_province(ticket) for ticket in tickets}),
        opened_by=by.id,
        opened_at=now(session),
    )
    session.add(fault)
    session.flush()
    for ticket in tickets:
        attach(session, fault, ticket)
    return fault


def add_reports(session: Session, fault: FaultEvent, tickets: Sequence[Ticket], *, by: Person) -> None:
    """Gather further reports into an event that is going on."""
    if fault.state in OVER:
        raise Refused(N_("这次故障已经结束，请为新的报障另建故障事件。"))
    if Permission.WORK_MIDDLE not in permissions_on(session, by, fault):
        raise Refused(N_("只有负责相关系统的中台专家可以归集故障。"))
    _check_reports(session, tickets, by=by)
    for ticket in tickets:
        attach(session, fault, ticket)
    fault.systems = sorted({*fault.systems, *(ticket.system.code for ticket in tickets)})
    if fault.units:  # none named: everybody is hit already
        fault.units = sorted({*fault.units, *(_province(ticket) for ticket in tickets)})
    session.flush()


def _check_reports(session: Session, tickets: Sequence[Ticket], *, by: Person) -> None:
    if not by.may(Permission.WORK_MIDDLE):
        raise Refused(N_("只有中台专家可以归集故障。"))
    if not tickets:
        raise Refused(N_("请至少选择一张工单。"))
    for ticket in tickets:
        if Permission.WORK_MIDDLE not in visibility.permissions_on(by, ticket):
            raise Refused(N_("工单 %(number)s 不在您负责的系统里。"), number=ticket.number)
        if not ticket.is_open:
            raise Refused(N_("工单 %(number)s 已经结束，不能归集。"), number=ticket.number)
    taken = _gathered_already(session, tickets)
    if taken:
        raise Refused(N_("工单 %(number)s 已经归集到故障 %(fault)s。"), number=taken[0], fault=taken[1])


def _gathered_already(session: Session, tickets: Sequence[Ticket]) -> tuple[str, str] | None:
    row = session.execute(
        select(Ticket.number, FaultEvent.number)
        .join(FaultReport, FaultReport.ticket_id == Ticket.id)
        .join(FaultEvent, FaultEvent.id == FaultReport.fault_id)
        .where(Ticket.id.in_([ticket.id for ticket in tickets]), FaultEvent.state.not_in(OVER))
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def _province(ticket: Ticket) -> str:
    ancestry = ticket.unit.ancestry
    return ancestry[1] if len(ancestry) > 1 else ancestry[0]


def attach(session: Session, fault: FaultEvent, ticket: Ticket) -> None:
    """Add a ticket's requester to those who are hit."""
    if any(report.ticket_id == ticket.id for report in fault.reports):
        return
    fault.reports.append(FaultReport(person_id=ticket.requester_id, ticket=ticket, at=now(session)))
    session.flush()


def me_too(session: Session, fault: FaultEvent, *, by: Person) -> FaultReport:
    """One more person is hit; no new ticket, and they hear of the recovery."""
    if fault.state in OVER:
        raise Refused(N_("这次故障已经结束。如果您还有问题，请提交工单。"))
    known = session.scalars(
        select(FaultReport).where(FaultReport.fault_id == fault.id, FaultReport.person_id == by.id).limit(1)
    ).first()
    if known is None:
        known = FaultReport(fault_id=fault.id, person_id=by.id, at=now(session))
        session.add(known)
        session.flush()
    return known


def move(session: Session, fault: FaultEvent, action: FaultAction, *, by: Person, note: str) -> FaultMove:
    """Take one step of the event; every linked ticket that stands ready takes its own step with it."""
    row = step(fault.state, action, permissions=permissions_on(session, by, fault), note=note)
    if len(note) > NOTE_LIMIT:
        raise Refused(N_("内容太长，请控制在 %(limit)s 个字以内。"), limit=NOTE_LIMIT)
    moment = now(session)
    entry = FaultMove(
        action=action, start=fault.state, end=row.end, by_id=by.id, at=moment, note=note.strip()
    )
    fault.moves.append(entry)
    fault.state = row.end
    _stamp(fault, action, moment)
    session.flush()
    _move_tickets(session, fault, action, by=by, note=note)
    return entry


def _stamp(fault: FaultEvent, action: FaultAction, moment: datetime) -> None:
    if action == FaultAction.DECLARE:
        fault.declared_at = moment
    if action == FaultAction.RECOVER:
        fault.recovered_at = moment
    if action == FaultAction.FAIL:
        fault.recovered_at = None


def _move_tickets(session: Session, fault: FaultEvent, action: FaultAction, *, by: Person, note: str) -> None:
    deed, state, tier = DEEDS[action]
    for ticket in reported_tickets(session, fault):
        if (ticket.state, ticket.tier) == (state, tier):
            _follow(session, ticket, deed, by=by, note=note, fault=fault)


def _follow(
    session: Session, ticket: Ticket, deed: Action, *, by: Person, note: str, fault: FaultEvent
) -> bool:
    """Did the ticket take the step? One that can't stays where it is; the event's page lists it."""
    try:
        desk.move(session, ticket, deed, by=by, given=desk.Given(note=note, data={"fault": fault.number}))
    except desk.Overtaken:
        raise  # the session was rolled back: nothing of the event's own step is left either
    except Refused:
        return False
    return True


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
    told = sum(_follow(session, ticket, Action.TELL, by=by, note=words, fault=fault) for ticket in waiting)
    if not told:
        raise Refused(N_("这些工单都不在您的受理范围内，请由负责这些单位的受理员告知。"))
    return told, len(waiting) - told


def _next_number(session: Session) -> str:
    highest = session.scalar(select(func.max(FaultEvent.number))) or "GZ000000"
    return f"GZ{int(highest[2:]) + 1:06d}"
