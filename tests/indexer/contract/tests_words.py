"""The engines that the contract holds; among them the reference, with no cache and nothing proposed."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.choice import engine_named
from indexer.columns import Columns, Places
from indexer.engines import Counts, Field, Posting, Scope, Weighed, WordEngine
from indexer.recipe import write_beside


class ReferenceWords:
    """Every document's counts in one file, read whole."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._path = folder / "counts.json"
        if not self._path.is_file():
            write_beside(self._path, "{}")
        self._columns = Columns()
        self._standing: dict[tuple[str, str], list[tuple[int, int]]] = {}
        self.refresh(self._columns)

    def close(self) -> None:
        pass

    def held(self) -> dict[str, dict[str, dict[str, int]]]:
        found: dict[str, dict[str, dict[str, int]]] = json.loads(self._path.read_text(encoding="utf-8"))
        return found

    def refresh(self, columns: Columns) -> None:
        self._columns = columns
        self._standing = defaultdict(list)
        for n, fields in sorted((int(n), fields) for n, fields in self.held().items()):
            for field, counts in fields.items():
                for term, count in counts.items():
                    self._standing[field, term].append((n, count))

    def writer(self) -> "ReferenceWriter":
        return ReferenceWriter(self._path, self.held())

    def posting(self, field: Field, term: str) -> Posting:
        standing = self._standing.get((field, term), [])
        places = self._columns.place_of_numbers(np.array([n for n, _ in standing], dtype=np.int64))
        counts = np.array([count for _, count in standing], dtype=np.float32)
        return Posting(places[places >= 0], counts[places >= 0])

    def frequency(self, field: Field, term: str, *, kinds: frozenset[str] = frozenset()) -> int:
        return self.bearers(self.posting(field, term).places, kinds)

    def bearers(self, places: Places, kinds: frozenset[str]) -> int:
        shelf = self._columns.live & self._columns.kinds.among(kinds)
        return int(shelf[places].sum()) if kinds else len(places)

    def borne(self, field: Field, terms: Sequence[str], places: Places) -> NDArray[np.bool_]:
        rows = [np.isin(places, self.posting(field, term).places) for term in terms]
        return np.array(rows, dtype=bool).reshape(len(terms), len(places))

    def reading(self, weighed: Iterable[Weighed], scope: Scope) -> "ReferenceReading":
        return ReferenceReading(self, len(scope.mask), scope.kinds)


class ReferenceReading:
    def __init__(self, words: ReferenceWords, size: int, kinds: frozenset[str]) -> None:
        self._words = words
        self._size = size
        self._kinds = kinds

    def posting(self, field: Field, term: str) -> Posting:
        return self._words.posting(field, term).until(self._size)

    def bearing_all(self, terms: tuple[str, ...]) -> tuple[Places, int]:
        sets = [set(self._words.posting(Field.WORDS, term).places.tolist()) for term in terms]
        places = np.array(sorted(set.intersection(*sets)) if sets else [], dtype=np.int64)
        return places[places < self._size], self._words.bearers(places, self._kinds)


class ReferenceWriter:
    def __init__(self, path: Path, held: dict[str, dict[str, dict[str, int]]]) -> None:
        self._path = path
        self._held = held

    def add(self, n: int, counts: Counts) -> None:
        self._held[str(n)] = {
            Field.WORDS: dict(counts.words),
            Field.TITLE: dict(counts.title),
            Field.SOUND: dict(counts.sound),
        }

    def remove(self, n: int) -> None:
        self._held.pop(str(n), None)

    def commit(self) -> None:
        write_beside(self._path, json.dumps(self._held))

    def cancel(self) -> None:
        pass


REFERENCE = WordEngine("reference", ReferenceWords)
ENGINES = {"whoosh": engine_named("whoosh"), "tantivy": engine_named("tantivy"), "reference": REFERENCE}
