"""One ticket held against the repaired records: an alarm, a quiet mark for people, or nothing.

A ticket that is linked speaks for its own record alone; one that isn't, for the record that the model of
links has chosen. Nothing is linked here. The invariant: looking twice says the same once.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from indexer.linking import Decision
from portal.causes.alarms.matching import match_of
from portal.causes.autolink.deciding import NEVER, WANTED
from portal.finder.find import Finder
from portal.tickets import recurring
from portal.tickets.models import Ticket
from portal.tickets.recurrence.models import AlarmState, Basis, RecurrenceAlarm
from portal.tickets.recurrence.raising import Seen, raised, seen_where_fixed
from portal.tickets.words import State

#: Nobody reports anything with these any more.
SILENT = frozenset({State.CANCELLED, State.MERGED})
BASES = {Decision.LINK: Basis.MATCH, Decision.SUGGEST: Basis.LIKENESS}


def look(
    session: Session, finder: Finder, ticket: Ticket, *, wanted: float = WANTED
) -> RecurrenceAlarm | None:
    """The alarm that this ticket raised or joined; None for a quiet mark, too: that is only proposed."""
    if is_silent(ticket):
        return None
    if ticket.defect is not None:
        return _loud(recurring.watch(session, ticket, ticket.defect))
    seen = sighted(session, finder, ticket, wanted=wanted)
    if seen is None:
        return None
    alarm = raised(session, seen)
    return None if seen.basis == Basis.LIKENESS else _loud(alarm)


def is_silent(ticket: Ticket) -> bool:
    """Withdrawn, merged into another one, or a complaint, which goes its own way."""
    return ticket.state in SILENT or ticket.category in NEVER


def _loud(alarm: RecurrenceAlarm | None) -> RecurrenceAlarm | None:
    return None if alarm is None or alarm.state == AlarmState.POSSIBLE else alarm


def sighted(session: Session, finder: Finder, ticket: Ticket, *, wanted: float = WANTED) -> Seen | None:
    """What an unlinked ticket shows by the model's word; reads alone, so that searching holds nobody up."""
    match = match_of(session, finder, ticket, wanted=wanted)
    if match is None or match.decision not in BASES:
        return None
    basis = BASES[match.decision]
    return seen_where_fixed(session, ticket, match.defect, basis=basis, probability=match.probability)
