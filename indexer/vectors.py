"""Meaning as numbers: the passages' vectors of one generation, compared exactly.

The source of truth is the store; the matrix is a reading of it. Exact comparison is faster
than any approximate index up to some 200,000 documents, and it never loses a hit to a filter.
Invariant: a vector stands for one passage of one living or dead place, never for a document
whose text has changed since.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from indexer.columns import Columns, Mask, Places
from indexer.document import Document
from indexer.embedders import Embedder
from indexer.passages import passages
from indexer.store import Store

Matrix = NDArray[np.float32]
VectorRow = tuple[int, int, bytes, bytes | None]
_STORED = np.float16
_LONGEST_PIECED = 4_000
_SMALL = 4_096


def _no_places() -> Places:
    return np.zeros(0, dtype=np.int64)


def _no_ids() -> NDArray[np.int32]:
    return np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each place its best cosine and which passage had it."""

    cosines: NDArray[np.float32]
    passages: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class PieceLists:
    """Which pieces each document is made of, end to end, with where each list starts."""

    ids: NDArray[np.int32] = field(default_factory=_no_ids)
    places: Places = field(default_factory=_no_places)
    starts: Places = field(default_factory=_no_places)
    bearers: NDArray[np.int32] = field(default_factory=_no_ids)
    """How many documents have a piece, by the piece's id."""

    def grown(self, lists: Sequence[tuple[int, NDArray[np.int32]]]) -> "PieceLists":
        if not lists:
            return self
        ids = np.concatenate([self.ids, *(found for _, found in lists)])
        lengths = np.array([len(found) for _, found in lists], dtype=np.int64)
        starts = len(self.ids) + np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
        places = np.array([place for place, _ in lists], dtype=np.int64)
        return PieceLists(
            ids,
            np.concatenate([self.places, places]),
            np.concatenate([self.starts, starts]),
            _counted(self.bearers, np.concatenate([found for _, found in lists])),
        )

    def of(self, place: int) -> NDArray[np.int32]:
        rows = np.flatnonzero(self.places == place)
        if not len(rows):
            return _no_ids()
        row = int(rows[-1])
        end = int(self.starts[row + 1]) if row + 1 < len(self.starts) else len(self.ids)
        return self.ids[int(self.starts[row]) : end]


def _counted(before: NDArray[np.int32], ids: NDArray[np.int32]) -> NDArray[np.int32]:
    counts = np.bincount(ids, minlength=len(before)).astype(np.int32)
    counts[: len(before)] += before
    return counts


@dataclass(frozen=True, slots=True)
class Chunk:
    matrix: Matrix
    places: Places
    passages: NDArray[np.int32]

    def joined(self, other: "Chunk") -> "Chunk":
        return Chunk(
            np.concatenate([self.matrix, other.matrix]),
            np.concatenate([self.places, other.places]),
            np.concatenate([self.passages, other.passages]),
        )


@dataclass(frozen=True, slots=True)
class Vectors:
    """Chunks, so that one more document copies a few thousand rows and not all of them."""

    chunks: tuple[Chunk, ...] = ()
    pieces: PieceLists = field(default_factory=PieceLists)
    last: int = 0

    def __len__(self) -> int:
        return sum(len(chunk.places) for chunk in self.chunks)

    def grown(self, store: Store, columns: Columns) -> "Vectors":
        rows = store.vectors(after=self.last)
        if not rows:
            return self
        places = columns.place_of_numbers(np.array([n for n, *_ in rows], dtype=np.int64))
        lists = self.pieces.grown(_piece_lists(rows, places))
        return Vectors(self._with(_chunk(rows, places)), lists, rows[-1][0])

    def _with(self, fresh: Chunk) -> tuple[Chunk, ...]:
        if self.chunks and len(self.chunks[-1].places) < _SMALL:
            return (*self.chunks[:-1], self.chunks[-1].joined(fresh))
        return (*self.chunks, fresh)

    def nearest(self, questions: Matrix, mask: Mask, *, sentence: float) -> Nearest:
        """The best passage of every place the mask allows; -1 where there is none.

        The first question is the whole; the others are its sentences, the best of which counts.
        """
        found = Nearest(np.full(len(mask), -1.0, dtype=np.float32), np.zeros(len(mask), dtype=np.int32))
        for chunk in self.chunks:
            _compare(chunk, questions, mask, sentence, found)
        return found


def _compare(chunk: Chunk, questions: Matrix, mask: Mask, sentence: float, found: Nearest) -> None:
    rows = np.flatnonzero(mask[chunk.places])
    if not len(rows):
        return
    matrix = chunk.matrix if len(rows) == len(chunk.places) else chunk.matrix[rows]
    scores = matrix @ questions[0]
    if len(questions) > 1:
        scores = (1.0 - sentence) * scores + sentence * (matrix @ questions[1:].T).max(axis=1)
    rows, scores = rows[order := np.argsort(scores, kind="stable")], scores[order]
    better = scores > found.cosines[chunk.places[rows]]
    rows, scores = rows[better], scores[better]
    found.cosines[chunk.places[rows]] = scores
    found.passages[chunk.places[rows]] = chunk.passages[rows]


def _chunk(rows: Sequence[VectorRow], places: Places) -> Chunk:
    known = places >= 0
    matrix = np.frombuffer(b"".join(row[2] for row in rows), dtype=_STORED).reshape(len(rows), -1)
    numbers = np.array([row[1] for row in rows], dtype=np.int32)
    return Chunk(matrix[known].astype(np.float32), places[known], numbers[known])


def _piece_lists(rows: Sequence[VectorRow], places: Places) -> list[tuple[int, NDArray[np.int32]]]:
    return [
        (int(place), np.frombuffer(row[3], dtype=np.int32))
        for row, place in zip(rows, places, strict=True)
        if row[3] and place >= 0
    ]


def _pieces_of(document: Document, embedder: Embedder) -> bytes | None:
    text = "\n".join((document.title, *document.also, document.body))[:_LONGEST_PIECED]
    ids = embedder.piece_ids(text)
    return None if ids is None else ids.tobytes()


def encoded(documents: Mapping[int, Document], embedder: Embedder) -> Iterator[VectorRow]:
    """A row for each passage, in the order of the documents' numbers; the first bears the pieces."""
    cut = [
        (n, row, passage.text)
        for n in sorted(documents)
        for row, passage in enumerate(passages(documents[n]))
    ]
    matrix = embedder.encode([text for *_, text in cut]).astype(_STORED)
    for (n, row, _), vector in zip(cut, matrix, strict=True):
        yield n, row, vector.tobytes(), _pieces_of(documents[n], embedder) if row == 0 else None
