"""What the year's recurrence alarms amount to when it is over: who raised each, and whether it was true.

Read from the desk's own rows at the end, because an alarm that begins quietly may be opened later. The
invariant: what comes after it was raised makes no alarm true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.sample.truth.played import Played
from portal.tickets.recurrence.models import AlarmState, Basis, RecurrenceAlarm


class Word(StrEnum):
    """On whose word."""

    SYSTEM = "system"  # it opened the record by itself
    PERSON = "person"  # somebody linked a ticket to a repaired record, which opened it
    PROPOSED = "proposed"  # people were asked, and nothing was touched


@dataclass(frozen=True, slots=True)
class Raised:
    record: int
    word: Word
    true: bool


def raised_in(session: Session, played: Sequence[Played]) -> list[Raised]:
    told = {one.ticket: one for one in played}
    return [
        Raised(alarm.defect_id, _word(alarm), _is_true(alarm, told))
        for alarm in session.scalars(select(RecurrenceAlarm).order_by(RecurrenceAlarm.id))
    ]


def _word(alarm: RecurrenceAlarm) -> Word:
    been = (alarm.state, alarm.before)
    if AlarmState.OPEN in been:
        return Word.SYSTEM
    if alarm.basis == Basis.PERSON and AlarmState.CONFIRMED in been:
        return Word.PERSON
    return Word.PROPOSED


def _is_true(alarm: RecurrenceAlarm, told: Mapping[int, Played]) -> bool:
    """Did any ticket on which it was raised show that the repair did not hold?"""
    moment = alarm.raised_at if alarm.move is None else alarm.move.at
    stood = [row for row in alarm.sightings if row.at <= moment]
    strong = [row for row in stood if row.basis != Basis.LIKENESS]
    return any(_shows(told[row.ticket_id], alarm.defect_id) for row in strong or stood)


def _shows(one: Played, record: int) -> bool:
    return one.regression and one.cause == record
