"""One commit of tantivy's as a search sees it: how many documents bear a term, which ones, their rows.

Which terms are worth asking for is `proposing.py`'s. Invariant: what is remembered here belongs to this
commit; the next one is another moment.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from tantivy import DocAddress, Occur, Query, Schema, Searcher

from indexer.columns import Columns
from indexer.engines import Field
from indexer.large.files import spelled
from indexer.packed import EMPTY, Packed, unpacked

_MOST_REMEMBERED = 20_000
_MOST_SOUNDS = 20
"""What one score can tell apart; a question with more mistyped pairs is no question."""

_K = TypeVar("_K")


class Moment:
    """One commit as a search sees it."""

    def __init__(self, schema: Schema, searcher: Searcher, columns: Columns) -> None:
        self.schema = schema
        self.searcher = searcher
        self.columns = columns
        self._frequencies: dict[tuple[Field, str, frozenset[str]], int] = {}
        self._bearing: dict[tuple[tuple[str, ...], frozenset[str]], int] = {}

    def term(self, field: str, term: str) -> Query:
        return Query.term_query(self.schema, field, spelled(term), "basic" if field == "marks" else "freq")

    def frequency(self, field: Field, term: str, kinds: frozenset[str] = frozenset()) -> int:
        if (found := self._frequencies.get((field, term, kinds))) is None:
            found = self.searcher.doc_freq(field, spelled(term))
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
        marked = [any_of([self.term("marks", f"k:{kind}") for kind in sorted(kinds)])] if kinds else []
        return int(self.searcher.search(all_of([*terms, *marked]), 1).count)  # type: ignore[attr-defined]

    def found(self, query: Query, most: int) -> dict[int, DocAddress]:
        """The best documents by number, in tantivy's order."""
        addresses = [address for _, address in self.searcher.search(query, most, count=False).hits]
        numbers = self.searcher.fast_field_values("n", addresses)
        return {int(n): address for n, address in zip(numbers, addresses, strict=True) if n is not None}

    def among(self, numbers: Sequence[int]) -> Query:
        """One term each: a set of terms is built anew for every search and costs twice as much."""
        return any_of([Query.term_query(self.schema, "n", n) for n in numbers])

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


def all_of(queries: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def any_of(queries: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Should, query) for query in queries])
