"""Recurrence: tickets that match a repaired record and come from where the repair runs.

``look`` holds one ticket against the repaired records, ``round`` does so for every new one; ``deciding`` is
what people make of an alarm, ``lists`` how alarms are read, ``told`` what a version means to whoever reads a
ticket. The tables and what a link does are in ``portal.tickets.recurrence``.
The invariant: the system raises an alarm by itself only where its measured precision lets it link, and only
while its alarms prove true.
"""

from portal.causes.alarms.deciding import confirm, dismiss, undo
from portal.causes.alarms.looking import look
from portal.tickets.recurrence.models import AlarmState, RecurrenceAlarm

__all__ = ["AlarmState", "RecurrenceAlarm", "confirm", "dismiss", "look", "undo"]
