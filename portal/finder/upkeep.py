"""The whole index: rebuilt from the database, compared with it, repaired.

The invariant: the database is right. Whatever the index holds is made from current rows, and nothing is
lost when it is thrown away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from indexer.document import Document, Key
from indexer.index import Index
from portal.db import transaction
from portal.finder.models import OutboxRow
from portal.finder.sources import current, every_document, every_version

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
    ids: dict[str, list[int]] = {}
    for kind, number in keys:
        ids.setdefault(kind, []).append(int(number))
    for kind, numbers in ids.items():
        yield from current(session, kind, numbers)


def rebuild_all(
    maker: sessionmaker[Session], index: Index, progress: Callable[[int], None] | None = None
) -> None:
    """Build a new index beside the serving one from the current database, and swap it in.

    The rows are read while the index's writer lock is held. A change made meanwhile keeps its outbox row,
    because no consumer can write before the swap; so consuming afterwards replays what was missed. Rows
    that had been set aside before are done with: what could be read of them is in the new index.
    """
    with maker() as session:
        aside = list(session.scalars(select(OutboxRow.id).where(OutboxRow.set_aside_at.is_not(None))))
    with maker() as session:
        index.rebuild(every_document(session), progress=progress)
    with transaction(maker) as session:
        session.execute(delete(OutboxRow).where(OutboxRow.id.in_(aside)))


def heal(maker: sessionmaker[Session], index: Index) -> bool:
    """Rebuild when the index says it needs it: never built, damaged, or of another recipe."""
    if index.needs_rebuild is None:
        return False
    _LOG.warning("rebuilding the index: %s", index.needs_rebuild)
    rebuild_all(maker, index)
    return True


def compare(maker: sessionmaker[Session], index: Index) -> Differences:
    """Which documents the index lacks, holds in an old version, or should not hold."""
    with maker() as session:
        wanted = every_version(session)
    held = index.versions()
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
