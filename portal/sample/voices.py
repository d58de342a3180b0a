"""The reports that went out in the last weeks: each counted and told as the worker would have done it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from kb.columns import CLOCK
from portal.causes.voice.gathering import gathered
from portal.causes.voice.issuing import desk_calendar, issue
from portal.causes.voice.stretches import Rhythm, Stretch, stretch_of
from portal.tickets.clocks import ZONE

#: How many periods back, of each rhythm.
BACK = {Rhythm.WEEKLY: 5, Rhythm.MONTHLY: 2}


def speak(session: Session, *, today: datetime) -> None:
    """Issue every period that was over by then, the oldest first."""
    for rhythm in Rhythm:
        for stretch in reversed(_over(rhythm, today)):
            end = stretch.until(ZONE)
            at = desk_calendar(session, end).after(end, 0)
            if at <= today:
                session.info[CLOCK] = at
                issue(session, stretch, gathered(session, stretch, zone=ZONE), at=at, locale="zh_CN")
    session.info[CLOCK] = today


def _over(rhythm: Rhythm, today: datetime) -> list[Stretch]:
    found = [stretch_of(rhythm, today.astimezone(ZONE).date()).before]
    while len(found) < BACK[rhythm]:
        found.append(found[-1].before)
    return found
