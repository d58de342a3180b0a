"""What one lease covers, and how its rows are marked, each mark in a transaction of its own.

A message that went out is marked at once, so that as little as possible can come between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from portal.config import Settings
from portal.db import transaction
from portal.delivery import claims
from portal.delivery.claims import LEASE, Trouble

Clock = Callable[[], datetime]
Maker = sessionmaker[Session]


@dataclass(frozen=True, slots=True)
class Batch:
    """The deliveries that this worker has taken."""

    maker: Maker
    settings: Settings
    lease: str
    clock: Clock
    ids: Sequence[int]
    until: datetime  # from here on nothing new is begun: the lease must outlast what is under way

    def sent(self, ids: Sequence[int]) -> None:
        with transaction(self.maker) as session:
            claims.sent(session, self.lease, ids, now=self.clock())

    def failed(self, ids: Sequence[int], why: Trouble) -> None:
        with transaction(self.maker) as session:
            claims.failed(session, self.lease, ids, why, now=self.clock())

    def skipped(self, ids: Sequence[int], why: Trouble) -> None:
        with transaction(self.maker) as session:
            claims.skipped(session, self.lease, ids, why, now=self.clock())

    def put_back(self, ids: Sequence[int]) -> None:
        if ids:
            with transaction(self.maker) as session:
                claims.put_back(session, self.lease, ids)


def take(maker: Maker, settings: Settings, *, mail: bool, clock: Clock) -> Batch:
    """A handful of what is due on one channel; ``ids`` is empty when nothing is."""
    begun = clock()
    with transaction(maker) as session:
        lease, ids = claims.claim(session, mail=mail, now=begun)
    return Batch(maker, settings, lease, clock, ids, begun + LEASE / 2)
