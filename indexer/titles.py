"""What helps while typing, in one SQLite file beside the store: titles by letter, and the Latin words.

The store commits first; this file then takes over what is new, so a writer killed in between leaves it
behind and never wrong. It knows nothing of audiences: it proposes numbers of documents, and whoever asks
lets the columns decide. Invariant: a damaged, foreign or missing file answers nothing and raises
nothing; the next write makes it anew from the store.
"""

import logging
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any

from indexer.characters import fold
from indexer.document import Document
from indexer.letters import Spelled
from indexer.stems import stem
from indexer.store import Store
from indexer.vocabulary import Vocabulary

_LOG = logging.getLogger(__name__)

FORMAT = 4
"""Raise it when the tables or the tokens change: a file of another format is made anew."""
_SCHEMA = """
CREATE VIRTUAL TABLE letters USING fts5 (
    title, also, code, sound, initial, also_sound, also_initial, start,
    tokenize = 'ascii', content = '', columnsize = 0);
CREATE TABLE words (word TEXT PRIMARY KEY, documents INTEGER NOT NULL);
CREATE TABLE reached (
    n INTEGER NOT NULL, tick INTEGER NOT NULL, held INTEGER NOT NULL, gone INTEGER NOT NULL);
INSERT INTO reached VALUES (0, 0, 0, 0);
"""
_PUT = """INSERT INTO letters
    (rowid, title, also, code, sound, initial, also_sound, also_initial, start)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_BATCH = 500
LEAST_GONE = 5_000
"""Lines of documents that are gone stay, for they can be proposed and never shown, until they are most."""
_MOST_PROPOSED = 20_000
_WORDS = re.compile(r"[a-z]{4,24}")
_WORDS_READ = 20_000
"""Characters of a document whose Latin words are learnt."""


class Foreign(sqlite3.DatabaseError):
    """The file was made by another release, or for another store."""


def _is_damage(fault: sqlite3.Error) -> bool:
    """A file to be made anew; a locked file or a full disk is none, and a table that is missing is one."""
    if isinstance(fault, sqlite3.OperationalError):
        return fault.sqlite_errorcode == sqlite3.SQLITE_ERROR
    return isinstance(fault, sqlite3.DatabaseError)


def latin_words(document: Document) -> set[str]:
    """The stems of the Latin words a document bears, long enough to be mistyped recognisably."""
    text = "\n".join((document.title, *document.also, document.body))[:_WORDS_READ]
    return {stem(word) for word in _WORDS.findall(fold(text))}


class Titles:
    """Read by many threads, written by the one process that holds the index's lock."""

    def __init__(self, path: Path, *, least_gone: int = LEAST_GONE) -> None:
        self._path = path
        self._least_gone = least_gone
        self._lock = threading.RLock()
        self._open: sqlite3.Connection | None = None
        self._inode = 0
        self._vocabulary = Vocabulary()

    def close(self) -> None:
        with self._lock:
            if self._open is not None:
                self._open.close()
            self._open = None

    # ------------------------------------------------------------------ reading

    def numbers(self, query: str) -> list[int]:
        """The newest documents that the full-text query finds."""
        sql = "SELECT rowid FROM letters WHERE letters MATCH ? ORDER BY rowid DESC LIMIT ?"
        return [int(n) for (n,) in self._read(sql, (query, _MOST_PROPOSED))]

    def behind(self, store: Store) -> bool:
        """Has the store committed what is not here, or is there no sound file?"""
        return self._read("SELECT tick FROM reached", ()) != [(store.counter("tick"),)]

    def vocabulary(self) -> Vocabulary:
        """The Latin words learnt so far; what came since the last time is added."""
        sql = "SELECT rowid, word, documents FROM words WHERE rowid > ? ORDER BY rowid"
        with self._lock:
            self._read("SELECT 1", ())
            held = self._vocabulary if self._vocabulary.made == self._inode else Vocabulary()
            if rows := self._read(sql, (held.last,)):
                held = held.grown(rows, made=self._inode)
            self._vocabulary = held
            return held

    def _read(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                connection = self._connection()
                return connection.execute(sql, values).fetchall() if connection is not None else []
            except sqlite3.Error as fault:
                _LOG.warning("nothing is completed while typing now: %s", fault)
                if _is_damage(fault):
                    self._remove()
                return []

    def _connection(self) -> sqlite3.Connection | None:
        """The open file; another one when a writer has put another in its place."""
        inode = _inode(self._path)
        if self._open is not None and inode != self._inode:
            self.close()
        if self._open is None and inode:
            self._open, self._inode = _connected(self._path), inode
        return self._open

    # ------------------------------------------------------------------ writing

    def catch_up(self, store: Store) -> None:
        """Take over what is new in the store; heals itself. The caller holds the index's lock."""
        with self._lock:
            try:
                self._healed(store)
            except (sqlite3.Error, OSError) as fault:
                # Words and vectors are written all the same; what is missing here is taken over next time.
                _LOG.error("the titles of %s stay behind: %s", self._path.parent.name, fault)

    def _healed(self, store: Store) -> None:
        try:
            self._take_over(store)
        except sqlite3.Error as fault:
            if not _is_damage(fault):
                raise
            _LOG.warning("the titles of %s are made anew: %s", self._path.parent.name, fault)
            self._remove()
            self._take_over(store)

    def _take_over(self, store: Store) -> None:
        with self._writing() as database:
            while _took_over(database, store, self._least_gone):
                pass

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with closing(_connected(self._path)) as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                _prepare(database)
                yield database
            except BaseException:
                database.rollback()
                raise
            database.commit()

    def _remove(self) -> None:
        self.close()
        for ending in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)


def _took_over(database: sqlite3.Connection, store: Store, least_gone: int) -> bool:
    """One block of changes; whether there are more behind it."""
    n, tick, held, gone = database.execute("SELECT n, tick, held, gone FROM reached").fetchone()
    changes = store.changes(after_n=n, after_tick=tick)
    if changes.tick < tick:
        raise Foreign("the store is younger than its titles")
    held, gone = held + len(changes.added), gone + sum(number <= n for number in changes.gone)
    if gone > least_gone and 2 * gone > held:
        raise Foreign("most of it is of documents that are gone")
    _insert(database, _documents(store, [row.n for row in changes.added]))
    last = max([n, *(row.n for row in changes.added)])
    values = (last, changes.tick, held, gone)
    database.execute("UPDATE reached SET n = ?, tick = ?, held = ?, gone = ?", values)
    return changes.more


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _prepare(database: sqlite3.Connection) -> None:
    found = database.execute("PRAGMA user_version").fetchone()[0]
    if found == FORMAT:
        return
    if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise Foreign(f"format {found} instead of {FORMAT}")
    for statement in filter(None, (part.strip() for part in _SCHEMA.split(";"))):
        database.execute(statement)
    database.execute(f"PRAGMA user_version = {FORMAT}")


def _documents(store: Store, numbers: Sequence[int]) -> Iterator[tuple[int, Document]]:
    for start in range(0, len(numbers), _BATCH):
        yield from store.documents(numbers[start : start + _BATCH]).items()


def _insert(database: sqlite3.Connection, documents: Iterable[tuple[int, Document]]) -> None:
    words: Counter[str] = Counter()
    for n, document in documents:
        held = Spelled.of(document.title, document.also, document.codes)
        database.execute(_PUT, (n, *astuple(held)))
        words.update(latin_words(document))
    database.executemany(
        "INSERT INTO words (word, documents) VALUES (?, ?)"
        " ON CONFLICT (word) DO UPDATE SET documents = documents + excluded.documents",
        words.items(),
    )
