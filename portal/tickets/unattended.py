"""What the system does by itself: confirm for the silent, wake what waited for a fix.

Nobody is at the screen here: every deed is ``move`` by the system, with a note that says why. Batches are
bounded and skip what a person has in hand at this moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.flow import DEAD, DefectState
from defects.models import Defect
from defects.signatures import runs_fix
from portal.catalogue.queries import version_in
from portal.tickets.given import Given
from portal.tickets.levels.frozen import calendar_of
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.moves import move
from portal.tickets.relations.standing import open_children
from portal.tickets.words import Action, State

#: Defects whose fix has been verified: where it runs, the waiting is over.
FIX_HOLDS = frozenset({DefectState.VERIFIED, DefectState.CLOSED})
SILENT_AT_ONCE = 500
#: Days in a row on which nobody may be at work.
LONGEST_HOLIDAY = 60


def confirm_silent(session: Session, moment: datetime, *, days: int = 3) -> list[Ticket]:
    """Close tickets whose users have not answered the outcome for ``days`` working days."""
    waiting = session.scalars(
        select(Ticket)
        .where(Ticket.state == State.CONFIRMING, Ticket.told_at <= moment - timedelta(days=days))
        .order_by(Ticket.told_at)
        .limit(SILENT_AT_ONCE)
        .with_for_update(skip_locked=True, of=Ticket)  # whom a user answers right now is not silent
    )
    silent = [
        ticket
        for ticket in waiting
        if _working_days(session, ticket, moment) >= days and not open_children(ticket)
    ]
    for ticket in silent:
        note = f"反馈后 {days} 个工作日用户没有回应，系统自动确认。"
        move(session, ticket, Action.CONFIRM, by=None, given=Given(note=note))
    return silent


def confirms_on(session: Session, ticket: Ticket, *, days: int = 3) -> datetime | None:
    """When it will be confirmed by itself unless its user speaks; None when nothing waits for them."""
    if ticket.state != State.CONFIRMING or ticket.told_at is None:
        return None
    calendar = calendar_of(session, ticket)
    moments = (ticket.told_at + timedelta(days=days + more) for more in range(LONGEST_HOLIDAY))
    return next((end for end in moments if calendar.days_between(ticket.told_at, end) >= days), None)


def _working_days(session: Session, ticket: Ticket, end: datetime) -> float:
    """Working days since the user was told, by the calendar that the ticket carries."""
    if ticket.told_at is None:
        return 0
    return calendar_of(session, ticket).days_between(ticket.told_at, end)


def release_parked(session: Session, defect: Defect) -> list[Ticket]:
    """Wake the tickets parked on a verified defect whose unit already runs the version that fixes it."""
    if defect.state not in FIX_HOLDS:
        return []
    parked = session.scalars(
        select(Ticket)
        .join(DefectLink)
        .where(DefectLink.defect_id == defect.id, DefectLink.verdict == LinkVerdict.LINKED)
        .where(Ticket.state == State.PARKED)
        .order_by(Ticket.id)
        .with_for_update(skip_locked=True, of=Ticket)
    )
    return [ticket for ticket in parked if _wake(session, ticket, defect)]


def _wake(session: Session, ticket: Ticket, defect: Defect) -> bool:
    running = version_in(session, ticket.system, ticket.unit)
    if not runs_fix(running, defect.fixed_in):
        return False
    note = f"缺陷 {defect.number} 已在 {defect.fixed_in} 修复，{ticket.unit.name}现在运行 {running}。"
    given = Given(note=note, data={"defect": defect.number})
    move(session, ticket, Action.DEPLOYED, by=None, given=given)
    return True


def release_ready(session: Session) -> list[Ticket]:
    """Wake every ticket whose fix has come, through whichever door it was verified or deployed."""
    waited_for = (
        select(DefectLink.defect_id)
        .join(Ticket)
        .where(Ticket.state == State.PARKED, DefectLink.verdict == LinkVerdict.LINKED)
    )
    ready = session.scalars(
        select(Defect).where(Defect.state.in_(FIX_HOLDS), Defect.id.in_(waited_for)).order_by(Defect.id)
    )
    woken = [ticket for defect in list(ready) for ticket in release_parked(session, defect)]
    return woken + _give_back(session)


def _give_back(session: Session) -> list[Ticket]:
    """What waits for a record that turned out to be no defect goes back to ruling; no fix will come."""
    lost = session.scalars(
        select(Ticket)
        .join(DefectLink)
        .join(Defect, Defect.id == DefectLink.defect_id)
        .where(Ticket.state == State.PARKED, DefectLink.verdict == LinkVerdict.LINKED)
        .where(Defect.state.in_(DEAD))
        .order_by(Ticket.id)
        .with_for_update(skip_locked=True, of=Ticket)
    ).unique()
    tickets = list(lost)
    for ticket in tickets:
        number = ticket.defect.number if ticket.defect else ""
        note = f"缺陷 {number} 不会再有修复，请重新研判。"
        move(session, ticket, Action.UNPARK, by=None, given=Given(note=note))
    return tickets
