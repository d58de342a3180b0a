"""The verbs of fault events and announcements. Verbs never commit.

The invariant: only ``move`` changes a fault event's state; only an announcement that is published,
recovered or withdrawn here changes what people are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.audience import Viewer
from kb.columns import now
from kb.flow import Refused
from portal.faults.flow import AnnouncementKind, AnnouncementState, FaultAction, FaultState, step
from portal.faults.models import (
    Announcement,
    AnnouncementSystem,
    AnnouncementUnit,
    FaultEvent,
    FaultMove,
    FaultReport,
)
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.words import Action, State, Tier


@dataclass(frozen=True, slots=True)
class AnnouncementText:
    """Everything the author of an announcement decides."""

    kind: AnnouncementKind
    title: str
    body: str
    systems: Sequence[str] = field(default=())
    units: Sequence[str] = field(default=())
    next_update_at: datetime | None = None


def gather(session: Session, tickets: Sequence[Ticket], *, title: str, by: Person) -> FaultEvent:
    """Open a fault event from the reports of one outage."""
    if not by.may(Permission.WORK_MIDDLE):
        raise Refused(N_("只有中台专家可以归集故障。"))
    if not tickets:
        raise Refused(N_("请至少选择一张工单。"))
    fault = FaultEvent(
        number=_next_number(session),
        title=title.strip() or tickets[0].title,
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


def _province(ticket: Ticket) -> str:
    ancestry = ticket.unit.ancestry
    return ancestry[1] if len(ancestry) > 1 else ancestry[0]


def attach(session: Session, fault: FaultEvent, ticket: Ticket) -> None:
    """Add a ticket's requester to those who are hit."""
    if any(report.ticket_id == ticket.id for report in fault.reports):
        return
    report = FaultReport(person_id=ticket.requester_id, ticket_id=ticket.id, at=now(session))
    fault.reports.append(report)
    session.flush()


def me_too(session: Session, fault: FaultEvent, *, by: Person) -> FaultReport:
    """One more person is hit; no new ticket, and they hear of the recovery."""
    if fault.state in (FaultState.VERIFIED, FaultState.DISMISSED):
        raise Refused(N_("这次故障已经结束。如果您还有问题，请提交工单。"))
    known = next((report for report in fault.reports if report.person_id == by.id), None)
    if known is None:
        known = FaultReport(person_id=by.id, at=now(session))
        fault.reports.append(known)
        session.flush()
    return known


#: Which move of a ticket follows a move of its fault event, from where.
FOLLOWS = {
    FaultAction.SUBMIT: (Action.SUBMIT_FAULT, State.OPEN, Tier.MIDDLE),
    FaultAction.DECLARE: (Action.COMMAND, State.OPEN, Tier.DISPATCH),
    FaultAction.DISMISS: (Action.NOT_A_FAULT, State.OPEN, Tier.DISPATCH),
    FaultAction.RECOVER: (Action.FINISH, State.OPEN, Tier.BACK),
    FaultAction.VERIFY: (Action.PASS, State.VERIFYING, Tier.MIDDLE),
    FaultAction.FAIL: (Action.FAIL, State.VERIFYING, Tier.MIDDLE),
}


def move(session: Session, fault: FaultEvent, action: FaultAction, *, by: Person, note: str) -> FaultMove:
    """Take one step of the event; every linked ticket that stands ready takes its own step with it."""
    row = step(fault.state, action, permissions=by.permissions, note=note)
    moment = now(session)
    entry = FaultMove(
        action=action, start=fault.state, end=row.end, by_id=by.id, at=moment, note=note.strip()
    )
    fault.moves.append(entry)
    fault.state = row.end
    if action == FaultAction.DECLARE:
        fault.declared_at = moment
    if action == FaultAction.RECOVER:
        fault.recovered_at = moment
    session.flush()
    _move_tickets(session, fault, action, by=by, note=note)
    return entry


def _move_tickets(session: Session, fault: FaultEvent, action: FaultAction, *, by: Person, note: str) -> None:
    deed, state, tier = FOLLOWS[action]
    for report in fault.reports:
        ticket = report.ticket
        if ticket is None or (ticket.state, ticket.tier) != (state, tier):
            continue
        try:
            desk.move(session, ticket, deed, by=by, given=desk.Given(note=note, data={"fault": fault.number}))
        except desk.Overtaken:
            raise
        except Refused:
            # A ticket in a colleague's hands, or outside this person's posts, stays where it is; the
            # event's page lists it, so that somebody moves it by hand.
            continue


def write_announcement(
    session: Session, text: AnnouncementText, *, by: Person, fault: FaultEvent | None = None
) -> Announcement:
    """Draft an announcement."""
    if not by.may(Permission.PUBLISH_ANNOUNCEMENTS):
        raise Refused(N_("您的岗位不能发布公告。"))
    announcement = Announcement(by_id=by.id, created_at=now(session), fault=fault)
    session.add(announcement)
    _apply(announcement, text)
    session.flush()
    return announcement


def change_announcement(session: Session, announcement: Announcement, text: AnnouncementText) -> None:
    """Correct or update an announcement; a live one is shown with its new words at once."""
    if announcement.state not in (AnnouncementState.DRAFT, AnnouncementState.LIVE):
        raise Refused(N_("公告已经结束，不能再改。"))
    _apply(announcement, text)
    session.flush()


def _apply(announcement: Announcement, text: AnnouncementText) -> None:
    if not text.title.strip() or not text.body.strip():
        raise Refused(N_("公告要有标题和正文：影响什么、期间怎么办、下次更新时间。"))
    if text.kind == AnnouncementKind.FAULT and not text.systems:
        raise Refused(N_("故障公告必须写明受影响的系统。"))
    announcement.kind, announcement.title = text.kind, text.title.strip()
    announcement.body, announcement.next_update_at = text.body.strip(), text.next_update_at
    systems = {row.system: row for row in announcement.system_rows}
    units = {row.unit: row for row in announcement.unit_rows}
    announcement.system_rows = [
        systems.get(code) or AnnouncementSystem(system=code) for code in sorted(set(text.systems))
    ]
    announcement.unit_rows = [
        units.get(code) or AnnouncementUnit(unit=code) for code in sorted(set(text.units))
    ]


def publish(session: Session, announcement: Announcement, *, by: Person) -> None:
    """Put it above everything for those affected."""
    _may_end(announcement, by, AnnouncementState.DRAFT)
    if announcement.fault is not None and announcement.fault.state not in (
        FaultState.DECLARED,
        FaultState.RECOVERED,
    ):
        raise Refused(N_("运调中心判定为故障之后才能发布故障公告。"))
    announcement.state, announcement.published_at = AnnouncementState.LIVE, now(session)
    session.flush()


def recover(session: Session, announcement: Announcement, words: str, *, by: Person) -> None:
    """Publish the recovery; the announcement ends."""
    _may_end(announcement, by, AnnouncementState.LIVE)
    if not words.strip():
        raise Refused(N_("请写明恢复情况，用户要知道现在能不能用、还要做什么。"))
    if announcement.fault is not None and announcement.fault.state != FaultState.VERIFIED:
        raise Refused(N_("中台验证恢复之后才能发布恢复公告。"))
    announcement.state, announcement.recovery = AnnouncementState.RECOVERED, words.strip()
    announcement.ended_at = now(session)
    session.flush()


def withdraw(session: Session, announcement: Announcement, *, by: Person) -> None:
    """Take an announcement back that should not have been published."""
    _may_end(announcement, by, AnnouncementState.LIVE)
    announcement.state, announcement.ended_at = AnnouncementState.WITHDRAWN, now(session)
    session.flush()


def _may_end(announcement: Announcement, by: Person, state: AnnouncementState) -> None:
    if not by.may(Permission.PUBLISH_ANNOUNCEMENTS):
        raise Refused(N_("您的岗位不能发布公告。"))
    if announcement.state != state:
        raise Refused(N_("公告的状态已经变了，请刷新后再看。"))


def affects(announcement: Announcement, viewer: Viewer) -> bool:
    """Is this viewer among those an announcement is for?"""
    return not announcement.units or bool(set(announcement.units) & viewer.units)


def live_announcements(viewer: Viewer) -> Select[Announcement]:
    """What this viewer must be shown now, faults first; the same rule as ``affects``, in SQL."""
    units = exists().where(AnnouncementUnit.announcement_id == Announcement.id)
    mine = units.where(AnnouncementUnit.unit.in_(sorted(viewer.units)))
    fault_first = (Announcement.kind != AnnouncementKind.FAULT).asc()
    return (
        select(Announcement)
        .where(and_(Announcement.state == AnnouncementState.LIVE, or_(~units, mine)))
        .order_by(fault_first, Announcement.published_at.desc())
    )


def live_for_system(session: Session, viewer: Viewer, system: str) -> list[Announcement]:
    """Live announcements about one system."""
    return [row for row in session.scalars(live_announcements(viewer)) if system in row.systems]


def _next_number(session: Session) -> str:
    highest = session.scalar(select(func.max(FaultEvent.number))) or "GZ000000"
    return f"GZ{int(highest[2:]) + 1:06d}"
