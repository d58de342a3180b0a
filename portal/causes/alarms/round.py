"""The worker's round: every ticket of the last days that nobody has looked at yet is looked at once.

Searching comes first and in a session that only reads; what was found is written ticket by ticket, each with
the mark that it was looked at. A round that dies is simply run again. The invariant: a ticket is marked in
the transaction that raised its alarm.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from defects.flow import DefectState
from defects.models import Defect
from indexer.index import Index
from kb.columns import now
from portal.causes.alarms.looking import is_silent, sighted
from portal.causes.autolink.deciding import WANTED
from portal.db import transaction
from portal.finder.find import Finder
from portal.finder.proposing import is_ready
from portal.tickets import recurring
from portal.tickets.models import Ticket
from portal.tickets.recurrence.models import WAITING, AlarmState, Basis, Looked, RecurrenceAlarm
from portal.tickets.recurrence.raising import WAS_MERGED, decide, raised, seen_where_fixed

#: Older tickets were filed before there were alarms, or while the worker was long away.
WINDOW = timedelta(days=7)
REMEMBERED = timedelta(days=30)
AT_ONCE = 40

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What one ticket shows, by ids: it is read anew in the transaction that writes."""

    ticket: int
    defect: int | None = None
    basis: Basis = Basis.LIKENESS
    probability: float | None = None


def watch_for_recurrence(maker: sessionmaker[Session], index: Index, *, wanted: float = WANTED) -> int:
    """Returns how many tickets were looked at; without an index none is, and all wait."""
    if not is_ready(index):
        return 0
    with maker() as session:
        found = found_now(session, Finder(index), wanted=wanted)
    for one in found:
        with transaction(maker) as session:
            write(session, one)
    with transaction(maker) as session:
        _follow_merges(session)
        session.execute(delete(Looked).where(Looked.at < now(session) - REMEMBERED))
    return len(found)


def found_now(session: Session, finder: Finder, *, wanted: float = WANTED) -> Sequence[Found]:
    tickets = session.scalars(
        select(Ticket)
        .outerjoin(Looked, Looked.ticket_id == Ticket.id)
        .where(Ticket.filed_at >= now(session) - WINDOW, Looked.ticket_id.is_(None))
        .order_by(Ticket.id)
        .limit(AT_ONCE)
    ).all()
    return [_of(session, finder, ticket, wanted) for ticket in tickets]


def _of(session: Session, finder: Finder, ticket: Ticket, wanted: float) -> Found:
    if is_silent(ticket) or ticket.defect is not None:
        return Found(ticket.id)
    seen = sighted(session, finder, ticket, wanted=wanted)
    return (
        Found(ticket.id) if seen is None else Found(ticket.id, seen.defect.id, seen.basis, seen.probability)
    )


def write(session: Session, one: Found) -> None:
    """Raise what this ticket shows and mark it, whatever has happened since it was searched for."""
    if session.get(Looked, one.ticket) is not None:  # by a worker beside this one
        return
    session.add(Looked(ticket_id=one.ticket, at=now(session)))
    ticket = session.get_one(Ticket, one.ticket)
    alarm = _raised(session, ticket, one)
    if alarm is not None:
        _LOG.info("%s: alarm %d of %s (%s)", ticket.number, alarm.id, alarm.defect.number, alarm.state)


def _raised(session: Session, ticket: Ticket, one: Found) -> RecurrenceAlarm | None:
    if is_silent(ticket):
        return None
    if ticket.defect is not None:  # linked meanwhile: that speaks for itself
        return recurring.watch(session, ticket, ticket.defect)
    if one.defect is None:
        return None
    defect = session.get_one(Defect, one.defect)
    seen = seen_where_fixed(session, ticket, defect, basis=one.basis, probability=one.probability)
    return raised(session, seen) if seen is not None else None


def _follow_merges(session: Session) -> None:
    """An alarm of a record that was merged goes on under the record that survives."""
    waiting = (
        select(RecurrenceAlarm)
        .join(Defect, RecurrenceAlarm.defect_id == Defect.id)
        .where(RecurrenceAlarm.state.in_(WAITING), Defect.state == DefectState.DUPLICATE)
    )
    for alarm in session.scalars(waiting):
        decide(session, alarm, AlarmState.CONFIRMED, by=None, reason=WAS_MERGED)
