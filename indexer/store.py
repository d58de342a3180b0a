"""The index's own record of its documents: one SQLite file per generation.

It is a cache of the desk's database, kept so that words and vectors can be healed without
asking anybody. Ranking and files of words and vectors are not here.
Invariant: a row is never changed while it lives. A new version of a document is a new, higher
number and the old row is marked gone, in one transaction; so a number read once stays true.
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
    length INTEGER NOT NULL, about TEXT NOT NULL, content TEXT NOT NULL, gone INTEGER);
CREATE UNIQUE INDEX IF NOT EXISTS live ON documents (kind, id) WHERE gone IS NULL;
CREATE INDEX IF NOT EXISTS gone ON documents (gone) WHERE gone IS NOT NULL;
CREATE TABLE IF NOT EXISTS codes (code TEXT NOT NULL, n INTEGER NOT NULL, declared INTEGER NOT NULL,
    PRIMARY KEY (code, n)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (n INTEGER NOT NULL, passage INTEGER NOT NULL, hash BLOB NOT NULL,
    vector BLOB NOT NULL, PRIMARY KEY (n, passage)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS vectors_of_text ON vectors (hash);
CREATE TABLE IF NOT EXISTS pieces (n INTEGER PRIMARY KEY, hash BLOB NOT NULL, ids BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS pieces_of_text ON pieces (hash);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_MOST_CODES = 64
_AT_ONCE = 20_000
_FORGOTTEN_TO = "forgotten_to"


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
    more: bool = False
    """There are further ones behind these."""


def _dumped(document: Document) -> tuple[str, str]:
    """What the columns need, and the texts: an index is opened without reading a text."""
    about = {
        "facets": dict(document.facets),
        "audience": sorted(document.audience),
        "popularity": document.popularity,
    }
    content = {
        "title": document.title,
        "body": document.body,
        "also": document.also,
        "codes": document.codes,
    }
    return json.dumps(about), json.dumps(content)


def _loaded(kind: str, id_: str, version: str, about: str, content: str) -> Document:
    held: dict[str, Any] = json.loads(about) | json.loads(content)
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


def _row(n: int, kind: str, id_: str, length: int, about: str) -> Row:
    held: dict[str, Any] = json.loads(about)
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

    def ask(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._database.execute(sql, values).fetchall()

    def put(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        with self._lock:
            self._database.executemany(sql, rows)

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Several reads that see the same commit, whoever writes meanwhile."""
        with self._lock:
            began = not self._database.in_transaction
            if began:
                self._database.execute("BEGIN")
            try:
                yield
            finally:
                if began:
                    self._database.execute("COMMIT")

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
        return int(self.ask("PRAGMA data_version")[0][0])

    def counter(self, name: str) -> int:
        found = self.ask("SELECT value FROM counters WHERE name = ?", (name,))
        return int(found[0][0]) if found else 0

    def set_counter(self, name: str, value: int) -> None:
        self.ask("INSERT OR REPLACE INTO counters VALUES (?, ?)", (name, value))

    def next_tick(self) -> int:
        tick = self.counter("tick") + 1
        self.set_counter("tick", tick)
        return tick

    def add(self, document: Document, length: int) -> int:
        values = (document.kind, document.id, document.version, length, *_dumped(document))
        with self._lock:
            written = self._database.execute(
                "INSERT INTO documents (kind, id, version, length, about, content) VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
            n = int(written.lastrowid or 0)
            rows = [(code, n, declared) for code, declared in _codes_of(document)]
            self.put("INSERT OR IGNORE INTO codes VALUES (?, ?, ?)", rows)
        return n

    def mark_gone(self, key: Key, tick: int) -> list[int]:
        found = self.ask("SELECT n FROM documents WHERE kind = ? AND id = ? AND gone IS NULL", key)
        numbers = [int(n) for (n,) in found]
        for n in numbers:
            self.ask("UPDATE documents SET gone = ? WHERE n = ?", (tick, n))
        return numbers

    def gone_at(self, tick: int) -> list[int]:
        return [int(n) for (n,) in self.ask("SELECT n FROM documents WHERE gone = ?", (tick,))]

    def last_number(self) -> int:
        return int(self.ask("SELECT coalesce(max(n), 0) FROM documents")[0][0])

    def last_living(self) -> int:
        found = self.ask("SELECT n FROM documents WHERE gone IS NULL ORDER BY n DESC LIMIT 1")
        return int(found[0][0]) if found else 0

    def living_after(self, n: int) -> int:
        return int(self.ask("SELECT count(*) FROM documents WHERE n > ? AND gone IS NULL", (n,))[0][0])

    def changes(self, *, after_n: int, after_tick: int) -> Changes:
        """Some thousands at a time: a whole desk's rows at once would cost half a gigabyte."""
        sql = (
            "SELECT n, kind, id, length, about FROM documents WHERE n > ? AND gone IS NULL ORDER BY n LIMIT ?"
        )
        with self.one_moment():
            added = [_row(*values) for values in self.ask(sql, (after_n, _AT_ONCE))]
            gone = [int(n) for (n,) in self.ask("SELECT n FROM documents WHERE gone > ?", (after_tick,))]
            return Changes(added, gone, self.counter("tick"), more=len(added) == _AT_ONCE)

    def documents(self, numbers: Iterable[int]) -> dict[int, Document]:
        wanted = list(numbers)
        found: dict[int, Document] = {}
        for start in range(0, len(wanted), 500):
            batch = wanted[start : start + 500]
            sql = (
                "SELECT n, kind, id, version, about, content FROM documents WHERE content <> '' AND n IN ({})"
            )
            for n, *rest in self.ask(sql.format(",".join("?" * len(batch))), batch):
                found[n] = _loaded(*rest)
        return found

    def live_numbers(self, *, after: int = 0) -> list[int]:
        sql = "SELECT n FROM documents WHERE n > ? AND gone IS NULL ORDER BY n"
        return [int(n) for (n,) in self.ask(sql, (after,))]

    def number_of(self, key: Key) -> int | None:
        found = self.ask("SELECT n FROM documents WHERE kind = ? AND id = ? AND gone IS NULL", key)
        return int(found[0][0]) if found else None

    def versions(self) -> dict[Key, str]:
        rows = self.ask("SELECT kind, id, version FROM documents WHERE gone IS NULL")
        return {(kind, id_): version for kind, id_, version in rows}

    def bearers(self, code: str) -> list[tuple[int, bool]]:
        """Which documents bear the code, and whether they declare it."""
        found = self.ask("SELECT n, declared FROM codes WHERE code = ? LIMIT 200", (code,))
        return [(int(n), bool(declared)) for n, declared in found]

    def forget_gone(self) -> None:
        """The texts and vectors of what died; the numbers stay, for readers who have not heard of it."""
        with self.writing():
            tick = self.counter("tick")
            died = f"SELECT n FROM documents WHERE gone > {self.counter(_FORGOTTEN_TO)}"  # noqa: S608
            for table in ("codes", "vectors", "pieces"):
                self.ask(f"DELETE FROM {table} WHERE n IN ({died})")  # noqa: S608
            self.ask(f"UPDATE documents SET content = '', about = '' WHERE n IN ({died})")  # noqa: S608
            self.set_counter(_FORGOTTEN_TO, tick)

    def is_sound(self) -> bool:
        return self.ask("PRAGMA quick_check(1)") == [("ok",)]
