"""Arrays, names and sets that only grow: one more document must not cost a copy of all of them.

What is at a place never changes, so everybody who read an earlier length may go on reading it while
another thread appends behind it. Which documents live is not known here (`columns.py`).
Invariant: nothing below a length that was ever handed out is written again.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from indexer.document import Key

_SLACK = 1.25
_LEAST = 64


@dataclass(slots=True)
class _Shelf:
    """Room for more than is there, shared by every length of the same array."""

    room: NDArray[Any]
    filled: int


class Growing:
    """One length of an array. `extended` writes behind it, into room that nobody has read."""

    __slots__ = ("_shelf", "array")

    def __init__(self, dtype: DTypeLike, _shelf: _Shelf | None = None) -> None:
        self._shelf = _shelf or _Shelf(np.zeros(0, dtype=dtype), 0)
        self.array: NDArray[Any] = self._shelf.room[: self._shelf.filled]

    def __len__(self) -> int:
        return len(self.array)

    def extended(self, more: Sequence[Any] | NDArray[Any]) -> Growing:
        start, end = len(self.array), len(self.array) + len(more)
        shelf = self._shelf
        if shelf.filled != start or end > len(shelf.room):
            shelf = _Shelf(np.empty(max(_LEAST, int(end * _SLACK)), dtype=shelf.room.dtype), start)
            shelf.room[:start] = self.array
        shelf.room[start:end] = more
        shelf.filled = end
        return Growing(shelf.room.dtype, shelf)


class Names(Mapping[Key, int]):
    """Which place bears a key now: the latest one of this length, while it lives."""

    def __init__(self) -> None:
        self.keys_by_place: list[Key] = []
        self._latest: dict[Key, int] = {}
        self._earlier: dict[int, int] = {}
        self._count = 0
        self._live: NDArray[np.bool_] = np.zeros(0, dtype=bool)

    def extended(self, keys: Collection[Key], live: NDArray[np.bool_]) -> Names:
        """With these behind, and with what lives now; the shared lists grow, nothing is copied."""
        grown = Names()
        if len(self.keys_by_place) == self._count:
            grown.keys_by_place, grown._latest, grown._earlier = (
                self.keys_by_place,
                self._latest,
                self._earlier,
            )
        else:  # somebody else has gone on from this length already
            grown._append(self.keys_by_place[: self._count])
        grown._append(keys)
        grown._live = live
        return grown

    def _append(self, keys: Iterable[Key]) -> None:
        for key in keys:
            place = len(self.keys_by_place)
            if (before := self._latest.get(key)) is not None:
                self._earlier[place] = before
            self.keys_by_place.append(key)
            self._latest[key] = place
        self._count = len(self.keys_by_place)

    def __getitem__(self, key: Key) -> int:
        place: int | None = self._latest[key]
        while place is not None and place >= self._count:
            place = self._earlier.get(place)
        if place is None or not self._live[place]:
            raise KeyError(key)
        return place

    def __iter__(self) -> Iterator[Key]:
        return (self.keys_by_place[place] for place in np.flatnonzero(self._live))

    def __len__(self) -> int:
        return int(np.count_nonzero(self._live))


@dataclass(frozen=True, slots=True)
class Column:
    """One value for each place, as a number into `values`, which every length shares."""

    growing: Growing = field(default_factory=lambda: Growing(np.int32))
    values: list[object] = field(default_factory=list)
    known: dict[object, int] = field(default_factory=dict)

    @classmethod
    def blank(cls, length: int) -> Column:
        return cls().extended([""] * length)

    @property
    def numbers(self) -> NDArray[np.int32]:
        return self.growing.array

    def extended(self, more: Sequence[object]) -> Column:
        added = []
        for value in more:
            number = self.known.get(value)
            if number is None:
                # The value is there before its number is told to anybody.
                self.values.append(value)
                number = self.known[value] = len(self.values) - 1
            added.append(number)
        return Column(self.growing.extended(added), self.values, self.known)

    def among(self, values: Collection[object]) -> NDArray[np.bool_]:
        wanted = np.zeros(len(self.values) + 1, dtype=bool)
        for value in values:
            if (number := self.known.get(value)) is not None and number < len(wanted):
                wanted[number] = True
        return wanted[self.numbers]


@dataclass(frozen=True, slots=True)
class Audiences:
    """Who may see each place. Nearly every ticket has a set of its own, so sets are not tested one by
    one: every token knows the sets it stands in."""

    growing: Growing = field(default_factory=lambda: Growing(np.int32))
    tokens: dict[str, int] = field(default_factory=dict)
    bearing: list[array[int]] = field(default_factory=list)
    """For each token the numbers of the sets it stands in."""
    sets: dict[bytes, int] = field(default_factory=dict)
    """A set, spelled by its tokens' numbers: a tenth of what a set of strings takes."""

    def extended(self, more: Sequence[frozenset[str]]) -> Audiences:
        added = [self._number_of(tokens) for tokens in more]
        return Audiences(self.growing.extended(added), self.tokens, self.bearing, self.sets)

    def _number_of(self, tokens: frozenset[str]) -> int:
        spelled = array("i", sorted(self._token(token) for token in tokens))
        found = self.sets.get(spelled.tobytes())
        if found is not None:
            return found
        number = self.sets[spelled.tobytes()] = len(self.sets)
        for token in spelled:
            self.bearing[token].append(number)
        return number

    def _token(self, token: str) -> int:
        number = self.tokens.get(token)
        if number is None:
            self.bearing.append(array("i"))
            number = self.tokens[token] = len(self.bearing) - 1
        return number

    def sharing(self, tokens: frozenset[str]) -> NDArray[np.bool_]:
        """Places whose set shares at least one token."""
        numbers = self.growing.array
        wanted = np.zeros(len(self.sets) + 1, dtype=bool)
        for token in tokens:
            if (known := self.tokens.get(token)) is not None:
                # A copy: the array itself could not grow while somebody looks into it.
                found = np.frombuffer(self.bearing[known][:], dtype=np.int32)
                wanted[found[found < len(wanted)]] = True
        allowed: NDArray[np.bool_] = wanted[numbers]
        return allowed
