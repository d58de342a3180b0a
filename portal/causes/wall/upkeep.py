"""One bounded step of keeping the wall: group what is new, look up the nearest records, compare the records.

The worker calls it every few minutes. What takes long is read and worked out without the write lock; what is
written is short, and nothing of it when somebody else was quicker. Without an index tickets are grouped by
words, and the nearest record waits.
"""

from __future__ import annotations

from sqlalchemy.orm import Session, sessionmaker

from indexer.document import Mode
from indexer.index import Index
from portal.causes.wall import nearest, twins
from portal.causes.wall.arranging import arrange, arranged
from portal.causes.wall.unexplained import waiting_systems
from portal.db import transaction


def keep_wall(maker: sessionmaker[Session], index: Index | None) -> int:
    """Returns how many groups were touched."""
    with maker() as session:
        systems = waiting_systems(session)
    touched = sum(_group(maker, index, system) for system in systems)
    if index is not None and index.status().mode != Mode.UNAVAILABLE:
        _look_up(maker, index)
    return touched


def _group(maker: sessionmaker[Session], index: Index | None, system: int) -> int:
    with maker() as session:
        plan = arranged(session, system, index)
    with transaction(maker) as session:
        return arrange(session, plan)


def _look_up(maker: sessionmaker[Session], index: Index) -> None:
    with maker() as session:
        ids = nearest.groups_to_look_at(session)
        found = nearest.looked_up(session, index, ids) if ids else {}
    if found:
        with transaction(maker) as session:
            nearest.note(session, found)


def keep_twins(maker: sessionmaker[Session], index: Index) -> None:
    """Find records that seem to say the same."""
    with maker() as session:
        texts = twins.texts_of(session)
    found = index.pairs(texts, least=twins.LEAST)
    with transaction(maker) as session:
        twins.settle(session, found)
