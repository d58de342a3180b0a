"""Does more than likeness say that a repaired record is met again? Pure.

A precision that was measured on all tickets does not hold here: most repairs hold, so that where they run
nearly everything that resembles the record is something else. The invariant: one ticket that merely resembles
the record never opens it, however sure the matcher is.
"""

from __future__ import annotations

from defects.models import Defect
from defects.signatures import canonical, codes_in
from portal.tickets.models import Ticket
from portal.tickets.recurrence.models import BY_ITSELF, RecurrenceAlarm


def is_proven(alarm: RecurrenceAlarm, ticket: Ticket) -> bool:
    """The record has come back before, the ticket names its error code, or two people say the same."""
    return alarm.defect.recurrences > 0 or shares_code(ticket, alarm.defect) or has_two_witnesses(alarm)


def shares_code(ticket: Ticket, defect: Defect) -> bool:
    written = set(codes_in(f"{ticket.title}\n{ticket.text}"))
    return any(canonical(code) in written for code in defect.codes)


def has_two_witnesses(alarm: RecurrenceAlarm) -> bool:
    """Tickets of different people, each of them surely matched."""
    sure = [row for row in alarm.sightings if row.withdrawn_at is None and row.basis in BY_ITSELF]
    return len({row.ticket.requester_id for row in sure}) > 1
