"""tantivy as a word engine: one generation's word index, and what it answers for one question.

Invariant: what is read of a document is its own row, kept with it; a document whose words have not caught
up with the store bears no term.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tantivy import DocAddress

from indexer.columns import Columns, Mask, Places
from indexer.engines import NOWHERE, Field, Posting, Reading, Scope, Weighed, WordEngine
from indexer.large.files import TantivyWriter, damage_is_an_error, opened
from indexer.large.moment import Moment
from indexer.large.proposing import places_of
from indexer.packed import EMPTY, Kept, Packed, Table

_MEMORY_BYTES = 128_000_000
_BUDGET = 160_000
"""Postings that one proposal may read: the rarest terms come first and say the most. There is no
pruning to rely on, since the Python binding asks for every hit."""
_KEPT_ROWS = 8_000_000
"""Entries, of eight bytes each, of documents read lately."""


class _Proposed:
    """What was proposed for one question, with its terms counted."""

    def __init__(
        self,
        moment: Moment,
        places: Places,
        rows: Sequence[Packed],
        weighed: Sequence[Weighed],
        *,
        kinds: frozenset[str],
    ) -> None:
        self._moment = moment
        self._kinds = kinds
        self._places = places
        self._table = Table(rows, chain.from_iterable(one.terms for one in weighed))
        sounds = dict.fromkeys(one.terms[0] for one in weighed if one.field is Field.SOUND)
        self._heard = _heard(moment, list(sounds), places)

    def posting(self, field: Field, term: str) -> Posting:
        if field is Field.SOUND:
            return self._sounding(term)
        return self._table.posting(field, term, self._places)

    def _sounding(self, term: str) -> Posting:
        """A sound counts once: how often it stands is not kept with the document."""
        places = self._places[self._heard[term]] if term in self._heard else NOWHERE.places
        return Posting(places, np.ones(len(places), dtype=np.float32))

    def bearing_all(self, terms: tuple[str, ...]) -> tuple[Places, int]:
        borne = self._table.bears_all(terms)
        if borne is None or not borne.any():
            return NOWHERE.places, 0
        return self._places[borne], self._moment.bearing_all(terms, self._kinds)


def _heard(moment: Moment, sounds: Sequence[str], places: Places) -> dict[str, Mask]:
    if not sounds or not len(places):
        return {}
    borne = moment.heard(sounds, moment.columns.numbers[places].tolist())
    return dict(zip(sounds, borne, strict=True))


class TantivyWords:
    """The word index of one generation: read by many threads, written by one process at a time."""

    def __init__(self, folder: Path, *, budget: int = _BUDGET) -> None:
        self._lock = threading.RLock()
        self._budget = budget
        self._rows = Kept(_KEPT_ROWS)
        with damage_is_an_error():
            self._index = opened(folder)
            self._moment = self._latest(Columns())

    def close(self) -> None:
        """Files are let go with the last searcher."""

    def refresh(self, columns: Columns) -> None:
        with self._lock, damage_is_an_error():
            self._index.reload()
            self._moment = self._latest(columns)

    def _latest(self, columns: Columns) -> Moment:
        return Moment(self._index.schema, self._index.searcher(), columns)

    def writer(self) -> TantivyWriter:
        return TantivyWriter(self._index.writer(_MEMORY_BYTES, 1), self._index.schema)

    def frequency(self, field: Field, term: str, *, kinds: frozenset[str] = frozenset()) -> int:
        return self._moment.frequency(field, term, kinds)

    def borne(self, field: Field, terms: Sequence[str], places: Places) -> NDArray[np.bool_]:
        moment = self._moment
        if field is Field.SOUND:
            heard = _heard(moment, terms, places)
            rows = [heard[term] for term in terms if term in heard]
        else:
            table = Table(self._rows_at(moment, places, {}), terms)
            rows = [table.bears(field, term) for term in terms]
        return np.array(rows, dtype=bool).reshape(len(terms), len(places))

    def reading(self, weighed: Iterable[Weighed], scope: Scope) -> Reading:
        moment, listed = self._moment, list(weighed)
        with damage_is_an_error():
            places, addresses = places_of(moment, listed, scope, self._budget)
            rows = self._rows_at(moment, places, addresses)
            return _Proposed(moment, places, rows, listed, kinds=scope.kinds)

    def _rows_at(self, moment: Moment, places: Places, addresses: Mapping[int, DocAddress]) -> list[Packed]:
        """One row for each place; an empty one where the words have not caught up with the store."""
        numbers = moment.columns.numbers[places].tolist()
        held = self._rows.get(numbers)
        missing = [n for n in numbers if n not in held]
        unplaced = [n for n in missing if n not in addresses]
        found = moment.found(moment.among(unplaced), len(unplaced)) if unplaced else {}
        where = {n: addresses.get(n, found.get(n)) for n in missing}
        read = {n: moment.row(address) for n, address in where.items() if address is not None}
        self._rows.put(read)
        held |= read
        return [held.get(n, EMPTY) for n in numbers]


TANTIVY = WordEngine("tantivy", TantivyWords)
