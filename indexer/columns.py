"""What is known of every document without its text, in arrays: who may see it, of what kind.

Built from the store and never written back. Invariant: places only grow; the document at a
place never changes, it can only die. So a mask, a posting or a vector that speaks of a place
stays true for the life of the generation.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from indexer.document import Key, Query
from indexer.store import Changes, Row

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]

FACETS = ("system", "module", "category", "state", "language", "unit")


@dataclass(frozen=True, slots=True)
class Column:
    """One value for each place, as a number into `values`."""

    numbers: NDArray[np.int32]
    values: tuple[object, ...]

    def extended(self, more: list[object]) -> "Column":
        known = {value: number for number, value in enumerate(self.values)}
        added = [known.setdefault(value, len(known)) for value in more]
        return Column(np.concatenate([self.numbers, np.array(added, dtype=np.int32)]), tuple(known))

    def where(self, wanted: Mask) -> Mask:
        return wanted[self.numbers] if len(wanted) else np.zeros(len(self.numbers), dtype=bool)

    def among(self, values: Collection[object]) -> Mask:
        return self.where(np.array([value in values for value in self.values], dtype=bool))

    def sharing(self, tokens: frozenset[str]) -> Mask:
        """Places whose set shares at least one token."""
        shares = [isinstance(value, frozenset) and not tokens.isdisjoint(value) for value in self.values]
        return self.where(np.array(shares, dtype=bool))


def _empty_column() -> Column:
    return Column(np.zeros(0, dtype=np.int32), ())


@dataclass(frozen=True, slots=True)
class Columns:
    numbers: Places = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    lengths: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    popularity: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    live: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    keys: tuple[Key, ...] = ()
    kinds: Column = field(default_factory=_empty_column)
    audiences: Column = field(default_factory=_empty_column)
    facets: Mapping[str, Column] = field(default_factory=lambda: {name: _empty_column() for name in FACETS})
    places: Mapping[Key, int] = field(default_factory=dict)
    tick: int = 0

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def last(self) -> int:
        return int(self.numbers[-1]) if len(self) else 0

    @property
    def average_length(self) -> float:
        return float(self.lengths.mean()) if len(self) else 1.0

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


def _grown(columns: Columns, rows: list[Row]) -> Columns:
    names = set(columns.facets) | {name for row in rows for name in row.facets}
    empty = Column(np.zeros(len(columns), dtype=np.int32), ("",)) if len(columns) else _empty_column()
    start = len(columns)
    keys = [(row.kind, row.id) for row in rows]
    return replace(
        columns,
        numbers=np.concatenate([columns.numbers, np.array([row.n for row in rows], dtype=np.int64)]),
        lengths=np.concatenate([columns.lengths, np.array([row.length for row in rows], dtype=np.float32)]),
        popularity=np.concatenate(
            [columns.popularity, np.array([row.popularity for row in rows], dtype=np.float32)]
        ),
        live=np.concatenate([columns.live, np.ones(len(rows), dtype=bool)]),
        keys=(*columns.keys, *keys),
        kinds=columns.kinds.extended([row.kind for row in rows]),
        audiences=columns.audiences.extended([row.audience for row in rows]),
        facets={
            name: columns.facets.get(name, empty).extended([row.facets.get(name, "") for row in rows])
            for name in names
        },
        places={**columns.places, **{key: start + offset for offset, key in enumerate(keys)}},
    )


def _with_deaths(columns: Columns, gone: list[int]) -> Columns:
    places = columns.place_of_numbers(np.array(gone, dtype=np.int64))
    dead = {int(place) for place in places if place >= 0}
    live = columns.live.copy()
    live[sorted(dead)] = False
    kept = {key: place for key, place in columns.places.items() if place not in dead}
    return replace(columns, live=live, places=kept)


def applied(columns: Columns, changes: Changes) -> Columns:
    """The columns after these changes; the old ones stay good for whoever still searches."""
    grown = _grown(columns, changes.added) if changes.added else columns
    dying = _with_deaths(grown, changes.gone) if changes.gone else grown
    return replace(dying, tick=changes.tick)
