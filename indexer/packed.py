"""A document's terms packed into one array, and a few documents' arrays read side by side.

For an engine that proposes documents and has to count their terms exactly. Nothing here knows
where the arrays are kept. Invariant: an entry is 56 bits of a term's digest, a bit for the title
and seven for the count, in rising order; two terms of one search meet by chance once in ten
million searches.
"""

import hashlib
import threading
from collections import OrderedDict
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
_OVERHEAD = 16
"""What holding a row costs beside its entries."""
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
        wanted = sorted(set(digests.values()))
        order = {digest: column for column, digest in enumerate(wanted)}
        entries = _looked_up(rows, np.array(wanted, dtype=np.uint64))
        self._entries = entries
        self._known = {
            term: order[digest] for term, digest in digests.items() if entries[:, order[digest]].any()
        }

    def bears(self, field: Field, term: str) -> Mask:
        """Which documents bear a term that was asked for; none bears any other."""
        column = self._known.get(term)
        if column is None:
            return np.zeros(len(self._entries), dtype=bool)
        found = self._entries[:, column]
        return np.asarray(found & _TITLED > 0 if field is Field.TITLE else found > 0)

    def bears_all(self, terms: Sequence[str]) -> Mask | None:
        """Which documents bear every one of these words; None where some word stands in none."""
        columns = [self._known[term] for term in terms if term in self._known]
        if not terms or len(columns) < len(terms):
            return None
        return np.asarray((self._entries[:, columns] > 0).all(axis=1))

    def posting(self, field: Field, term: str, places: Places) -> Posting:
        column = self._known.get(term)
        if column is None:
            return NOWHERE
        borne = self.bears(field, term)
        counts = self._entries[borne, column] & _MOST_COUNTED
        return Posting(places[borne], counts.astype(np.float32))


def _looked_up(rows: Sequence[Packed], wanted: Packed) -> NDArray[np.uint8]:
    """Documents × terms: the low byte of the entry, 0 where there is none."""
    if not rows:
        return np.zeros((0, len(wanted)), dtype=np.uint8)
    found = np.array([row.searchsorted(wanted) for row in rows])
    lengths = np.array([[len(row)] for row in rows])
    starts = np.cumsum(lengths)[:, None] - lengths
    # Past its own end lies the next document.
    at = np.where(found < lengths, found + starts, lengths.sum())
    entries = np.concatenate([*rows, _LAST])[at]
    same = entries >> _ENTRY == wanted >> _ENTRY
    return np.where(same, entries & np.uint64(0xFF), 0).astype(np.uint8)


class Kept:
    """Rows read lately, the longest unread thrown out first. A number never changes its document."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._rows: OrderedDict[int, Packed] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, numbers: Iterable[int]) -> dict[int, Packed]:
        with self._lock:
            found = {n: row for n in numbers if (row := self._rows.get(n)) is not None}
            for n in found:
                self._rows.move_to_end(n)
        return found

    def put(self, rows: Mapping[int, Packed]) -> None:
        with self._lock:
            for n, row in rows.items():
                if n not in self._rows:
                    self._rows[n] = row
                    self._held += len(row) + _OVERHEAD
            while self._held > self._most:
                _, dropped = self._rows.popitem(last=False)
                self._held -= len(dropped) + _OVERHEAD
