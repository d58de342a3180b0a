"""Does more than one word say that a repaired record is met again? Pure.

A precision that was measured on all tickets does not hold here: most repairs hold, so that where they run
nearly everything that resembles the record is something else; and people, who slip once in a while, tie a
ticket to the wrong record just there. The invariant: one ticket of another system, with nothing else that
speaks for the record, never opens it, whoever says so.
"""

from __future__ import annotations

from defects.models import Defect
from defects.signatures import canonical, codes_in
from portal.tickets.models import Ticket
from portal.tickets.recurrence.models import Basis, RecurrenceAlarm


def is_borne_out(alarm: RecurrenceAlarm, ticket: Ticket) -> bool:
    """Of the record's own system, with its error code, said by two people, or come back before."""
    defect = alarm.defect
    return (
        is_at_home(ticket, defect)
        or defect.recurrences > 0
        or shares_code(ticket, defect)
        or has_two_witnesses(alarm)
    )


def is_at_home(ticket: Ticket, defect: Defect) -> bool:
    return ticket.system.code == defect.system


def shares_code(ticket: Ticket, defect: Defect) -> bool:
    written = set(codes_in(f"{ticket.title}\n{ticket.text}"))
    return any(canonical(code) in written for code in defect.codes)


def has_two_witnesses(alarm: RecurrenceAlarm) -> bool:
    """Tickets of different people, each of them linked or surely matched."""
    sure = [row for row in alarm.sightings if row.withdrawn_at is None and row.basis != Basis.LIKENESS]
    return len({row.ticket.requester_id for row in sure}) > 1
