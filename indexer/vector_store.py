"""The passages' vectors in the store: which text, made by which document, and what can be used again.

A text that has been encoded once is known by its hash, in this generation and in the one before, so
that a changed state or a rebuild encodes nothing that is still written the same. Comparing vectors is
`vectors.py`, their file in memory is `matrix.py`. Invariant: vectors of two encoders never meet here;
whoever asks another store for its vectors makes sure that the same encoder made them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from indexer.document import Document
from indexer.embedders import Embedder, unit
from indexer.passages import passages
from indexer.store import Store

Matrix = NDArray[np.float32]
STORED = np.float16
_LONGEST_PIECED = 4_000
_BLOCK = 8_192
_ASKED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class VectorBlock:
    """Rows of vectors in the order of their documents' numbers; whole documents only."""

    numbers: NDArray[np.int64]
    passages: NDArray[np.int32]
    matrix: Matrix


@dataclass(frozen=True, slots=True)
class PieceBlock:
    """Lists of pieces end to end; `starts` has one more entry than there are documents."""

    numbers: NDArray[np.int64]
    starts: NDArray[np.int64]
    ids: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Rows that are ready to be stored."""

    vectors: list[tuple[int, int, bytes, bytes]]
    pieces: list[tuple[int, bytes, bytes]]


Known = Callable[[Sequence[bytes]], dict[bytes, bytes]]


def hash_of(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class VectorStore:
    def __init__(self, store: Store) -> None:
        self._store = store

    def count(self, *, upto: int) -> int:
        """Vectors of living documents up to this number."""
        sql = (
            "SELECT count(*) FROM vectors JOIN documents USING (n) WHERE vectors.n <= ? "
            "AND documents.gone IS NULL"
        )
        return int(self._store.ask(sql, (upto,))[0][0])

    def blocks(self, *, after: int, upto: int) -> Iterator[VectorBlock]:
        """Some thousand rows in memory at a time."""
        for first, last in self._spans("vectors", after, upto):
            sql = "SELECT n, passage, vector FROM vectors WHERE n > ? AND n <= ? ORDER BY n, passage"
            rows = self._store.ask(sql, (first, last))
            matrix = np.frombuffer(b"".join(row[2] for row in rows), dtype=STORED).reshape(len(rows), -1)
            yield VectorBlock(
                np.array([row[0] for row in rows], dtype=np.int64),
                np.array([row[1] for row in rows], dtype=np.int32),
                matrix.astype(np.float32),
            )

    def piece_blocks(self, *, after: int, upto: int) -> Iterator[PieceBlock]:
        for first, last in self._spans("pieces", after, upto):
            sql = "SELECT n, ids FROM pieces WHERE n > ? AND n <= ? ORDER BY n"
            rows = self._store.ask(sql, (first, last))
            lengths = [len(ids) // 4 for _, ids in rows]
            yield PieceBlock(
                np.array([n for n, _ in rows], dtype=np.int64),
                np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
                np.frombuffer(b"".join(ids for _, ids in rows), dtype=np.int32),
            )

    def _spans(self, table: str, after: int, upto: int) -> Iterator[tuple[int, int]]:
        """Ranges of numbers with about a block of rows each; a document is never cut in two."""
        sql = f"SELECT n FROM {table} WHERE n > ? AND n <= ? ORDER BY n LIMIT 1 OFFSET ?"  # noqa: S608
        first = after
        while first < upto and self._store.ask(sql, (first, upto, 0)):
            found = self._store.ask(sql, (first, upto, _BLOCK - 1))
            last = int(found[0][0]) if found else upto
            yield first, last
            first = last

    def means(self, numbers: Sequence[int]) -> dict[int, Matrix]:
        """For each document what all its passages together are about, as a unit vector."""
        gathered: defaultdict[int, list[Matrix]] = defaultdict(list)
        for start in range(0, len(numbers), _ASKED_AT_ONCE):
            batch = numbers[start : start + _ASKED_AT_ONCE]
            sql = f"SELECT n, vector FROM vectors WHERE n IN ({','.join('?' * len(batch))})"  # noqa: S608
            for n, vector in self._store.ask(sql, batch):
                gathered[n].append(np.frombuffer(vector, dtype=STORED).astype(np.float32))
        return {n: unit(np.mean(vectors, axis=0)) for n, vectors in gathered.items()}

    def known_vectors(self, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        return self._known("SELECT hash, vector FROM vectors WHERE hash IN ({})", hashes)

    def known_pieces(self, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        return self._known("SELECT hash, ids FROM pieces WHERE hash IN ({})", hashes)

    def _known(self, sql: str, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for start in range(0, len(hashes), _ASKED_AT_ONCE):
            batch = hashes[start : start + _ASKED_AT_ONCE]
            found.update(self._store.ask(sql.format(",".join("?" * len(batch))), batch))
        return found

    def encoded(
        self, documents: Mapping[int, Document], embedder: Embedder, others: Sequence["VectorStore"] = ()
    ) -> Encoded:
        """What these documents need, taken from here or from the others where the text is known there."""
        known = (self, *others)
        return Encoded(
            _vector_rows(documents, embedder, [one.known_vectors for one in known]),
            _piece_rows(documents, embedder, [one.known_pieces for one in known]),
        )

    def put(self, encoded: Encoded) -> None:
        """The caller holds the transaction: a document has all of its vectors or none."""
        self._store.put("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", encoded.vectors)
        self._store.put("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?)", encoded.pieces)


def _vector_rows(
    documents: Mapping[int, Document], embedder: Embedder, known: Sequence[Known]
) -> list[tuple[int, int, bytes, bytes]]:
    cut = [
        (n, row, passage.text, hash_of(passage.text))
        for n in sorted(documents)
        for row, passage in enumerate(passages(documents[n]))
    ]
    held = _held(known, [hash_ for *_, hash_ in cut])
    missing = {hash_: text for *_, text, hash_ in cut if hash_ not in held}
    if missing:
        fresh = embedder.encode(list(missing.values())).astype(STORED)
        held |= {hash_: vector.tobytes() for hash_, vector in zip(missing, fresh, strict=True)}
    return [(n, row, hash_, held[hash_]) for n, row, _, hash_ in cut]


def _piece_rows(
    documents: Mapping[int, Document], embedder: Embedder, known: Sequence[Known]
) -> list[tuple[int, bytes, bytes]]:
    texts = {n: _pieced(document) for n, document in documents.items()}
    hashes = {n: hash_of(text) for n, text in texts.items()}
    held = _held(known, list(hashes.values()))
    for n, text in texts.items():
        if hashes[n] not in held:
            ids = embedder.piece_ids(text)
            if ids is None:
                return []
            held[hashes[n]] = ids.astype(np.int32).tobytes()
    return [(n, hashes[n], held[hashes[n]]) for n in texts]


def _pieced(document: Document) -> str:
    return "\n".join((document.title, *document.also, document.body))[:_LONGEST_PIECED]


def _held(known: Sequence[Known], hashes: Sequence[bytes]) -> dict[bytes, bytes]:
    """Asked one after another, each for what those before did not know."""
    held: dict[bytes, bytes] = {}
    for ask in known:
        if missing := [hash_ for hash_ in dict.fromkeys(hashes) if hash_ not in held]:
            held |= ask(missing)
    return held
