"""Bringing the index up to date from a command: the same consumer as the worker's, with a bar.

The invariant: when a worker is already at it, a command leaves the work to it and says so.
"""

from __future__ import annotations

import os
import socket
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, sessionmaker

from indexer.generations import NEVER_BUILT
from indexer.index import Index
from portal.cli.place import Place, moment, opened_index
from portal.cli.telling import bar, until
from portal.db import transaction
from portal.finder.consumer import LEASE, consume
from portal.finder.models import Lease, OutboxRow
from portal.finder.upkeep import rebuild_all

#: From here on, building anew is quicker than changing what is there.
MANY = 3_000


def holder_name() -> str:
    return f"{socket.gethostname()[:40]}:{os.getpid()}"


def let_go(maker: sessionmaker[Session], holder: str) -> None:
    """End our lease, so that the next consumer need not wait for it to run out."""
    with transaction(maker) as session:
        lease = session.get(Lease, LEASE)
        if lease is not None and lease.holder == holder:
            lease.until = moment()


def feed(place: Place, *, quiet: bool) -> None:
    """Index what waits in the outbox."""
    with opened_index(place.settings) as index:
        waiting = _waiting(place.maker)
        if waiting >= MANY or index.needs_rebuild == NEVER_BUILT:
            rebuild(place, index, quiet=quiet)
        else:
            with bar("更新索引", waiting, quiet=quiet) as advance:
                advance(drain(place.maker, index))


def drain(maker: sessionmaker[Session], index: Index) -> int:
    """Consume what waits now, as a guest: the lease is given back at the end."""
    holder = holder_name()
    try:
        return consume(maker, index, holder=holder, now=moment())
    finally:
        let_go(maker, holder)


def rebuild(place: Place, index: Index, *, quiet: bool) -> None:
    """Build the index anew; what had been waiting before is then in it."""
    started, covered = moment(), _waiting_ids(place.maker)
    with bar("建立索引", _documents(place.maker), quiet=quiet) as advance:
        rebuild_all(place.maker, index, progress=until(advance))
    _forget(place.maker, covered, started)
    drain(place.maker, index)


def _waiting(maker: sessionmaker[Session]) -> int:
    with maker() as session:
        return session.scalar(select(func.count()).select_from(OutboxRow)) or 0


def _waiting_ids(maker: sessionmaker[Session]) -> list[int]:
    with maker() as session:
        return list(session.scalars(select(OutboxRow.id)))


def _forget(maker: sessionmaker[Session], ids: list[int], before: datetime) -> None:
    # A number may have been given again meanwhile, to a change that the rebuild did not read.
    with transaction(maker) as session:
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            session.execute(delete(OutboxRow).where(OutboxRow.id.in_(part), OutboxRow.at < before))


def _documents(maker: sessionmaker[Session]) -> int:
    from portal.finder.sources import every_version

    with maker() as session:
        return len(every_version(session))
