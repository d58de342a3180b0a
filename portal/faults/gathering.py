"""Who belongs to an outage: reports gathered by the middle, joined later, taken out again; “me too”.

The invariant: a ticket belongs to one event that goes on, and whoever was hit is counted once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused, check_note
from portal.faults import trail
from portal.faults.flow import OVER, FaultAction, FaultState
from portal.faults.following import lead
from portal.faults.models import FaultEvent, FaultReport
from portal.faults.scope import permissions_on
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import visibility
from portal.tickets.models import Ticket

TITLE_LIMIT = 200
#: Reports that come in after the recovery still belong to the outage for this long.
LATE = timedelta(hours=72)


def gather(session: Session, tickets: Sequence[Ticket], *, title: str, by: Person) -> FaultEvent:
    """Open a fault event from the reports of one outage; on the middle's table gathering is the ruling."""
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
    _take_in(session, fault, tickets, by=by)
    trail.append(session, fault, FaultAction.GATHER, by_id=by.id, data=_numbers(tickets))
    return fault


def add_reports(session: Session, fault: FaultEvent, tickets: Sequence[Ticket], *, by: Person) -> None:
    """Gather further reports; they catch up with the event at once, late ones with its recovery too."""
    if not takes_reports(session, fault):
        raise Refused(N_("这次故障已经结束，请为新的报障另建故障事件。"))
    if Permission.WORK_MIDDLE not in permissions_on(session, by, fault):
        raise Refused(N_("只有负责相关系统的中台专家可以归集故障。"))
    _check_reports(session, tickets, by=by)
    _take_in(session, fault, tickets, by=by)
    fault.systems = sorted({*fault.systems, *(ticket.system.code for ticket in tickets)})
    if fault.units:  # none named: everybody is hit already
        fault.units = sorted({*fault.units, *(_province(ticket) for ticket in tickets)})
    trail.append(session, fault, FaultAction.ADD, by_id=by.id, data=_numbers(tickets))


def takes_reports(session: Session, fault: FaultEvent) -> bool:
    """May reports join: while it goes on, and for a while after the recovery?"""
    if fault.state == FaultState.VERIFIED:
        return fault.verified_at is None or now(session) - fault.verified_at <= LATE
    return fault.state not in OVER


def _take_in(session: Session, fault: FaultEvent, tickets: Sequence[Ticket], *, by: Person) -> None:
    for ticket in tickets:
        attach(session, fault, ticket)
        lead(session, fault, ticket, by=by)
    first = min(ticket.filed_at for ticket in tickets)
    fault.detected_at = min(first, fault.detected_at or first)
    session.flush()


def _numbers(tickets: Iterable[Ticket]) -> dict[str, object]:
    return {"tickets": [ticket.number for ticket in tickets]}


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
        .where(
            Ticket.id.in_([ticket.id for ticket in tickets]),
            FaultEvent.state.not_in(OVER),
            FaultReport.left_at.is_(None),
        )
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def _province(ticket: Ticket) -> str:
    ancestry = ticket.unit.ancestry
    return ancestry[1] if len(ancestry) > 1 else ancestry[0]


def attach(session: Session, fault: FaultEvent, ticket: Ticket) -> None:
    """Add a ticket's requester to those who are hit."""
    if any(report.ticket_id == ticket.id and report.left_at is None for report in fault.reports):
        return
    fault.reports.append(FaultReport(person_id=ticket.requester_id, ticket=ticket, at=now(session)))
    session.flush()


def take_out(session: Session, fault: FaultEvent, ticket: Ticket, *, by: Person, note: str) -> None:
    """A report that was gathered wrongly leaves the event; where it stands it is moved on by hand."""
    if Permission.WORK_MIDDLE not in permissions_on(session, by, fault):
        raise Refused(N_("只有负责相关系统的中台专家可以移出工单。"))
    if not note.strip():
        raise Refused(N_("请写明为什么这张工单不属于这次故障。"))
    check_note(note)
    report = next((row for row in fault.reports if row.ticket_id == ticket.id and row.left_at is None), None)
    if report is None:
        raise Refused(N_("工单 %(number)s 不在这次故障里。"), number=ticket.number)
    report.left_at = now(session)
    trail.append(session, fault, FaultAction.LEAVE, by_id=by.id, note=note, data=_numbers([ticket]))


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


def _next_number(session: Session) -> str:
    highest = session.scalar(select(func.max(FaultEvent.number))) or "GZ000000"
    return f"GZ{int(highest[2:]) + 1:06d}"
