"""Meaning as numbers: the passages' vectors of one generation, compared exactly.

The source of truth is the store; the matrix is a reading of it. Exact comparison is faster
than any approximate index up to some 200,000 documents, and it never loses a hit to a filter.
Invariant: a vector stands for one passage of one living or dead place, never for a document
whose text has changed since.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from indexer.columns import Columns, Mask, Places
from indexer.document import Document
from indexer.embedders import Embedder
from indexer.passages import passages
from indexer.store import Store

Matrix = NDArray[np.float32]
_STORED = np.float16


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each place its best cosine and which passage had it."""

    cosines: NDArray[np.float32]
    passages: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Vectors:
    matrix: Matrix = field(default_factory=lambda: np.zeros((0, 0), dtype=np.float32))
    places: Places = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    passages: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    last: int = 0

    def __len__(self) -> int:
        return len(self.places)

    def grown(self, store: Store, columns: Columns) -> "Vectors":
        rows = store.vectors(after=self.last)
        if not rows:
            return self
        numbers = np.array([n for n, *_ in rows], dtype=np.int64)
        places = columns.place_of_numbers(numbers)
        known = places >= 0
        fresh = np.stack([np.frombuffer(row[2], dtype=_STORED) for row in rows]).astype(np.float32)[known]
        return Vectors(
            np.concatenate([self.matrix, fresh]) if len(self) else fresh,
            np.concatenate([self.places, places[known]]),
            np.concatenate([self.passages, np.array([row[1] for row in rows], dtype=np.int32)[known]]),
            int(numbers[-1]),
        )

    def nearest(self, query: Matrix, mask: Mask) -> Nearest:
        """The best passage of every place the mask allows; -1 where there is none."""
        cosines = np.full(len(mask), -1.0, dtype=np.float32)
        best = np.zeros(len(mask), dtype=np.int32)
        rows = np.flatnonzero(mask[self.places])
        if not len(rows):
            return Nearest(cosines, best)
        matrix = self.matrix if len(rows) == len(self) else self.matrix[rows]
        scores = matrix @ query
        order = np.argsort(scores, kind="stable")
        cosines[self.places[rows[order]]] = scores[order]
        best[self.places[rows[order]]] = self.passages[rows[order]]
        return Nearest(cosines, best)


def encoded(
    documents: Mapping[int, Document], embedder: Embedder
) -> Iterator[tuple[int, int, bytes, bytes | None]]:
    """A row for each passage, in the order of the documents' numbers."""
    cut = [
        (n, place, passage.text)
        for n in sorted(documents)
        for place, passage in enumerate(passages(documents[n]))
    ]
    matrix = embedder.encode([text for *_, text in cut]).astype(_STORED)
    for (n, place, _), vector in zip(cut, matrix, strict=True):
        yield n, place, vector.tobytes(), None
