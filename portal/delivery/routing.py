"""From what was committed to deliveries: which channels carry a notice, which robots hear of a happening.

It reads committed rows only, so that nothing is sent which was rolled back. The invariant: deliveries and
the mark that a row was routed are one transaction, and a delivery's key exists once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session, selectinload

from portal.config import Settings
from portal.delivery.hours import after_quiet, next_digest
from portal.delivery.models import Delivery, Webhook
from portal.people.models import Person
from portal.tickets.models import Notice
from portal.tickets.notices import TABLE, Event
from portal.tickets.telling.groups import Way
from portal.tickets.telling.models import Happening
from portal.tickets.telling.wishes import Wishes, wishes_of

Row = TypeVar("Row", Notice, Happening)
AT_A_TIME = 200
#: What is older than this when a worker comes to it stays in the portal and is not mailed any more.
STALE = timedelta(days=2)


def is_waiting(session: Session) -> bool:
    """Is anything not routed yet? Two look-ups in small indexes, asked every few seconds."""
    notice = select(Notice.id).where(Notice.routed_at.is_(None)).limit(1)
    happening = select(Happening.id).where(Happening.routed_at.is_(None)).limit(1)
    return session.scalar(notice) is not None or session.scalar(happening) is not None


def route(session: Session, settings: Settings, *, now: datetime) -> int:
    """Make the deliveries of up to ``AT_A_TIME`` notices and happenings each; returns how many there were."""
    notices = session.scalars(_next(Notice)).all()
    if notices and settings.smtp_host:
        session.add_all(_mails(session, notices, settings, now=now))
    for notice in notices:
        notice.routed_at = now
    happenings = session.scalars(_next(Happening).options(selectinload(Happening.ticket))).all()
    _to_hooks(session, happenings, now=now)
    session.flush()
    return len(notices) + len(happenings)


def _next(kind: type[Row]) -> Select[Row]:
    # Skipping what another worker holds: on PostgreSQL two may route at once, on SQLite one writes at a time.
    waiting = select(kind).where(kind.routed_at.is_(None)).order_by(kind.id).limit(AT_A_TIME)
    return waiting.with_for_update(skip_locked=True)


def _mails(
    session: Session, notices: Sequence[Notice], settings: Settings, *, now: datetime
) -> Iterable[Delivery]:
    numbers = {notice.person_id for notice in notices}
    people = {row.id: row for row in session.scalars(select(Person).where(Person.id.in_(numbers)))}
    wishes = wishes_of(session, people.values())
    for notice in notices:
        person = people[notice.person_id]
        if person.active and person.email and notice.at > now - STALE and notice.read_at is None:
            yield from _mail(notice, wishes[person.id], settings, now=now)


def _mail(notice: Notice, wishes: Wishes, settings: Settings, *, now: datetime) -> Iterable[Delivery]:
    if notice.event not in set(Event):
        return
    way = wishes.mail[TABLE[Event(notice.event)].group]
    if way == Way.NEVER:
        return
    at_once = way == Way.AT_ONCE
    turn = (after_quiet if at_once else next_digest)(now, wishes.hours, settings.zone)
    yield Delivery(
        key=f"mail-{notice.id}",
        made_at=now,
        notice_id=notice.id,
        person_id=notice.person_id,
        digest=not at_once,
        next_at=turn,
    )


def _to_hooks(session: Session, happenings: Sequence[Happening], *, now: datetime) -> None:
    hooks = session.scalars(select(Webhook).where(Webhook.active)).all() if happenings else ()
    unheard = []
    for happening in happenings:
        listening = [hook for hook in hooks if is_for(hook, happening)]
        happening.routed_at = now
        session.add_all(
            Delivery(
                key=f"hook-{hook.id}-{happening.id}",
                made_at=now,
                happening_id=happening.id,
                hook_id=hook.id,
                next_at=now,
            )
            for hook in listening
        )
        if not listening:
            unheard.append(happening.id)
    if unheard:
        session.flush()
        session.execute(delete(Happening).where(Happening.id.in_(unheard)))


def is_for(hook: Webhook, happening: Happening) -> bool:
    """Has this robot asked for this event, of this system?"""
    if happening.event not in hook.events:
        return False
    ticket = happening.ticket
    return not hook.systems or (ticket is not None and ticket.system.code in hook.systems)


def forget(session: Session, *, before: datetime) -> int:
    """Delete deliveries that were done before this moment, and happenings that nobody waits for any more."""
    done = delete(Delivery).where(Delivery.done_at < before)
    count = int(session.execute(done).rowcount)  # type: ignore[attr-defined]
    kept = select(Delivery.happening_id).where(Delivery.happening_id.is_not(None))
    session.execute(delete(Happening).where(Happening.at < before, Happening.id.not_in(kept)))
    return count
