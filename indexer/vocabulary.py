"""The Latin words of the index, in arrays, and those that are nearly what somebody typed.

Which word is meant is `spelling.py`'s business. Invariant: no word is near that is more than the given
number of letters away, and the nearest comes first, the more usual before the rarer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_NEAR = 8
_SHORTEST = 5
_LONG = 8
_NEVER = 99
_BITS = np.array([number.bit_count() for number in range(1 << 16)], dtype=np.uint8)


def _signature(word: str) -> int:
    """Which letters a word has; two words one letter apart differ in two bits at most."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) - 97)
    return bits


def allowed_distance(word: str) -> int:
    """Short words have too many neighbours: one letter from five on, two from eight on."""
    if len(word) < _SHORTEST:
        return 0
    return 2 if len(word) >= _LONG else 1


def distance(first: str, second: str, most: int) -> int:
    """Letters added, left out, changed or swapped with their neighbour; more than `most` is never."""
    if abs(len(first) - len(second)) > most:
        return _NEVER
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, left in enumerate(first, start=1):
        older, before, row = before, row, [i]
        for j, right in enumerate(second, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == second[j - 2] and first[i - 2] == right:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return _NEVER
    return row[-1] if row[-1] <= most else _NEVER


@dataclass(frozen=True, slots=True)
class Vocabulary:
    words: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    letters: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))
    lengths: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, dtype=np.int16))
    last: int = 0
    """The place of the last word that was taken over."""
    made: int = 0

    def grown(self, rows: Sequence[tuple[Any, ...]], *, made: int) -> "Vocabulary":
        words = [word for _, word, _ in rows]
        letters = np.array([_signature(word) for word in words], dtype=np.uint32)
        return Vocabulary(
            (*self.words, *words),
            (*self.counts, *(count for _, _, count in rows)),
            np.concatenate([self.letters, letters]),
            np.concatenate([self.lengths, np.array([len(word) for word in words], dtype=np.int16)]),
            max([self.last, *(place for place, _, _ in rows)]),
            made,
        )

    def near(self, word: str) -> list[str]:
        """Known words that a slip of the fingers makes into this one."""
        most = allowed_distance(word)
        if not most:
            return []
        found: list[tuple[int, int, str]] = []
        for place in self._candidates(word, most):
            other = self.words[place]
            if other[0] == word[0] or other[1:2] == word[0]:
                away = distance(word, other, most)
                if 0 < away <= most:
                    found.append((away, -self.counts[place], other))
        return [other for _, _, other in sorted(found)[:_MOST_NEAR]]

    def _candidates(self, word: str, most: int) -> list[int]:
        places = np.nonzero(np.abs(self.lengths - len(word)) <= most)[0]
        differing = np.bitwise_xor(self.letters[places], np.uint32(_signature(word)))
        bits = _BITS[differing & 0xFFFF] + _BITS[differing >> 16]
        found: list[int] = places[bits <= 2 * most].tolist()
        return found
