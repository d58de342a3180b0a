"""Who sends a delivery now, and how it ended: leases, attempts, growing pauses.

A worker takes rows under a lease in a transaction of its own, sends outside of any, and marks each in
another. The invariant: only the holder of the lease marks, so that a worker which was overtaken changes
nothing; a worker that dies between sending and marking leaves a lease that runs out, and the message goes
out again under the same key.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session

from portal.delivery.models import OPEN, Delivery, Status

LEASE = timedelta(minutes=10)
AT_A_TIME = 20
DIGEST_AT_MOST = 200
#: Pauses after the first failure, the second, …; after the last one it is given up.
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why it did not go out; ``final`` when trying again can't help."""

    sentence: str
    values: Mapping[str, str] = field(default_factory=dict)
    final: bool = False


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    free = or_(Delivery.lease_until.is_(None), Delivery.lease_until <= now)
    return Delivery.status.in_(OPEN), Delivery.next_at <= now, free


def _channel(mail: bool) -> ColumnElement[bool]:
    return Delivery.hook_id.is_(None) if mail else Delivery.hook_id.is_not(None)


def is_due(session: Session, *, mail: bool, now: datetime) -> bool:
    """Is there anything to send on this channel now?"""
    return session.scalar(select(Delivery.id).where(*_due(now), _channel(mail)).limit(1)) is not None


def claim(session: Session, *, mail: bool, now: datetime) -> tuple[str, list[int]]:
    """Take what is due on one channel; returns the lease and the numbers of the deliveries.

    Whatever waits for somebody's digest is taken with the first of it: it goes out as one mail.
    """
    first = select(Delivery).where(*_due(now), _channel(mail)).order_by(Delivery.next_at, Delivery.id)
    taken = {row.id: row for row in _locked(session, first, AT_A_TIME)}
    readers = {row.person_id for row in taken.values() if row.digest}
    if readers:
        more = select(Delivery).where(*_due(now), Delivery.digest, Delivery.person_id.in_(readers))
        taken |= {row.id: row for row in _locked(session, more.order_by(Delivery.id), DIGEST_AT_MOST)}
    lease = secrets.token_hex(16)
    for row in taken.values():
        row.lease, row.lease_until = lease, now + LEASE
    session.flush()
    return lease, sorted(taken)


def _locked(session: Session, wanted: Select[Delivery], limit: int) -> Sequence[Delivery]:
    return session.scalars(wanted.limit(limit).with_for_update(skip_locked=True)).all()


def sent(session: Session, lease: str, ids: Iterable[int], *, now: datetime) -> None:
    _mark(session, lease, ids, status=Status.SENT, attempts=Delivery.attempts + 1, done_at=now, trouble="")


def skipped(session: Session, lease: str, ids: Iterable[int], why: Trouble, *, now: datetime) -> None:
    """It is no longer wanted: read meanwhile, or no longer for this person."""
    _mark(session, lease, ids, status=Status.SKIPPED, done_at=now, **_words(why))


def failed(session: Session, lease: str, ids: Iterable[int], why: Trouble, *, now: datetime) -> None:
    """Try again later, or give up when it is final or the pauses are used up."""
    for row in session.scalars(select(Delivery).where(Delivery.id.in_(list(ids)), Delivery.lease == lease)):
        ended = why.final or row.attempts >= len(PAUSES)
        _mark(
            session,
            lease,
            [row.id],
            status=Status.GIVEN_UP if ended else Status.FAILED,
            next_at=now if ended else now + PAUSES[row.attempts],
            attempts=row.attempts + 1,
            done_at=now if ended else None,
            **_words(why),
        )


def put_back(session: Session, lease: str, ids: Iterable[int]) -> None:
    """Let go of what there was no time for; it counts as no attempt."""
    _mark(session, lease, ids)


def _words(why: Trouble) -> dict[str, object]:
    return {"trouble": why.sentence, "trouble_values": dict(why.values)}


def _mark(session: Session, lease: str, ids: Iterable[int], **changes: object) -> None:
    mine = update(Delivery).where(Delivery.id.in_(list(ids)), Delivery.lease == lease)
    session.execute(
        mine.values(lease="", lease_until=None, **changes).execution_options(synchronize_session=False)
    )


def try_again(delivery: Delivery, *, now: datetime) -> None:
    """An administrator wants another attempt at what was given up."""
    delivery.status, delivery.attempts, delivery.next_at, delivery.done_at = Status.WAITING, 0, now, None
