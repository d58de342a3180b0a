"""The whole index: rebuilt from the database, compared with it, repaired.

The invariant: the database is right. Whatever the index holds is made from current rows, and nothing is
lost when it is thrown away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from indexer.document import Document, Key
from indexer.index import Index
from indexer.lock import Busy
from portal.db import transaction
from portal.finder.models import OutboxRow
from portal.finder.sources import current, every_document, every_version, readable

BATCH = 200

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Differences:
    """Where database and index disagree."""

    missing: frozenset[Key]
    stale: frozenset[Key]
    surplus: frozenset[Key]

    def __bool__(self) -> bool:
        return bool(self.missing or self.stale or self.surplus)


def bring(maker: sessionmaker[Session], index: Index, keys: Collection[Key]) -> None:
    """Make the index say of these things what the database says now."""
    with maker() as session:
        documents = list(_documents(session, keys))
    # The database is let go before the index is written: encoding takes its time.
    if documents:
        index.update(documents)
    if gone := set(keys) - {document.key for document in documents}:
        index.remove(gone)


def _documents(session: Session, keys: Collection[Key]) -> Iterator[Document]:
    for kind, numbers in _by_kind(keys):
        yield from current(session, kind, numbers)


def _by_kind(keys: Collection[Key]) -> Iterator[tuple[str, list[int]]]:
    """A few hundred rows at a time, as many as one statement may name."""
    ids: dict[str, list[int]] = {}
    for kind, number in sorted(keys):
        ids.setdefault(kind, []).append(int(number))
    for kind, numbers in ids.items():
        for start in range(0, len(numbers), BATCH):
            yield kind, numbers[start : start + BATCH]


def rebuild_all(
    maker: sessionmaker[Session], index: Index, progress: Callable[[int], None] | None = None
) -> None:
    """Build a new index beside the serving one from the current database, and swap it in.

    Changes go on reaching the old one meanwhile. Just before the swap, while nobody can write, the new one
    is compared with the database; a change that comes still later keeps its outbox row and goes into the
    new one. Rows that had been set aside before are done with: what could be read of them is in it.
    """
    _rebuild(maker, index, progress, if_needed=False)


def _rebuild(
    maker: sessionmaker[Session],
    index: Index,
    progress: Callable[[int], None] | None,
    *,
    if_needed: bool,
) -> bool:
    with maker() as session:
        aside = list(session.scalars(select(OutboxRow.id).where(OutboxRow.set_aside_at.is_not(None))))

    def since(held: Mapping[Key, str]) -> tuple[list[Document], frozenset[Key]]:
        differences = _differences(maker, held)
        with maker() as late:
            changed = _by_kind(differences.missing | differences.stale)
            documents = [document for kind, ids in changed for document in readable(late, kind, ids)]
            return documents, differences.surplus

    with maker() as session:
        done = index.rebuild(every_document(session), progress=progress, since=since, if_needed=if_needed)
    if done:
        with transaction(maker) as session:
            session.execute(delete(OutboxRow).where(OutboxRow.id.in_(aside)))
    return done


def heal(maker: sessionmaker[Session], index: Index) -> bool:
    """Rebuild when the index says it needs it: never built, damaged, or of another recipe. Otherwise finish
    what a killed writer left, and encode what had to wait for the encoder."""
    if index.needs_rebuild is None:
        index.catch_up()
        return False
    try:
        _LOG.warning("rebuilding the index: %s", index.needs_rebuild)
        return _rebuild(maker, index, None, if_needed=True)
    except Busy:
        return False  # somebody else is at it


def compare(maker: sessionmaker[Session], index: Index) -> Differences:
    """Which documents the index lacks, holds in an old version, or should not hold."""
    return _differences(maker, index.versions())


def _differences(maker: sessionmaker[Session], held: Mapping[Key, str]) -> Differences:
    with maker() as session:
        wanted = every_version(session)
    return Differences(
        missing=frozenset(wanted.keys() - held.keys()),
        stale=frozenset(key for key, version in wanted.items() if held.get(key, version) != version),
        surplus=frozenset(held.keys() - wanted.keys()),
    )


def repair(maker: sessionmaker[Session], index: Index, differences: Differences) -> int:
    """Bring every document that differs up to date; returns how many there were."""
    keys = sorted(differences.missing | differences.stale | differences.surplus)
    for start in range(0, len(keys), BATCH):
        bring(maker, index, keys[start : start + BATCH])
    return len(keys)
