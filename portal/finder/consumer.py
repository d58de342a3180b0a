"""From the outbox to the index, one pass at a time. What concerns the whole index is in ``upkeep``.

The consumer loads the *current* row, whatever the change was, so that handling a row twice or out of
order ends in the same index. The invariant: an outbox row is deleted only after the index has committed
what it asked for, and only by whoever still holds the lease.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from indexer.document import Key
from indexer.generation import Broken
from indexer.index import Index
from indexer.lock import Busy
from indexer.words import N_
from portal.db import transaction
from portal.finder.models import Lease, OutboxRow
from portal.finder.upkeep import bring, compare, heal, rebuild_all, repair

__all__ = ["Lag", "compare", "consume", "heal", "lag", "rebuild_all", "repair"]

LEASE = "outbox"
BATCH = 200
TRIES = 5
# Longer than a batch ever takes, short enough that after a crash nobody waits a minute for an article.
LEASE_LASTS = timedelta(seconds=30)
BEAT_EVERY = timedelta(seconds=10)
#: Index or database as a whole can't be used now: nobody's row is to blame, all of them wait.
INDEX_AWAY = (Busy, Broken, OSError, sqlite3.Error, OperationalError)

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to bring up to date and the outbox rows that ask for it."""

    key: Key
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the index is behind the database."""

    waiting: int
    oldest: datetime | None
    set_aside: int
    beat_at: datetime | None


def consume(maker: sessionmaker[Session], index: Index, *, holder: str, now: datetime) -> int:
    """Handle what waits; returns how many outbox rows are done. Nothing when somebody else consumes.

    An index that can't be written leaves every row where it is; see :func:`heal`.
    """
    started, done = time.monotonic(), 0
    while True:
        moment = now + timedelta(seconds=time.monotonic() - started)
        tasks = _next_tasks(maker, holder=holder, now=moment)
        if not tasks:
            return done
        try:
            faults = _bring_up_to_date(maker, index, tasks)
        except INDEX_AWAY as trouble:
            _LOG.warning("the index can't be written now, %d changes wait: %s", len(tasks), trouble)
            return done
        handled = _settle(maker, tasks, faults, holder=holder, now=moment)
        done += handled
        if faults or not handled:
            return done


def lag(session: Session) -> Lag:
    """For the readiness page: what waits, since when, what was set aside, when the consumer was last seen."""
    waiting, oldest = session.execute(
        select(func.count(), func.min(OutboxRow.at)).where(OutboxRow.set_aside_at.is_(None))
    ).one()
    set_aside = session.scalar(select(func.count()).where(OutboxRow.set_aside_at.is_not(None))) or 0
    lease = session.get(Lease, LEASE)
    return Lag(waiting, oldest, set_aside, lease.beat_at if lease else None)


# ---------------------------------------------------------------------------- one batch


def _next_tasks(maker: sessionmaker[Session], *, holder: str, now: datetime) -> list[Task]:
    with maker() as session:
        waiting = session.scalar(_waiting().limit(1)) is not None
        lease = session.get(Lease, LEASE)
        if not waiting and lease and lease.beat_at and now - lease.beat_at < BEAT_EVERY:
            return []  # nothing to do, and seen alive a moment ago: no write
    if not _take_lease(maker, holder=holder, now=now):
        return []
    with maker() as session:
        rows = session.execute(_waiting().limit(BATCH)).all()
        return _gathered([*_set_aside(session, {(kind, number) for _, kind, number in rows}), *rows])


def _waiting() -> Select[int, str, str]:
    return (
        select(OutboxRow.id, OutboxRow.kind, OutboxRow.subject_id)
        .where(OutboxRow.set_aside_at.is_(None))
        .order_by(OutboxRow.id)
    )


def _set_aside(session: Session, keys: Collection[Key]) -> list[tuple[int, str, str]]:
    """Older rows about the same things that had been set aside: a new change gives them a new chance."""
    rows = session.execute(
        select(OutboxRow.id, OutboxRow.kind, OutboxRow.subject_id).where(
            OutboxRow.set_aside_at.is_not(None),
            OutboxRow.subject_id.in_({number for _, number in keys}),
        )
    )
    return [row for row in rows if (row[1], row[2]) in keys]


def _gathered(rows: Iterable[tuple[int, str, str]]) -> list[Task]:
    numbers: dict[Key, list[int]] = {}
    for number, kind, subject in rows:
        numbers.setdefault((kind, subject), []).append(number)
    return [Task(key, tuple(found)) for key, found in numbers.items()]


def _take_lease(maker: sessionmaker[Session], *, holder: str, now: datetime) -> bool:
    try:
        with transaction(maker) as session:
            lease = session.get(Lease, LEASE, with_for_update=True)
            if lease is not None and lease.holder != holder and lease.until > now:
                return False
            if lease is None:
                lease = Lease(name=LEASE)
                session.add(lease)
            lease.holder, lease.until, lease.beat_at = holder, now + LEASE_LASTS, now
    except IntegrityError:
        return False  # two consumers began at the same moment, and the other was first
    return True


def _bring_up_to_date(maker: sessionmaker[Session], index: Index, tasks: list[Task]) -> dict[Key, str]:
    """One commit for the whole batch; a batch that fails is done one by one to find who is to blame."""
    try:
        bring(maker, index, [task.key for task in tasks])
    except INDEX_AWAY:
        raise
    except Exception:  # noqa: BLE001 - one row's content may make anything fail; the others must not wait
        _LOG.warning("a batch of %d changes failed, trying them one by one", len(tasks), exc_info=True)
        return _one_by_one(maker, index, tasks)
    return {}


def _one_by_one(maker: sessionmaker[Session], index: Index, tasks: list[Task]) -> dict[Key, str]:
    faults: dict[Key, str] = {}
    for task in tasks:
        try:
            bring(maker, index, [task.key])
        except INDEX_AWAY:
            raise
        except Exception as fault:  # noqa: BLE001 - the same reason, and here the row is known
            _LOG.error("%s %s can't be indexed", *task.key, exc_info=True)
            faults[task.key] = f"{type(fault).__name__}: {fault}"[:2_000]
    if len(faults) == len(tasks) > 1:
        raise Broken(N_("索引一条也写不进去，可能已损坏，需要重建。"))
    return faults


def _settle(
    maker: sessionmaker[Session],
    tasks: Sequence[Task],
    faults: Mapping[Key, str],
    *,
    holder: str,
    now: datetime,
) -> int:
    """Delete exactly the rows that were handled, count the tries of the others."""
    done = [number for task in tasks if task.key not in faults for number in task.rows]
    keys = [task.key for task in tasks]
    with transaction(maker) as session:
        lease = session.get(Lease, LEASE, with_for_update=True)
        if lease is None or lease.holder != holder:
            # Overtaken while writing: what was written may be older than what the new holder wrote.
            session.add_all(OutboxRow(kind=kind, subject_id=number, at=now) for kind, number in keys)
            return 0
        session.execute(delete(OutboxRow).where(OutboxRow.id.in_(done)))
        for task in tasks:
            if task.key in faults:
                _blame(session, task, faults[task.key], now=now)
    return len(done)


def _blame(session: Session, task: Task, fault: str, *, now: datetime) -> None:
    for row in session.scalars(select(OutboxRow).where(OutboxRow.id.in_(task.rows))):
        row.tries += 1
        row.fault = fault
        if row.tries >= TRIES and row.set_aside_at is None:
            row.set_aside_at = now
            _LOG.error("outbox row %d (%s %s) is set aside: %s", row.id, row.kind, row.subject_id, fault)
