"""Meaning as numbers: the passages' vectors of one generation, compared exactly.

The source of truth is the store (`vector_store.py`); most of it is read through a mapped file
(`matrix.py`), the rest grows in memory. Exact comparison is faster than any approximate index up to
some 200,000 documents, and it never loses a hit to a filter. Invariant: a vector stands for one
passage of one living or dead place, never for a document whose text has changed since.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer import matrix
from indexer.coarse import Coarse, coarse, short_list
from indexer.columns import Columns, Mask, Places
from indexer.likeness import likeness
from indexer.vector_store import Matrix, PieceBlock, VectorBlock, VectorStore

_SMALL = 4_096
_MOST_PICKED = 0.25
"""Comparing all of a chunk is quicker than copying more than this share of it."""


def _no_ids() -> NDArray[np.int32]:
    return np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Nearest:
    """For each place its best cosine and which passage had it."""

    cosines: NDArray[np.float32]
    passages: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Bearers:
    """Of the documents of one kind."""

    documents: int
    by_piece: NDArray[np.int32]
    """How many of them have a piece, by the piece's id."""

    def with_more(self, documents: int, ids: NDArray[np.int32]) -> Bearers:
        counts = np.bincount(ids, minlength=len(self.by_piece)).astype(np.int32)
        counts[: len(self.by_piece)] += self.by_piece
        return Bearers(self.documents + documents, counts)


NO_BEARERS = Bearers(0, _no_ids())


@dataclass(frozen=True, slots=True)
class PieceLists:
    """Which pieces each document is made of."""

    blocks: tuple[PieceBlock, ...] = ()
    numbers: Places = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """The number of the document at each place."""
    bearers: Mapping[str, Bearers] = field(default_factory=dict)
    """By kind: how many documents there are, and how many of them have a piece."""

    def __len__(self) -> int:
        return sum(len(block.numbers) for block in self.blocks)

    def grown(self, fresh: Iterable[PieceBlock], columns: Columns, *, mapped: int = 0) -> PieceLists:
        """The first `mapped` blocks lie in a file and stay as they are."""
        blocks, bearers = self.blocks, dict(self.bearers)
        for block in fresh:
            bearers |= _counted(bearers, block, columns)
            small = len(blocks) > mapped and len(blocks[-1].numbers) < _SMALL
            blocks = (*blocks[:-1], _joined_pieces(blocks[-1], block)) if small else (*blocks, block)
        return PieceLists(blocks, columns.numbers, bearers)

    def borne(self, ids: NDArray[np.int32], kinds: Collection[str]) -> tuple[int, NDArray[np.int64]]:
        """How many documents of these kinds there are (of all, if none is named), and by how many of them
        each piece is borne."""
        counted = [self.bearers[kind] for kind in kinds or self.bearers if kind in self.bearers]
        total = np.zeros(len(ids), dtype=np.int64)
        for one in counted:
            here = ids < len(one.by_piece)
            total[here] += one.by_piece[ids[here]]
        return sum(one.documents for one in counted), total

    def of(self, place: int) -> NDArray[np.int32]:
        number = int(self.numbers[place]) if place < len(self.numbers) else -1
        found = bisect_right(self.blocks, number, key=lambda block: int(block.numbers[0])) - 1
        if found < 0:
            return _no_ids()
        block = self.blocks[found]
        row = int(np.searchsorted(block.numbers, number))
        if row >= len(block.numbers) or block.numbers[row] != number:
            return _no_ids()
        return block.ids[int(block.starts[row]) : int(block.starts[row + 1])]


def _joined_pieces(one: PieceBlock, other: PieceBlock) -> PieceBlock:
    return PieceBlock(
        np.concatenate([one.numbers, other.numbers]),
        np.concatenate([one.starts, other.starts[1:] + one.starts[-1]]),
        np.concatenate([one.ids, other.ids]),
    )


def _counted(before: Mapping[str, Bearers], block: PieceBlock, columns: Columns) -> dict[str, Bearers]:
    """The counts of the block's kinds with this block; who is gone was never of any kind."""
    places = columns.place_of_numbers(block.numbers)
    kinds = np.full(len(places), -1, dtype=np.int32)
    kinds[places >= 0] = columns.kinds.numbers[places[places >= 0]]  # of an emptied desk there are none
    lengths = np.diff(block.starts)
    return {
        kind: before.get(kind, NO_BEARERS).with_more(
            int(np.count_nonzero(kinds == number)), block.ids[np.repeat(kinds == number, lengths)]
        )
        for number in np.unique(kinds[kinds >= 0])
        for kind in (str(columns.kinds.values[number]),)
    }


@dataclass(frozen=True, slots=True)
class Chunk:
    matrix: Matrix
    places: Places
    """-1 for a vector whose document had died before anybody here heard of it."""
    passages: NDArray[np.int32]
    coarse: Coarse | None = None

    def joined(self, other: Chunk) -> Chunk:
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
    file: str | None = None
    """The mapped file that the first chunk is, if any."""
    refused: str | None = None
    """A file that did not fit; nobody looks at it again."""

    def __len__(self) -> int:
        return sum(len(chunk.places) for chunk in self.chunks)

    def grown(self, folder: Path, rows: VectorStore, columns: Columns, *, encoder: str) -> Vectors:
        """With what was written since; from a newer file where there is one."""
        start = self._from_file(folder, rows, columns, encoder=encoder)
        # Only what the columns know already: a vector that is read too early would find no place.
        blocks = list(rows.blocks(after=start.last, upto=columns.last))
        if not blocks:
            return start
        chunks, mapped = start.chunks, int(start.file is not None)
        for block in blocks:
            fresh = _chunk(block, columns)
            small = len(chunks) > mapped and len(chunks[-1].places) < _SMALL
            chunks = (*chunks[:-1], chunks[-1].joined(fresh)) if small else (*chunks, fresh)
        last = int(blocks[-1].numbers[-1])
        fresh_pieces = rows.piece_blocks(after=start.last, upto=last)
        pieces = start.pieces.grown(fresh_pieces, columns, mapped=mapped)
        return replace(start, chunks=chunks, pieces=pieces, last=last)

    def _from_file(self, folder: Path, rows: VectorStore, columns: Columns, *, encoder: str) -> Vectors:
        name = matrix.newest(folder)
        if name is None or name in (self.file, self.refused):
            return self
        found = matrix.mapped(folder, name, encoder=encoder, rows=rows, columns=columns)
        if found is None:
            return replace(self, refused=name)
        pieces = PieceLists().grown([found.pieces], columns) if len(found.pieces.numbers) else None
        chunk = _chunk(found.vectors, columns)
        return Vectors((chunk,), pieces or PieceLists(), found.last, found.name)

    def nearest(self, questions: Matrix, mask: Mask, *, sentence: float) -> Nearest:
        """The best passage of every place the mask allows; -1 where there is none.

        The first question is the whole; the others are its sentences, the best of which counts.
        """
        found = Nearest(np.full(len(mask), -1.0, dtype=np.float32), np.zeros(len(mask), dtype=np.int32))
        # The place -1 looks into the last entry.
        allowed = np.append(mask, False)
        for chunk in self.chunks:
            _compare(chunk, questions, allowed, sentence, found)
        return found

    def closeness(self, questions: Matrix, places: Places) -> NDArray[np.float32]:
        """For each of the places four cosines: of its best passage with the whole question and with its
        best sentence, and of its title and of its best other passage with the whole."""
        found = np.full((len(places), 4), -1.0, dtype=np.float32)
        order = np.argsort(places, kind="stable")
        for chunk in self.chunks:
            rows = np.flatnonzero(np.isin(chunk.places, places))
            if len(rows):
                which = order[np.searchsorted(places, chunk.places[rows], sorter=order)]
                _closer(found, which, chunk.matrix[rows] @ questions.T, chunk.passages[rows] == 0)
        found[:, 3] = np.where(found[:, 3] < -0.5, found[:, 0], found[:, 3])
        return found


def _closer(
    found: NDArray[np.float32], which: Places, cosines: NDArray[np.float32], is_title: NDArray[np.bool_]
) -> None:
    whole = cosines[:, 0]
    sentence = cosines[:, 1:].max(axis=1) if cosines.shape[1] > 1 else whole
    np.maximum.at(found[:, 0], which, whole)
    np.maximum.at(found[:, 1], which, sentence)
    np.maximum.at(found[:, 2], which[is_title], whole[is_title])
    np.maximum.at(found[:, 3], which[~is_title], whole[~is_title])


def _compare(chunk: Chunk, questions: Matrix, allowed: Mask, sentence: float, found: Nearest) -> None:
    rows = np.flatnonzero(allowed[chunk.places])
    if not len(rows):
        return
    scores = _scores_of(chunk, rows, questions, sentence)
    # A document's passages stand together.
    places = chunk.places[rows]
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    best = np.maximum.reduceat(scores, starts)
    is_best = scores == np.repeat(best, np.diff(starts, append=len(places)))
    found.cosines[places[starts]] = best
    found.passages[places[is_best]] = chunk.passages[rows[is_best]]


def _scores_of(chunk: Chunk, rows: Places, questions: Matrix, sentence: float) -> NDArray[np.float32]:
    """Exact for the rows that may be near; for the others of very many, nearly so."""
    if len(rows) <= _MOST_PICKED * len(chunk.places):
        return likeness(chunk.matrix[rows], questions, sentence=sentence)
    if chunk.coarse is None:
        return likeness(chunk.matrix, questions, sentence=sentence)[rows]
    scores = chunk.coarse.likeness(questions, sentence=sentence)
    near = short_list(scores, rows)
    scores[near] = likeness(chunk.matrix[near], questions, sentence=sentence)
    return scores[rows]


def _chunk(block: VectorBlock, columns: Columns) -> Chunk:
    places = columns.place_of_numbers(block.numbers)
    return Chunk(block.matrix, places, block.passages, coarse(block.matrix))
