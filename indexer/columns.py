"""What is known of every document without its text, in arrays: who may see it, of what kind.

Built from the store and never written back. Invariant: places only grow; the document at a
place never changes, it can only die. So a mask, a posting or a vector that speaks of a place
stays true for the life of the generation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from indexer.document import Key, Query
from indexer.growing import Audiences, Column, Growing, Names
from indexer.store import Changes, Row

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]

FACETS = ("system", "module", "category", "state", "language", "unit")


@dataclass(frozen=True, slots=True)
class Columns:
    """One moment of it. A later moment shares what it can: see `growing.py`."""

    all_numbers: Growing = field(default_factory=lambda: Growing(np.int64))
    all_lengths: Growing = field(default_factory=lambda: Growing(np.float32))
    all_popularity: Growing = field(default_factory=lambda: Growing(np.float32))
    live: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    places: Names = field(default_factory=Names)
    """Where a living document is, by its key."""
    kinds: Column = field(default_factory=Column)
    audiences: Audiences = field(default_factory=Audiences)
    facets: Mapping[str, Column] = field(default_factory=lambda: {name: Column() for name in FACETS})
    tick: int = 0
    living: int = 0
    average_length: float = 1.0

    def __len__(self) -> int:
        return len(self.all_numbers)

    @property
    def numbers(self) -> Places:
        return self.all_numbers.array

    @property
    def lengths(self) -> NDArray[np.float32]:
        return self.all_lengths.array

    @property
    def popularity(self) -> NDArray[np.float32]:
        return self.all_popularity.array

    @property
    def keys(self) -> Sequence[Key]:
        """By place, also of what has died."""
        return self.places.keys_by_place

    @property
    def last(self) -> int:
        return int(self.numbers[-1]) if len(self) else 0

    def place_of_numbers(self, numbers: Places) -> Places:
        """Places of these numbers; -1 for one that is not here."""
        if not len(self):
            return np.full(len(numbers), -1, dtype=np.int64)
        found = np.minimum(np.searchsorted(self.numbers, numbers), len(self) - 1)
        return np.where(self.numbers[found] == numbers, found, -1)

    def mask(self, query: Query) -> Mask:
        """Everything this asker may be shown; an empty wish for values is a wish for nothing."""
        allowed = self.live.copy()
        if query.audience is not None:
            allowed &= self.audiences.sharing(query.audience)
        if query.kinds:
            allowed &= self.kinds.among(query.kinds)
        for name, values in query.filters.items():
            allowed &= self._facet(name, values)
        for key in query.exclude:
            if (place := self.places.get(key)) is not None:
                allowed[place] = False
        return allowed

    def _facet(self, name: str, values: frozenset[str]) -> Mask:
        if name not in self.facets:
            return np.zeros(len(self), dtype=bool)
        return self.facets[name].among(values)

    def near(self, name: str, value: str) -> Mask:
        return self._facet(name, frozenset({value}))


def _facets(columns: Columns, rows: list[Row]) -> Mapping[str, Column]:
    names = set(columns.facets) | {name for row in rows for name in row.facets}
    held = {name: columns.facets.get(name) or Column.blank(len(columns)) for name in names}
    return {
        name: column.extended([row.facets.get(name, "") for row in rows]) for name, column in held.items()
    }


def _grown(columns: Columns, rows: list[Row]) -> Columns:
    live = np.concatenate([columns.live, np.ones(len(rows), dtype=bool)])
    lengths = columns.all_lengths.extended([row.length for row in rows])
    return replace(
        columns,
        all_numbers=columns.all_numbers.extended([row.n for row in rows]),
        all_lengths=lengths,
        all_popularity=columns.all_popularity.extended([row.popularity for row in rows]),
        live=live,
        places=columns.places.extended([(row.kind, row.id) for row in rows], live),
        kinds=columns.kinds.extended([row.kind for row in rows]),
        audiences=columns.audiences.extended([row.audience for row in rows]),
        facets=_facets(columns, rows),
        living=columns.living + len(rows),
        average_length=float(lengths.array.mean()),
    )


def _with_deaths(columns: Columns, gone: list[int]) -> Columns:
    places = columns.place_of_numbers(np.array(gone, dtype=np.int64))
    live = columns.live.copy()
    live[places[places >= 0]] = False
    return replace(
        columns, live=live, places=columns.places.extended((), live), living=int(np.count_nonzero(live))
    )


def applied(columns: Columns, changes: Changes) -> Columns:
    """The columns after these changes; the old ones stay good for whoever still searches."""
    grown = _grown(columns, changes.added) if changes.added else columns
    dying = _with_deaths(grown, changes.gone) if changes.gone else grown
    return replace(dying, tick=changes.tick)
