"""The word index: Whoosh keeps the postings on disk, and nobody else imports it.

Whoosh's own searcher is not used. Its postings are read block by block into arrays, which
are kept, and scored in `scoring.py`: the same ranking for a tenth of the time, and a filter
is a mask, never a set that means "everything" when it is empty. User text never becomes a
Whoosh query. Invariant: a place is scored only if the columns know its number, so documents
that Whoosh still holds after they are gone cannot come back.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from whoosh import fields, formats, index, reading
from whoosh.codec.whoosh3 import W3Codec
from whoosh.matching.wrappers import FilterMatcher

from indexer.columns import Columns, Mask, Places
from indexer.engines import NOWHERE, Counts, Field, Posting, Reading, Scope, Weighed, WordEngine

WRITE_TIMEOUT_S = 30.0
_MEMORY_MB = 192
_KEPT_POSTINGS = 12_000_000
_MOST_MERGED = 20_000
_MOST_WEIGHED = 200_000


class Counted(fields.FieldType):  # type: ignore[misc]
    """A field that is given its terms counted, so that one analysis serves every engine.

    It says it is scorable only because Whoosh otherwise looks for a file of lengths at every
    single posting it writes, which costs a third of the time.
    """

    def __init__(self) -> None:
        super().__init__(formats.Existence(), None, scorable=True, stored=False)

    def index(self, value: Mapping[str, int], **_: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        for term, count in value.items():
            yield term.encode("utf-8", "replace"), count, float(count), b""


def _schema() -> Any:
    number = fields.NUMERIC(numtype=int, bits=64, signed=False, shift_step=0, sortable=True, stored=False)
    return fields.Schema(n=number, **{field: Counted() for field in Field})


class _Segment:
    """One of Whoosh's immutable segments with its documents' places."""

    def __init__(self, reader: Any, columns: Columns) -> None:
        self.reader = reader
        self.name = str(reader.segment().segment_id())
        column = reader.column_reader("n")
        numbers = np.array([column[doc] for doc in range(reader.doc_count_all())], dtype=np.int64)
        self.numbers = numbers
        self.places = columns.place_of_numbers(numbers)

    def placed(self, columns: Columns) -> bool:
        """Look the unknown numbers up again; whether that found any."""
        places = columns.place_of_numbers(self.numbers)
        changed = bool((places != self.places).any())
        self.places = places
        return changed

    def frequency(self, field: Field, term: bytes) -> int:
        return int(self.reader.doc_frequency(str(field), term))

    def posting(self, field: Field, term: bytes) -> Posting:
        if (str(field), term) not in self.reader:
            return NOWHERE
        ids, counts = _read_blocks(self.reader.postings(str(field), term))
        places = self.places[ids]
        known = places >= 0
        return Posting(places[known], counts[known])


def _merged(parts: list[Posting]) -> Posting:
    found = [part for part in parts if len(part)]
    if not found:
        return NOWHERE
    if len(found) == 1 and (found[0].places[1:] > found[0].places[:-1]).all():
        return found[0]  # and not a second copy of it in memory
    places = np.concatenate([part.places for part in found])
    counts = np.concatenate([part.counts for part in found])
    if (places[1:] > places[:-1]).all():
        return Posting(places, counts)
    places, first = np.unique(places, return_index=True)
    return Posting(places, counts[first])


def _read_blocks(matcher: Any) -> tuple[Places, NDArray[np.float32]]:
    """All of a term's postings; a block at a time, since one by one costs ten times as much."""
    leaf = matcher.child if isinstance(matcher, FilterMatcher) else matcher
    if leaf is not matcher:
        leaf.reset()
    ids: list[int] = []
    counts: list[float] = []
    while leaf.is_active():
        leaf.id()
        leaf.weight()
        ids.extend(leaf._ids)
        counts.extend(leaf._weights)
        leaf._next_block()
    return np.array(ids, dtype=np.int64), np.array(counts, dtype=np.float32)


class _Kept:
    """The postings read lately, the oldest thrown out first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._postings: OrderedDict[tuple[str, Field, bytes], Posting] = OrderedDict()

    def get(self, key: tuple[str, Field, bytes]) -> Posting | None:
        if (found := self._postings.get(key)) is not None:
            self._postings.move_to_end(key)
        return found

    def put(self, key: tuple[str, Field, bytes], posting: Posting) -> None:
        self._postings[key] = posting
        self._held += len(posting) + 16
        while self._held > self._most:
            _, dropped = self._postings.popitem(last=False)
            self._held -= len(dropped) + 16

    def forget_others(self, segments: Iterable[str]) -> None:
        names = set(segments)
        for key in [key for key in self._postings if key[0] not in names]:
            self._held -= len(self._postings.pop(key)) + 16


class WhooshWords:
    """The word index of one generation: read by many threads, written by one process at a time."""

    def __init__(self, folder: Path, *, kept: int = _KEPT_POSTINGS) -> None:
        self._lock = threading.RLock()
        self._folder = folder
        self._whoosh = _opened(folder)
        self._segments: dict[str, _Segment] = {}
        self._kept = _Kept(kept)
        self._merged: dict[tuple[Field, str], Posting] = {}
        self._bearing: dict[tuple[str, ...], Places] = {}
        self._frequencies: dict[tuple[Field, str, frozenset[str]], int] = {}
        self._generation: int | None = None
        self._columns = Columns()
        self._shelves: dict[frozenset[str], Mask] = {}

    def close(self) -> None:
        with self._lock:
            for segment in self._segments.values():
                segment.reader.close()
            self._whoosh.close()

    def refresh(self, columns: Columns) -> None:
        with self._lock:
            latest = self._whoosh.latest_generation()
            if latest != self._generation:
                self._segments = self._opened_segments(columns)
                self._generation = latest
                self._kept.forget_others(self._segments)
                self._forget()
            self._place_latecomers(columns)
            if columns is not self._columns:
                self._columns, self._shelves = columns, {}

    def _place_latecomers(self, columns: Columns) -> None:
        """Numbers that the columns did not know when the segment was opened."""
        for segment in self._segments.values():
            if (segment.places < 0).any() and segment.placed(columns):
                self._kept.forget_others(set(self._segments) - {segment.name})
                self._forget()

    def _forget(self) -> None:
        self._merged, self._bearing, self._frequencies = {}, {}, {}

    def _opened_segments(self, columns: Columns) -> dict[str, _Segment]:
        """Segments never change: those already open stay. `reader(reuse=…)` would bring back merged ones."""
        fresh = self._whoosh.reader()
        found: dict[str, _Segment] = {}
        for leaf, _ in fresh.leaf_readers():
            if isinstance(leaf, reading.EmptyReader):
                continue
            name = str(leaf.segment().segment_id())
            if name in self._segments:
                leaf.close()
            found[name] = self._segments.get(name) or _Segment(leaf, columns)
        for name in set(self._segments) - set(found):
            self._segments[name].reader.close()
        return found

    def posting(self, field: Field, term: str) -> Posting:
        key = (field, term)
        if (found := self._merged.get(key)) is not None:
            return found
        spelled = term.encode("utf-8", "replace")
        with self._lock:
            merged = _merged([self._posting(segment, field, spelled) for segment in self._segments.values()])
            if len(self._merged) >= _MOST_MERGED:
                self._merged.clear()
            self._merged[key] = merged
        return merged

    def frequency(self, field: Field, term: str, *, kinds: frozenset[str] = frozenset()) -> int:
        """Of all kinds without reading where it stands: most terms are only weighed."""
        key = (field, term, kinds)
        if (found := self._frequencies.get(key)) is not None:
            return found
        spelled = term.encode("utf-8", "replace")
        with self._lock:
            count = sum(segment.frequency(field, spelled) for segment in self._segments.values())
            if count and kinds:
                count = self._on_shelf(self.posting(field, term).places, kinds)
            if len(self._frequencies) >= _MOST_WEIGHED:
                self._frequencies.clear()
            self._frequencies[key] = count
        return count

    def _on_shelf(self, places: Places, kinds: frozenset[str]) -> int:
        """How many of these places hold a living document of one of the kinds."""
        if (shelf := self._shelves.get(kinds)) is None:
            shelf = self._shelves[kinds] = self._columns.live & self._columns.kinds.among(kinds)
        known = places[: np.searchsorted(places, len(shelf))]
        return int(np.count_nonzero(shelf[known]))

    def bearers(self, terms: tuple[str, ...], kinds: frozenset[str]) -> int:
        places = self.bearing_all(terms)
        return self._on_shelf(places, kinds) if kinds else len(places)

    def borne(self, field: Field, terms: Sequence[str], places: Places) -> NDArray[np.bool_]:
        rows = [self.posting(field, term).bears(places) for term in terms]
        return np.array(rows, dtype=bool).reshape(len(terms), len(places))

    def reading(self, weighed: Iterable[Weighed], scope: Scope) -> Reading:
        """Every posting is at hand: there is nothing to propose."""
        return _Until(self, len(scope.mask), scope.kinds)

    def bearing_all(self, terms: tuple[str, ...]) -> Places:
        """Remembered, for the desk's synonyms are few."""
        remembered = self._bearing
        if (found := remembered.get(terms)) is not None:
            return found
        postings = sorted((self.posting(Field.WORDS, term) for term in terms), key=len)
        places = postings[0].places if postings else NOWHERE.places
        for posting in postings[1:]:
            places = places[posting.bears(places)]
        if len(remembered) >= _MOST_MERGED:
            remembered.clear()
        remembered[terms] = places
        return places

    def _posting(self, segment: _Segment, field: Field, term: bytes) -> Posting:
        key = (segment.name, field, term)
        if (found := self._kept.get(key)) is None:
            found = segment.posting(field, term)
            self._kept.put(key, found)
        return found

    def writer(self, *, memory_mb: int = _MEMORY_MB) -> "WordWriter":
        """The caller holds the index's own lock; Whoosh's is the second guard."""
        codec = W3Codec(compression=0)
        return WordWriter(self._whoosh.writer(timeout=WRITE_TIMEOUT_S, limitmb=memory_mb, codec=codec))


class _Until:
    """Postings as far as a search's own columns go: another thread may already know later places."""

    def __init__(self, words: WhooshWords, size: int, kinds: frozenset[str]) -> None:
        self._words = words
        self._size = size
        self._kinds = kinds

    def posting(self, field: Field, term: str) -> Posting:
        return self._words.posting(field, term).until(self._size)

    def bearing_all(self, terms: tuple[str, ...]) -> tuple[Places, int]:
        places = self._words.bearing_all(terms)
        return places[: np.searchsorted(places, self._size)], self._words.bearers(terms, self._kinds)


class WordWriter:
    """Everything between two commits; must be committed or cancelled."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def add(self, n: int, counts: Counts) -> None:
        self._writer.add_document(n=n, words=counts.words, title=counts.title, sound=counts.sound)

    def remove(self, n: int) -> None:
        self._writer.delete_by_term("n", n)

    def commit(self) -> None:
        self._writer.commit()

    def cancel(self) -> None:
        self._writer.cancel()


def _opened(folder: Path) -> Any:
    """Segments hold pickles: the folder is the owner's alone and never comes from an upload."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    if index.exists_in(str(folder)):
        return index.open_dir(str(folder), schema=_schema())
    if any(folder.iterdir()):
        raise OSError(f"词索引目录 {folder.name} 里有文件却没有目录表")
    return index.create_in(str(folder), _schema())


WHOOSH = WordEngine("whoosh", WhooshWords)
