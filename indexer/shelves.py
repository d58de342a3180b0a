"""Among which documents a word is rare: those of the kinds that a question is about.

An index of a desk holds ten times as many tickets as answers. Counted among all of them no word of a ticket
is unknown, least of all when the ticket itself is there, and every share, weight and probability of an
answer would depend on how much is going on at the desk. Whether a word stands anywhere at all is asked of
the kinds that are looked through. Invariant: for the same answers the numbers are the same, whatever else
is in the index.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexer.columns import Columns
from indexer.document import Query
from indexer.engines import Field, Lexical

Kinds = frozenset[str]
EVERY_KIND: Kinds = frozenset()


@dataclass(frozen=True, slots=True)
class Shelf:
    lexical: Lexical
    kinds: Kinds
    """Of the documents that are counted; empty: all."""
    searched: Kinds
    """Of the documents that are looked through; empty: all."""
    documents: int
    average_length: float

    def frequency(self, field: Field, term: str) -> int:
        """In how many of the counted documents a term stands."""
        return self.lexical.frequency(field, term, kinds=self.kinds)

    def knows(self, field: Field, term: str) -> bool:
        """Does it stand in anything that is looked through?"""
        if self.searched == self.kinds:
            return self.frequency(field, term) > 0
        return self.lexical.frequency(field, term, kinds=self.searched) > 0


def whole(lexical: Lexical, columns: Columns) -> Shelf:
    return Shelf(lexical, EVERY_KIND, EVERY_KIND, max(1, columns.living), columns.average_length)


def shelf_of(lexical: Lexical, columns: Columns, query: Query) -> Shelf:
    """Where nothing but these kinds is in the index, the engine's own count is the quicker one."""
    counted = query.weighed_among or query.kinds
    if not counted:
        return whole(lexical, columns)
    here = columns.live & columns.kinds.among(counted)
    documents = int(np.count_nonzero(here))
    if documents == columns.living:
        return whole(lexical, columns)
    average = float(columns.lengths[here].mean()) if documents else 1.0
    return Shelf(lexical, counted, query.kinds, max(1, documents), average)
