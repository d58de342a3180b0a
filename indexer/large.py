"""The word index for large desks: tantivy keeps the postings, and nobody else imports it.

It is given our own terms, already cut, and never a word of a query language. tantivy proposes the
documents worth a look, by terms whose postings together stay within a budget; each document brings
its own counts with it (`packed.py`), so that the proposed ones are scored by the same formula as
everywhere. Invariant: only proposed places inside the mask are read, and where fewer documents may
be seen than would be proposed, all of them are.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain, repeat
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from tantivy import (
    DocAddress,
    Document,
    Index,
    IndexWriter,
    Occur,
    Query,
    Schema,
    SchemaBuilder,
    Searcher,
    TextAnalyzerBuilder,
    Tokenizer,
)

from indexer.columns import Columns, Mask, Places
from indexer.engines import NOWHERE, Counts, Field, Posting, Reading, Scope, Weighed, WordEngine
from indexer.packed import EMPTY, Kept, Packed, Table, packed, unpacked
from indexer.scoring import rarity

_TOKENIZER = "whitespace"
_MEMORY_BYTES = 128_000_000
_BUDGET = 160_000
"""Postings that one proposal may read: the rarest terms come first and say the most. There is no
pruning to rely on, since the Python binding asks for every hit."""
_FEWEST = 3
"""Terms that propose in any case."""
_WIDER = 8
_KEPT_ROWS = 8_000_000
"""Entries, of eight bytes each, of documents read lately."""
_MOST_REMEMBERED = 20_000
_MOST_SOUNDS = 20
"""What one score can tell apart; a question with more mistyped pairs is no question."""

_K = TypeVar("_K")


def _schema() -> Schema:
    builder = SchemaBuilder()
    builder.add_unsigned_field("n", indexed=True, fast=True)
    for field in Field:
        builder.add_text_field(field, tokenizer_name=_TOKENIZER, index_option="freq")
    builder.add_text_field("marks", tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("packed", stored=True)
    return builder.build()


@contextmanager
def _damage_is_an_error() -> Iterator[None]:
    """Rust panics over broken files with what no `except Exception` catches."""
    try:
        yield
    except BaseException as fault:
        if type(fault).__name__ == "PanicException":
            raise OSError(str(fault)) from fault
        raise


@contextmanager
def _no_room_is_an_os_error() -> Iterator[None]:
    """tantivy's own threads write, and what stopped them comes as a mere ValueError."""
    with _damage_is_an_error():
        try:
            yield
        except ValueError as fault:
            raise OSError(f"the word index can't be written: {fault}") from fault


def _opened(folder: Path) -> Index:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    if any(folder.iterdir()) and not Index.exists(str(folder)):
        raise OSError(f"词索引目录 {folder.name} 里有文件却没有目录表")
    index = Index(_schema(), path=str(folder))
    index.register_tokenizer(_TOKENIZER, TextAnalyzerBuilder(Tokenizer.whitespace()).build())
    index.config_reader("manual")
    return index


def _spelled(term: str) -> str:
    """Half a surrogate pair is no text to Rust."""
    return term.encode("utf-8", "replace").decode("utf-8")


class _Moment:
    """One commit as a search sees it."""

    def __init__(self, schema: Schema, searcher: Searcher, columns: Columns) -> None:
        self.schema = schema
        self.searcher = searcher
        self.columns = columns
        self._frequencies: dict[tuple[Field, str, frozenset[str]], int] = {}
        self._bearing: dict[tuple[tuple[str, ...], frozenset[str]], int] = {}

    def term(self, field: str, term: str) -> Query:
        return Query.term_query(self.schema, field, _spelled(term), "basic" if field == "marks" else "freq")

    def frequency(self, field: Field, term: str, kinds: frozenset[str] = frozenset()) -> int:
        if (found := self._frequencies.get((field, term, kinds))) is None:
            found = self.searcher.doc_freq(field, _spelled(term))
            if found and kinds:
                found = self._count([self.term(field, term)], kinds)
            _remember(self._frequencies, (field, term, kinds), found)
        return found

    def bearing_all(self, terms: tuple[str, ...], kinds: frozenset[str]) -> int:
        if len(terms) == 1:
            return self.frequency(Field.WORDS, terms[0], kinds)
        if (found := self._bearing.get((terms, kinds))) is None:
            found = self._count([self.term(Field.WORDS, term) for term in terms], kinds)
            _remember(self._bearing, (terms, kinds), found)
        return found

    def _count(self, terms: Sequence[Query], kinds: frozenset[str]) -> int:
        """Documents of these kinds (of any, if none is named) that bear all the terms."""
        marked = [_any([self.term("marks", f"k:{kind}") for kind in sorted(kinds)])] if kinds else []
        return int(self.searcher.search(_all([*terms, *marked]), 1).count)  # type: ignore[attr-defined]

    def found(self, query: Query, most: int) -> dict[int, DocAddress]:
        """The best documents by number, in tantivy's order."""
        addresses = [address for _, address in self.searcher.search(query, most, count=False).hits]
        numbers = self.searcher.fast_field_values("n", addresses)
        return {int(n): address for n, address in zip(numbers, addresses, strict=True) if n is not None}

    def among(self, numbers: Sequence[int]) -> Query:
        """One term each: a set of terms is built anew for every search and costs twice as much."""
        return _any([Query.term_query(self.schema, "n", n) for n in numbers])

    def heard(self, terms: Sequence[str], numbers: Sequence[int]) -> NDArray[np.bool_]:
        """Which of the sounds stand in which of these documents: terms × documents, in one search.

        Each sound scores a power of two of its own, so that the sum tells them apart.
        """
        sounds = [
            (Occur.Should, Query.const_score_query(self.term(Field.SOUND, term), float(1 << bit)))
            for bit, term in enumerate(terms[:_MOST_SOUNDS])
        ]
        chosen = (Occur.Must, Query.const_score_query(self.among(numbers), 0.0))
        hits = self.searcher.search(Query.boolean_query([chosen, *sounds]), len(numbers), count=False).hits
        found = self.searcher.fast_field_values("n", [address for _, address in hits])
        bits = {n: int(score) for n, (score, _) in zip(found, hits, strict=True)}
        told = np.array([bits.get(n, 0) for n in numbers], dtype=np.int64)
        return np.array([told >> min(bit, _MOST_SOUNDS) & 1 for bit in range(len(terms))], dtype=bool)

    def row(self, address: DocAddress) -> Packed:
        content = self.searcher.doc(address).get_first("packed")
        return unpacked(content) if isinstance(content, bytes) else EMPTY


def _remember(remembered: dict[_K, int], key: _K, value: int) -> None:
    if len(remembered) >= _MOST_REMEMBERED:
        remembered.clear()
    remembered[key] = value


def _all(queries: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _any(queries: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Should, query) for query in queries])


class _Proposed:
    """What was proposed for one question, with its terms counted."""

    def __init__(
        self,
        moment: _Moment,
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


def _heard(moment: _Moment, sounds: Sequence[str], places: Places) -> dict[str, Mask]:
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
        with _damage_is_an_error():
            self._index = _opened(folder)
            self._moment = self._latest(Columns())

    def close(self) -> None:
        """Files are let go with the last searcher."""

    def refresh(self, columns: Columns) -> None:
        with self._lock, _damage_is_an_error():
            self._index.reload()
            self._moment = self._latest(columns)

    def _latest(self, columns: Columns) -> _Moment:
        return _Moment(self._index.schema, self._index.searcher(), columns)

    def writer(self) -> "TantivyWriter":
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
        with _damage_is_an_error():
            places, addresses = _places(moment, listed, scope, self._budget)
            rows = self._rows_at(moment, places, addresses)
            return _Proposed(moment, places, rows, listed, kinds=scope.kinds)

    def _rows_at(self, moment: _Moment, places: Places, addresses: Mapping[int, DocAddress]) -> list[Packed]:
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


def _places(
    moment: _Moment, weighed: Sequence[Weighed], scope: Scope, budget: int
) -> tuple[Places, Mapping[int, DocAddress]]:
    allowed = np.flatnonzero(scope.mask)
    if len(allowed) <= scope.most:
        return allowed, {}
    # Where most may be seen, looking past a few hidden ones is cheaper than asking for the marks.
    marks = scope.marks if 2 * len(allowed) < len(scope.mask) else ()
    proposed, addresses = _proposed(moment, weighed, replace(scope, marks=marks), budget)
    return np.unique(np.concatenate([proposed, scope.also[scope.mask[scope.also]]])), addresses


def _proposed(
    moment: _Moment, weighed: Sequence[Weighed], scope: Scope, budget: int
) -> tuple[Places, Mapping[int, DocAddress]]:
    """Marks may let through what the mask does not: then more are asked for."""
    affordable = list(_affordable(moment, weighed, budget))
    if not affordable:
        return NOWHERE.places, {}
    marks = [_any([moment.term("marks", mark) for mark in sorted(one)]) for one in scope.marks]
    query = _all([*(Query.const_score_query(one, 0.0) for one in marks), _any(affordable)])
    most = scope.most
    while True:
        addresses = moment.found(query, most)
        places = moment.columns.place_of_numbers(np.array(list(addresses), dtype=np.int64))
        places = places[(places >= 0) & (places < len(scope.mask))]
        places = places[scope.mask[places]]
        if len(places) * 2 >= scope.most or len(addresses) < most:
            return places[: scope.most], addresses
        most *= _WIDER


def _affordable(moment: _Moment, weighed: Sequence[Weighed], budget: int) -> Iterator[Query]:
    """The rarest first, as long as their postings stay within the budget."""
    costed = ((min(moment.frequency(one.field, term) for term in one.terms), one) for one in weighed)
    spent = 0
    for number, (cost, one) in enumerate(sorted((pair for pair in costed if pair[0]), key=itemgetter(0))):
        spent += cost
        if spent > budget and number >= _FEWEST:
            return
        yield _weighed_query(moment, one, cost)


def _weighed_query(moment: _Moment, weighed: Weighed, bearers: int) -> Query:
    if len(weighed.terms) > 1:
        together = _all([moment.term(weighed.field, term) for term in weighed.terms])
        return Query.boost_query(Query.const_score_query(together, 1.0), weighed.weight)
    # tantivy multiplies by the rarity itself.
    own = rarity(moment.searcher.num_docs, bearers)
    return Query.boost_query(moment.term(weighed.field, weighed.terms[0]), weighed.weight / own)


class TantivyWriter:
    """Everything between two commits; its lock is let go by either end."""

    def __init__(self, writer: IndexWriter, schema: Schema) -> None:
        self._writer = writer
        self._schema = schema

    def add(self, n: int, counts: Counts) -> None:
        document = Document()
        document.add_unsigned("n", n)
        repeated = chain.from_iterable(repeat(term, count) for term, count in counts.words.items())
        document.add_text(Field.WORDS, _spelled(" ".join(repeated)))
        document.add_text(Field.TITLE, _spelled(" ".join(counts.title)))
        document.add_text(Field.SOUND, _spelled(" ".join(counts.sound)))
        for mark in counts.marks:
            document.add_text("marks", _spelled(mark))
        document.add_bytes("packed", packed(counts))
        with _no_room_is_an_os_error():
            self._writer.add_document(document)

    def remove(self, n: int) -> None:
        # By a query: `delete_documents_by_term` of 0.27 finds no unsigned number and says nothing.
        self._writer.delete_documents_by_query(Query.term_query(self._schema, "n", n))

    def commit(self) -> None:
        with _no_room_is_an_os_error():
            self._writer.commit()
            self._writer.wait_merging_threads()

    def cancel(self) -> None:
        """A writer whose thread died of a full disk has nothing left to roll back."""
        with suppress(ValueError):
            self._writer.rollback()
        with suppress(ValueError):
            self._writer.wait_merging_threads()


TANTIVY = WordEngine("tantivy", TantivyWords)
