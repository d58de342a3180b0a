"""May the system still open records by itself? Its own alarms of the last months are its witness.

An alarm that rests on a person's link is that person's word and doesn't count here. The invariant: what
people have taken for false too often is only proposed, until what is proposed has proved right again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kb.columns import now
from kb.estimates import Estimate, rate
from portal.tickets.recurrence.models import BY_ITSELF, WAITING, AlarmState, RecurrenceAlarm

#: Of a hundred alarms that the system raises by itself, fewer than these may be false.
BUDGET = 0.05
#: A share is shown from so many decided alarms on.
LEAST = 20
#: One slip is no pattern, three may be.
LEAST_FALSE = 3
LOOKED_BACK = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Record:
    """What became of the alarms that the system raised by itself, or would have."""

    true: int
    false: int
    waiting: int

    @property
    def decided(self) -> int:
        return self.true + self.false

    @property
    def false_share(self) -> Estimate | None:
        """With its interval; None before enough were decided."""
        return rate(self.false, self.decided) if self.decided >= LEAST else None

    @property
    def is_trusted(self) -> bool:
        share = rate(self.false, self.decided)
        return share is None or self.false < LEAST_FALSE or share.low <= BUDGET


def record_of(session: Session, *, since: datetime | None = None) -> Record:
    """Of the last months unless told otherwise. One query."""
    since = since or now(session) - LOOKED_BACK
    rows = session.execute(
        select(RecurrenceAlarm.state, func.count())
        .where(RecurrenceAlarm.basis.in_(sorted(BY_ITSELF)), RecurrenceAlarm.raised_at >= since)
        .group_by(RecurrenceAlarm.state)
    )
    found: Counter[AlarmState] = Counter({state: count for state, count in rows})  # noqa: C416 - rows are no pairs
    return Record(
        found[AlarmState.CONFIRMED],
        found[AlarmState.DISMISSED],
        sum(found[state] for state in WAITING),
    )
