"""A document's terms packed into one array, and a few documents' arrays read side by side.

For an engine that proposes documents and has to count their terms exactly. Nothing here knows
where the arrays are kept. Invariant: an entry is 56 bits of a term's digest, a bit for the title
and seven for the count, in rising order; two terms of one search meet by chance once in ten
million searches.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from indexer.columns import Mask, Places
from indexer.engines import NOWHERE, Counts, Field, Posting

Packed = NDArray[np.uint64]

_MOST_COUNTED = 0x7F
_TITLED = 0x80
_DIGEST_BYTES = 7
_ENTRY = np.uint64(8)
_LAST = np.array([2**64 - 1], dtype=np.uint64)
"""Behind all rows: what a look-up past a row's end finds is no term."""

EMPTY: Packed = np.zeros(0, dtype=np.uint64)


@lru_cache(maxsize=1 << 18)
def _digest(term: str) -> int:
    spelled = term.encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(spelled, digest_size=_DIGEST_BYTES).digest(), "big") << 8


def packed(counts: Counts) -> bytes:
    title = counts.title
    entries = (
        _digest(term) | min(count, _MOST_COUNTED) | (_TITLED if term in title else 0)
        for term, count in counts.words.items()
    )
    array = np.fromiter(entries, dtype=np.uint64, count=len(counts.words))
    array.sort()
    return array.tobytes()


def unpacked(content: bytes) -> Packed:
    return np.frombuffer(content, dtype=np.uint64)


class Table:
    """How often each of some terms stands in each of some documents."""

    def __init__(self, rows: Sequence[Packed], terms: Iterable[str]) -> None:
        digests = {term: _digest(term) for term in terms}
        wanted = np.array(sorted(set(digests.values())), dtype=np.uint64)
        order = {int(digest): column for column, digest in enumerate(wanted.tolist())}
        self._columns: Mapping[str, int] = {term: order[digest] for term, digest in digests.items()}
        self._entries = _looked_up(rows, wanted)

    def bears(self, field: Field, term: str) -> Mask:
        """Which documents bear a term that was asked for; none bears any other."""
        column = self._columns.get(term)
        if column is None:
            return np.zeros(len(self._entries), dtype=bool)
        found = self._entries[:, column]
        return np.asarray(found & _TITLED > 0 if field is Field.TITLE else found > 0)

    def posting(self, field: Field, term: str, places: Places) -> Posting:
        borne = self.bears(field, term)
        if not borne.any():
            return NOWHERE
        counts = self._entries[borne, self._columns[term]] & _MOST_COUNTED
        return Posting(places[borne], counts.astype(np.float32))


def _looked_up(rows: Sequence[Packed], wanted: Packed) -> NDArray[np.uint8]:
    """Documents × terms: the low byte of the entry, 0 where there is none."""
    at = np.empty((len(rows), len(wanted)), dtype=np.int64)
    behind = sum(map(len, rows))
    start = 0
    for number, row in enumerate(rows):
        found = row.searchsorted(wanted)
        # Past its own end lies the next document.
        at[number] = np.where(found < len(row), found + start, behind)
        start += len(row)
    entries = np.concatenate([*rows, _LAST])[at]
    same = entries >> _ENTRY == wanted >> _ENTRY
    return np.where(same, entries & np.uint64(0xFF), 0).astype(np.uint8)
