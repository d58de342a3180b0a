"""Alarms that a repair did not hold: what is gathered on one, when it opens the record, when that is undone.

``models`` the tables, ``versions`` what ran where a ticket came from, ``raising`` the verbs that links call,
``proof`` and ``trust`` whether the system may open the record by itself. What matches without a link and what
people decide stand above, in ``portal.causes.alarms``. They lie here because a link, the reopening and the
alarm are one deed. The invariant: of one record at most one alarm waits for a decision.
"""
