"""One bounded step of keeping the list of gaps: take in, name, group, look up, notice, forget.

The worker calls it every few minutes. What takes long is read and worked out without the write lock; what
is written is short, and refused to a second worker that was slower.
"""

from __future__ import annotations

from sqlalchemy.orm import Session, sessionmaker

from indexer.index import Index
from portal.curation.gaps import deciding, nearest, searching
from portal.curation.gaps.gathering import gather
from portal.curation.gaps.grouping import (
    arrange,
    arranged,
    forget_empty,
    name_systems,
    systems_meant,
    waiting_systems,
)
from portal.db import transaction
from portal.finder.find import Finder


def keep_gaps(maker: sessionmaker[Session], index: Index | None) -> int:
    """Returns how many gaps were touched."""
    with transaction(maker) as session:
        gather(session)
        deciding.settle_published(session)
    if index is not None:
        _name(maker, index)
    touched = sum(_group(maker, index, system) for system in _waiting(maker))
    if index is not None:
        _look_up(maker, index)
    with transaction(maker) as session:
        if searching.forget(session):
            forget_empty(session)
    return touched


def _waiting(maker: sessionmaker[Session]) -> list[str]:
    with maker() as session:
        return waiting_systems(session)


def _name(maker: sessionmaker[Session], index: Index) -> None:
    with maker() as session:
        meant = systems_meant(session, Finder(index))
    if meant:
        with transaction(maker) as session:
            name_systems(session, meant)


def _group(maker: sessionmaker[Session], index: Index | None, system: str) -> int:
    with maker() as session:
        plan = arranged(session, system, index)
    with transaction(maker) as session:
        return arrange(session, plan)


def _look_up(maker: sessionmaker[Session], index: Index) -> None:
    with maker() as session:
        ids = nearest.gaps_to_look_at(session)
        found = nearest.looked_up(session, index, ids) if ids else {}
    if found:
        with transaction(maker) as session:
            nearest.note(session, found)
