"""The trail: append-only, each entry carrying the hash of the one before it, and its end held fast.

How an entry is written stands in ``chain``, how the whole is verified in ``checking``. The invariant:
nobody changes, adds, removes or reorders entries without ``verify`` naming the ticket, the last entry
included, because length and last digest of every chain are kept in a table of their own.
"""

from portal.tickets.trail.chain import append, digest_of, first_break, head_of
from portal.tickets.trail.checking import broken_tickets, check, length
from portal.tickets.trail.sentences import NO_ANCHOR, STANDS_APART, TRUNCATED

__all__ = [
    "NO_ANCHOR",
    "STANDS_APART",
    "TRUNCATED",
    "append",
    "broken_tickets",
    "check",
    "digest_of",
    "first_break",
    "head_of",
    "length",
]
