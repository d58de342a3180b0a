"""Raising an alarm that a repair did not hold, gathering tickets on it, and taking a ticket off again.

A link that a person made opens the record at once, and so does the system's own sure word while it is trusted
(``trust``), if the ticket is of the record's own system or something else bears it out (``proof``);
everything else waits quietly. However many tickets come, they gather on the one alarm until the record is
repaired anew. The invariant: every alarm has a ticket filed after the repair from where the repair runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.flow import OPEN, DefectState
from defects.models import Defect
from defects.recurrence import GONE, outlives_fix, recur, retract
from indexer.words import N_
from kb.columns import now
from portal.catalogue.queries import ZONE
from portal.people.models import Person
from portal.tickets.models import Ticket
from portal.tickets.notices import Event, tell
from portal.tickets.recurrence.models import (
    BY_ITSELF,
    WAITING,
    AlarmState,
    Basis,
    RecurrenceAlarm,
    Sighting,
)
from portal.tickets.recurrence.proof import is_borne_out
from portal.tickets.recurrence.trust import record_of
from portal.tickets.recurrence.versions import running_for

SEEN_AGAIN = N_("%(unit)s 已运行修复后的版本 %(version)s，工单 %(number)s 又是同样的问题。")
TAKEN_OFF = N_("工单的关联已撤销。")
WAS_MERGED = N_("记录已并入另一条。")
FALSE = N_("复发报警是误报：%(reason)s")
DAY = timedelta(days=1)
#: From here on the matcher, too, rather thinks that it is this record.
LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """A ticket that, if it is this record's, shows that the repair did not hold."""

    ticket: Ticket
    defect: Defect
    running: str
    basis: Basis
    probability: float | None = None
    by: Person | None = None

    @property
    def sentence(self) -> str:
        return SEEN_AGAIN % {
            "unit": self.ticket.unit.name,
            "version": self.running,
            "number": self.ticket.number,
        }


def seen_where_fixed(
    session: Session,
    ticket: Ticket,
    defect: Defect,
    *,
    basis: Basis,
    probability: float | None = None,
    by: Person | None = None,
) -> Seen | None:
    """None when it shows nothing: from before the repair, from where it doesn't run, or nobody knows."""
    running = running_for(session, ticket, defect)
    if not outlives_fix(defect, running, at=ticket.filed_at):
        return None
    return Seen(ticket, defect, running, basis, probability, by)


def raised(session: Session, seen: Seen) -> RecurrenceAlarm | None:
    """The alarm this ticket is on from now on; None when the record is open anyway and no alarm stands."""
    _lock(session, seen.defect)
    alarm = standing_of(session, seen.defect)
    if alarm is None and seen.defect.state not in GONE:
        return None
    if alarm is not None and not alarm.is_waiting and seen.basis == Basis.LIKENESS:
        return None  # what only looks alike adds nothing to what people have confirmed
    alarm = alarm or _begun(session, seen)
    _gather(session, alarm, seen)
    _weigh(session, alarm, seen)
    session.flush()
    return alarm


def _lock(session: Session, defect: Defect) -> None:
    """Two tickets at the same moment must not raise two alarms."""
    session.execute(select(Defect.id).where(Defect.id == defect.id).with_for_update())


def standing_of(session: Session, defect: Defect) -> RecurrenceAlarm | None:
    """The alarm that waits, else the confirmed one whose record has not been repaired anew."""
    found = session.scalars(
        select(RecurrenceAlarm)
        .where(RecurrenceAlarm.defect_id == defect.id, RecurrenceAlarm.state != AlarmState.DISMISSED)
        .order_by(RecurrenceAlarm.state.in_(WAITING).desc(), RecurrenceAlarm.raised_at.desc())
        .limit(1)
    ).first()
    if found is None or found.is_waiting:
        return found
    repaired_since = defect.fixed_at is not None and defect.fixed_at > found.raised_at
    return None if repaired_since or defect.state not in OPEN else found


def _begun(session: Session, seen: Seen) -> RecurrenceAlarm:
    alarm = RecurrenceAlarm(
        defect=seen.defect,
        state=AlarmState.POSSIBLE,
        basis=seen.basis,
        probability=seen.probability,
        fixed_in=seen.defect.fixed_in or "",
        raised_at=now(session),
    )
    session.add(alarm)
    session.flush()
    return alarm


def _gather(session: Session, alarm: RecurrenceAlarm, seen: Seen) -> None:
    held = session.get(Sighting, (alarm.id, seen.ticket.id))
    if held is None:
        held = Sighting(alarm_id=alarm.id, ticket_id=seen.ticket.id, at=now(session))
        session.add(held)
    held.unit_id, held.running = seen.ticket.unit_id, seen.running
    held.basis, held.probability, held.withdrawn_at = seen.basis, seen.probability, None
    session.flush()
    session.expire(alarm, ["sightings"])


def _weigh(session: Session, alarm: RecurrenceAlarm, seen: Seen) -> None:
    """What this ticket makes of an alarm that waits: a person's word may decide, the system's own open."""
    if not alarm.is_waiting:
        return
    if _person_opens(alarm, seen):
        decide(session, alarm, AlarmState.CONFIRMED, by=seen.by)
        open_record(session, alarm, seen)
        return
    if seen.basis in BY_ITSELF and alarm.basis not in BY_ITSELF | {Basis.PERSON}:
        alarm.basis, alarm.probability = seen.basis, seen.probability
    if alarm.state == AlarmState.POSSIBLE and _system_opens(session, alarm, seen):
        alarm.state = AlarmState.OPEN
        open_record(session, alarm, seen)


def _person_opens(alarm: RecurrenceAlarm, seen: Seen) -> bool:
    """About a ticket of another system a person's word wants one thing more, if only the matcher's."""
    likely = seen.probability is not None and seen.probability >= LIKELY
    return seen.basis == Basis.PERSON and (likely or is_borne_out(alarm, seen.ticket))


def _system_opens(session: Session, alarm: RecurrenceAlarm, seen: Seen) -> bool:
    if seen.basis not in BY_ITSELF or not is_borne_out(alarm, seen.ticket):
        return False
    return record_of(session).is_trusted and not _dismissed_today(session, alarm)


def _dismissed_today(session: Session, alarm: RecurrenceAlarm) -> bool:
    """One alarm a record and day: after a false one the system only proposes until tomorrow."""
    moment = now(session)
    decided = session.scalars(
        select(RecurrenceAlarm.decided_at).where(
            RecurrenceAlarm.defect_id == alarm.defect_id,
            RecurrenceAlarm.state == AlarmState.DISMISSED,
            RecurrenceAlarm.decided_at > moment - DAY,
        )
    )
    today = moment.astimezone(ZONE).date()
    return any(at.astimezone(ZONE).date() == today for at in decided if at is not None)


def decide(
    session: Session, alarm: RecurrenceAlarm, state: AlarmState, *, by: Person | None, reason: str = ""
) -> None:
    """Write the decision down; what follows from it is the caller's."""
    alarm.before, alarm.state = alarm.state, state
    alarm.decided_by_id, alarm.decided_at, alarm.reason = by.id if by else None, now(session), reason
    session.flush()


# ── what an alarm does to its record ─────────────────────────────────────────────────────────────


def open_record(session: Session, alarm: RecurrenceAlarm, seen: Seen) -> None:
    """Open the record again, if it is still said to be repaired, and tell its owners."""
    if alarm.defect.state not in GONE:
        return
    alarm.move_id = recur(session, alarm.defect, note=seen.sentence).id
    # Whoever links a ticket need not see that this opens the record; whoever confirms an alarm does.
    by = None if seen.basis == Basis.PERSON else seen.by
    tell_owners(session, alarm, Event.RECURRED, ticket=seen.ticket, by=by, note=seen.sentence)
    session.flush()


def put_back(session: Session, alarm: RecurrenceAlarm, *, by: Person | None, reason: str) -> bool:
    """The record as it was before the alarm; False when it was not opened by it, or somebody has gone on."""
    move, alarm.move_id = alarm.move, None
    if move is None:
        return False
    note = FALSE % {"reason": reason}
    if not retract(session, alarm.defect, move, by=by.id if by else None, note=note):
        return False
    tell_owners(session, alarm, Event.NO_RECURRENCE, ticket=None, by=by, note=reason)
    return True


def tell_owners(
    session: Session,
    alarm: RecurrenceAlarm,
    event: Event,
    *,
    ticket: Ticket | None,
    by: Person | None,
    note: str,
) -> None:
    defect = alarm.defect
    owners = {owner for owner in (defect.owner_middle_id, defect.owner_back_id) if owner is not None}
    values = {"defect": defect.number, "title": defect.title, "note": note[:120]}
    if ticket is not None:
        values["number"] = ticket.number
    tell(session, event, to=owners, values=values, ticket=ticket, by=by)


# ── a ticket is taken off ────────────────────────────────────────────────────────────────────────


def withdrawn(session: Session, ticket: Ticket, defect: Defect, *, by: Person | None) -> None:
    """The ticket is not this record's after all; an alarm with no ticket left was none."""
    rows = session.scalars(
        select(Sighting)
        .join(RecurrenceAlarm)
        .where(
            Sighting.ticket_id == ticket.id,
            Sighting.withdrawn_at.is_(None),
            RecurrenceAlarm.defect_id == defect.id,
            RecurrenceAlarm.state != AlarmState.DISMISSED,
        )
    ).all()
    for row in rows:
        _take_off(session, row, by=by)


def _take_off(session: Session, row: Sighting, *, by: Person | None) -> None:
    alarm = row.alarm
    if alarm.defect.state == DefectState.DUPLICATE:  # its tickets go on under the record that survives
        if alarm.is_waiting:
            decide(session, alarm, AlarmState.CONFIRMED, by=by, reason=WAS_MERGED)
        return
    row.withdrawn_at = now(session)
    if all(other.withdrawn_at is not None for other in alarm.sightings):
        decide(session, alarm, AlarmState.DISMISSED, by=by, reason=TAKEN_OFF)
        put_back(session, alarm, by=by, reason=TAKEN_OFF)
    session.flush()
