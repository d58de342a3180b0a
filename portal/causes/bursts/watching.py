"""The worker's look at the last hour: bursts begin, go on and end; each is told of once.

Verbs never commit. The invariants: one burst of a series goes on at a time; one that somebody dismissed or
put off goes on silently until it is over, and is told of no second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from indexer.words import N_
from kb.columns import now
from portal.catalogue.models import System
from portal.causes.bursts.counting import counted
from portal.causes.bursts.judging import Alarm, judged
from portal.causes.bursts.like_hours import Span, judged_hour, like
from portal.causes.bursts.models import Burst, Series
from portal.db import transaction
from portal.people.models import Person, PersonPost
from portal.people.roles import Post
from portal.tickets.notices import Event, tell

#: So long nothing was above the usual: it is over.
OVER_AFTER = timedelta(hours=2)
SENTENCES = {
    Series.SYSTEM: N_("工单"),
    Series.GROUP: N_("说同一件事的工单"),
    Series.SEARCHES: N_("没有可信答案的求助"),
}


def watch(maker: sessionmaker[Session], *, at: datetime | None = None) -> int:
    """Judge the last hour; returns how many bursts began. Counting is done without the write lock."""
    with maker() as session:
        span = judged_hour(at or now(session))
        alarms = judged(counted(session, span, like(span)))
        going = session.scalar(select(Burst.id).where(Burst.ended_at.is_(None)).limit(1))
    if not alarms and going is None:
        return 0
    with transaction(maker) as session:
        return settle(session, span, alarms)


def settle(session: Session, span: Span, alarms: Sequence[Alarm]) -> int:
    """Write down what was found in this hour; returns how many bursts began."""
    going = {row.key: row for row in session.scalars(select(Burst).where(Burst.ended_at.is_(None)))}
    begun = 0
    for alarm in alarms:
        row = going.get(alarm.key)
        if row is not None:
            _goes_on(row, span, alarm)
        elif alarm.is_new:
            _tell(session, _begin(session, span, alarm))
            begun += 1
    for row in going.values():
        if span[1] - row.last_at >= OVER_AFTER:
            row.ended_at = span[1]
    session.flush()
    return begun


def _begin(session: Session, span: Span, alarm: Alarm) -> Burst:
    row = Burst(
        series=alarm.series,
        system_id=alarm.system_id,
        group_id=alarm.group_id,
        since=span[0],
        found_at=now(session),
        last_at=span[1],
        count=alarm.count,
        usual=alarm.usual,
        before=list(alarm.before),
        chance=alarm.chance,
    )
    session.add(row)
    session.flush()
    return row


def _goes_on(row: Burst, span: Span, alarm: Alarm) -> None:
    row.last_at = max(row.last_at, span[1])
    if alarm.count > row.count:
        row.count, row.usual, row.chance, row.before = (
            alarm.count,
            alarm.usual,
            alarm.chance,
            list(alarm.before),
        )


def _tell(session: Session, row: Burst) -> None:
    """Dispatch and the experts of the system, in words that tell nothing of any ticket."""
    system = session.get_one(System, row.system_id)
    values = {
        "system": system.name,
        "what": SENTENCES[row.series],
        "count": str(row.count),
        "usual": f"{row.usual:.1f}",
        "burst": str(row.id),
    }
    tell(session, Event.BURST, to=_listeners(session, system.code), values=values)


def _listeners(session: Session, system: str) -> list[int]:
    rows = session.execute(
        select(PersonPost.person_id, PersonPost.post, PersonPost.systems)
        .join(Person, Person.id == PersonPost.person_id)
        .where(Person.active, PersonPost.post.in_((Post.DISPATCHER, Post.EXPERT)))
    )
    return [person for person, post, systems in rows if post == Post.DISPATCHER or system in systems]
