"""The index's own record of its documents: one SQLite file per generation.

It is a cache of the desk's database, kept so that words and vectors can be healed without
asking anybody. Ranking and files of words and vectors are not here.
Invariant: a row is never changed. A new version of a document is a new, higher number and
the old row is marked gone, in one transaction; so a number read once stays true.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.characters import fold
from indexer.codes import declared_names, mentioned
from indexer.document import Document, Key

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    n INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL,
    length INTEGER NOT NULL, content TEXT NOT NULL, gone INTEGER);
CREATE UNIQUE INDEX IF NOT EXISTS live ON documents (kind, id) WHERE gone IS NULL;
CREATE INDEX IF NOT EXISTS gone ON documents (gone) WHERE gone IS NOT NULL;
CREATE TABLE IF NOT EXISTS codes (code TEXT NOT NULL, n INTEGER NOT NULL, declared INTEGER NOT NULL,
    PRIMARY KEY (code, n)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (n INTEGER NOT NULL, passage INTEGER NOT NULL, vector BLOB NOT NULL,
    pieces BLOB, PRIMARY KEY (n, passage)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_MOST_CODES = 64


@dataclass(frozen=True, slots=True)
class Row:
    """What the columns need of a document, without its text."""

    n: int
    kind: str
    id: str
    length: int
    facets: dict[str, str]
    audience: frozenset[str]
    popularity: float


@dataclass(frozen=True, slots=True)
class Changes:
    added: list[Row]
    gone: list[int]
    tick: int


def _dumped(document: Document) -> str:
    return json.dumps(
        {
            "title": document.title,
            "body": document.body,
            "also": document.also,
            "codes": document.codes,
            "facets": dict(document.facets),
            "audience": sorted(document.audience),
            "popularity": document.popularity,
        },
        ensure_ascii=True,
    )


def _loaded(kind: str, id_: str, version: str, content: str) -> Document:
    held: dict[str, Any] = json.loads(content)
    return Document(
        kind,
        id_,
        held["title"],
        body=held["body"],
        also=tuple(held["also"]),
        codes=tuple(held["codes"]),
        facets=held["facets"],
        audience=frozenset(held["audience"]),
        version=version,
        popularity=held["popularity"],
    )


def _row(n: int, kind: str, id_: str, length: int, content: str) -> Row:
    held: dict[str, Any] = json.loads(content)
    return Row(n, kind, id_, length, held["facets"], frozenset(held["audience"]), held["popularity"])


def _codes_of(document: Document) -> Iterator[tuple[str, int]]:
    declared = {name for code in document.codes if code.strip() for name in declared_names(code)}
    text = fold(f"{document.title}\n{document.body}"[:20_000])
    yield from ((code, 1) for code in sorted(declared))
    yield from ((code, 0) for code in sorted(mentioned(text) - declared)[:_MOST_CODES])


class Store:
    """One connection, guarded by a lock: calls are short, and many threads may ask."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def _all(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._database.execute(sql, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def data_version(self) -> int:
        """Changes when another connection has committed."""
        return int(self._all("PRAGMA data_version")[0][0])

    def counter(self, name: str) -> int:
        found = self._all("SELECT value FROM counters WHERE name = ?", (name,))
        return int(found[0][0]) if found else 0

    def set_counter(self, name: str, value: int) -> None:
        self._all("INSERT OR REPLACE INTO counters VALUES (?, ?)", (name, value))

    def next_tick(self) -> int:
        tick = self.counter("tick") + 1
        self.set_counter("tick", tick)
        return tick

    def add(self, document: Document, length: int) -> int:
        values = (document.kind, document.id, document.version, length, _dumped(document))
        with self._lock:
            written = self._database.execute(
                "INSERT INTO documents (kind, id, version, length, content) VALUES (?, ?, ?, ?, ?)", values
            )
            n = int(written.lastrowid or 0)
            rows = [(code, n, declared) for code, declared in _codes_of(document)]
            self._database.executemany("INSERT OR IGNORE INTO codes VALUES (?, ?, ?)", rows)
        return n

    def mark_gone(self, key: Key, tick: int) -> list[int]:
        found = self._all("SELECT n FROM documents WHERE kind = ? AND id = ? AND gone IS NULL", key)
        numbers = [int(n) for (n,) in found]
        for n in numbers:
            self._all("UPDATE documents SET gone = ? WHERE n = ?", (tick, n))
            self._all("DELETE FROM vectors WHERE n = ?", (n,))
        return numbers

    def gone_at(self, tick: int) -> list[int]:
        return [int(n) for (n,) in self._all("SELECT n FROM documents WHERE gone = ?", (tick,))]

    def last_number(self) -> int:
        return int(self._all("SELECT coalesce(max(n), 0) FROM documents")[0][0])

    def changes(self, *, after_n: int, after_tick: int) -> Changes:
        sql = "SELECT n, kind, id, length, content FROM documents WHERE n > ? AND gone IS NULL ORDER BY n"
        with self._lock:
            added = [_row(*values) for values in self._all(sql, (after_n,))]
            gone = [int(n) for (n,) in self._all("SELECT n FROM documents WHERE gone > ?", (after_tick,))]
            return Changes(added, gone, self.counter("tick"))

    def documents(self, numbers: Iterable[int]) -> dict[int, Document]:
        wanted = list(numbers)
        found: dict[int, Document] = {}
        for start in range(0, len(wanted), 500):
            batch = wanted[start : start + 500]
            marks = ",".join("?" * len(batch))
            sql = f"SELECT n, kind, id, version, content FROM documents WHERE n IN ({marks})"  # noqa: S608
            for n, *rest in self._all(sql, batch):
                found[n] = _loaded(*rest)
        return found

    def live_numbers(self, *, after: int = 0) -> list[int]:
        sql = "SELECT n FROM documents WHERE n > ? AND gone IS NULL ORDER BY n"
        return [int(n) for (n,) in self._all(sql, (after,))]

    def number_of(self, key: Key) -> int | None:
        found = self._all("SELECT n FROM documents WHERE kind = ? AND id = ? AND gone IS NULL", key)
        return int(found[0][0]) if found else None

    def versions(self) -> dict[Key, str]:
        rows = self._all("SELECT kind, id, version FROM documents WHERE gone IS NULL")
        return {(kind, id_): version for kind, id_, version in rows}

    def bearers(self, code: str) -> list[tuple[int, bool]]:
        """Which documents bear the code, and whether they declare it."""
        found = self._all("SELECT n, declared FROM codes WHERE code = ? LIMIT 200", (code,))
        return [(int(n), bool(declared)) for n, declared in found]

    def gone_count(self) -> int:
        return int(self._all("SELECT count(*) FROM documents WHERE gone IS NOT NULL")[0][0])

    def put_vectors(self, rows: Iterable[tuple[int, int, bytes, bytes | None]]) -> None:
        with self._lock:
            self._database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)

    def vectors(self, *, after: int) -> list[tuple[int, int, bytes, bytes | None]]:
        sql = "SELECT n, passage, vector, pieces FROM vectors WHERE n > ? ORDER BY n, passage"
        rows = self._all(sql, (after,))
        return [(int(n), int(passage), vector, pieces) for n, passage, vector, pieces in rows]

    def is_sound(self) -> bool:
        return self._all("PRAGMA quick_check(1)") == [("ok",)]
