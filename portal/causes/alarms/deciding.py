"""What people make of an alarm: it is true, it is false, or the last decision was wrong.

True opens the record and links the tickets; false puts the record back and tells the matcher that these
tickets are not its. The invariant: undoing takes back what the decision did and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.flow import DefectDuty
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.duties import defect_duties
from portal.people.models import Person, PersonPost
from portal.people.roles import BOUND_TO_SYSTEMS, PERMISSIONS, Permission
from portal.tickets import linking
from portal.tickets.models import LinkVerdict, Ticket
from portal.tickets.moves import Overtaken
from portal.tickets.recurrence.models import WAITING, AlarmState, RecurrenceAlarm, Sighting
from portal.tickets.recurrence.raising import Seen, decide, open_record, put_back
from portal.tickets.visibility import permissions_on
from portal.tickets.words import State

LONGEST = 500
TAKEN_BACK = N_("“确认复发”已撤销。")


def confirm(
    session: Session,
    alarm: RecurrenceAlarm,
    *,
    by: Person,
    tickets: Collection[int] | None = None,
    seen: int | None = None,
) -> RecurrenceAlarm:
    """It has come back. ``tickets`` are those that show it, all of them unless told otherwise.

    ``seen`` is the version of the alarm that the person was looking at.
    """
    _check(alarm, by, seen)
    standing = standing_on(alarm)
    chosen = [row for row in standing if tickets is None or row.ticket_id in tickets]
    if not chosen:
        raise Refused(N_("请至少勾选一张能说明复发的工单。"))
    decide(session, alarm, AlarmState.CONFIRMED, by=by)
    for row in standing:
        if row not in chosen:
            row.withdrawn_at = now(session)
    open_record(session, alarm, _seen(alarm, chosen[0], by))
    for row in chosen:
        row.judged = _linked(session, row, by)
    session.flush()
    return alarm


def dismiss(
    session: Session, alarm: RecurrenceAlarm, reason: str, *, by: Person, seen: int | None = None
) -> RecurrenceAlarm:
    """It has not: the record is as it was, and these tickets are not its."""
    _check(alarm, by, seen)
    reason = reason.strip()
    if not reason:
        raise Refused(N_("请写明为什么不是复发，系统会从中学习。"))
    if len(reason) > LONGEST:
        raise Refused(N_("原因太长，请控制在 %(limit)s 个字以内。"), limit=LONGEST)
    decide(session, alarm, AlarmState.DISMISSED, by=by, reason=reason)
    put_back(session, alarm, by=by, reason=reason)
    for row in standing_on(alarm):
        row.judged = _rejected(session, row, by)
    session.flush()
    return alarm


def undo(session: Session, alarm: RecurrenceAlarm, *, by: Person, seen: int | None = None) -> RecurrenceAlarm:
    """The alarm waits again, as before the decision."""
    _check_duty(by, alarm)
    _check_seen(alarm, seen)
    if alarm.before is None or alarm.is_waiting:
        raise Refused(N_("这条报警还没有判定，没有可以撤销的。"))
    if not standing_on(alarm):
        raise Refused(N_("这条报警的工单都已取消关联，不能恢复。"))
    if _another_waits(session, alarm):
        raise Refused(N_("这条缺陷已有新的复发报警在等判断，请处理新的那一条。"))
    was, back_to = alarm.state, alarm.before
    # While its links are taken back the alarm must not take that for a judgement on itself.
    alarm.state = AlarmState.DISMISSED
    session.flush()
    _take_back(session, alarm, by)
    alarm.state, alarm.before, alarm.reason = back_to, None, ""
    alarm.decided_by_id = alarm.decided_at = None
    if was == AlarmState.CONFIRMED and back_to == AlarmState.POSSIBLE:
        put_back(session, alarm, by=by, reason=TAKEN_BACK)
    if was == AlarmState.DISMISSED and back_to == AlarmState.OPEN:
        open_record(session, alarm, _seen(alarm, standing_on(alarm)[0], by))
    session.flush()
    return alarm


def may_decide(person: Person, alarm: RecurrenceAlarm) -> bool:
    """Whoever curates defects and answers for the record's system, or for one of the tickets."""
    if DefectDuty.CURATE not in defect_duties(person):
        return False
    tickets = (row.ticket for row in standing_on(alarm))
    return any(_covers(row, alarm.defect.system) for row in person.posts) or any(
        Permission.LINK_DEFECTS in permissions_on(person, ticket) for ticket in tickets
    )


def systems_decided(person: Person) -> set[str] | None:
    """The systems whose alarms are this person's to decide; None for every one."""
    curating = [row for row in person.posts if Permission.CURATE_DEFECTS in PERMISSIONS[row.post]]
    if any(row.post not in BOUND_TO_SYSTEMS for row in curating):
        return None
    return {system for row in curating for system in row.systems}


def _covers(row: PersonPost, system: str) -> bool:
    if Permission.CURATE_DEFECTS not in PERMISSIONS[row.post]:
        return False
    return row.post not in BOUND_TO_SYSTEMS or system in row.systems


def standing_on(alarm: RecurrenceAlarm) -> list[Sighting]:
    """The tickets that are still on it, oldest first."""
    return [row for row in alarm.sightings if row.withdrawn_at is None]


# ── what may be decided ──────────────────────────────────────────────────────────────────────────


def _check(alarm: RecurrenceAlarm, by: Person, seen: int | None) -> None:
    _check_duty(by, alarm)
    _check_seen(alarm, seen)
    if not alarm.is_waiting:
        raise Overtaken(N_("这条报警刚刚已被同事判定。"))


def _check_duty(by: Person, alarm: RecurrenceAlarm) -> None:
    if not may_decide(by, alarm):
        raise Refused(N_("您的岗位不能判定这条复发报警，请由该系统的专家判定。"))


def _check_seen(alarm: RecurrenceAlarm, seen: int | None) -> None:
    if seen is not None and seen != alarm.version:
        raise Overtaken(N_("这条报警刚刚有变化，请看过最新内容再判定。"))


def _another_waits(session: Session, alarm: RecurrenceAlarm) -> bool:
    others = select(RecurrenceAlarm.id).where(
        RecurrenceAlarm.defect_id == alarm.defect_id,
        RecurrenceAlarm.state.in_(WAITING),
        RecurrenceAlarm.id != alarm.id,
    )
    return session.scalar(others.limit(1)) is not None


def _seen(alarm: RecurrenceAlarm, row: Sighting, by: Person) -> Seen:
    return Seen(row.ticket, alarm.defect, row.running, row.basis, row.probability, by)


# ── what it says of the tickets ──────────────────────────────────────────────────────────────────


def _linked(session: Session, row: Sighting, by: Person) -> bool:
    """Tie the ticket to the record; what is tied already, or not theirs to tie, stays as it is."""
    defect, ticket = row.alarm.defect, row.ticket
    before = ticket.defect
    if not _may_judge(by, ticket) or (before is not None and before.id != defect.id):
        return False
    linking.link(session, ticket, defect, by=by, probability=row.probability)
    return before is None


def _rejected(session: Session, row: Sighting, by: Person) -> bool:
    if not _may_judge(by, row.ticket):
        return False
    linking.reject(session, row.ticket, row.alarm.defect, by=by, probability=row.probability)
    return True


def _may_judge(by: Person, ticket: Ticket) -> bool:
    """A parked ticket keeps its link: without it nobody would ever wake it."""
    return Permission.LINK_DEFECTS in permissions_on(by, ticket) and ticket.state != State.PARKED


def _take_back(session: Session, alarm: RecurrenceAlarm, by: Person) -> None:
    for row in standing_on(alarm):
        if row.judged and _may_judge(by, row.ticket) and _is_judged(row.ticket, alarm.defect_id):
            linking.undo(session, row.ticket, alarm.defect, by=by)
        row.judged = False


def _is_judged(ticket: Ticket, defect_id: int) -> bool:
    return any(
        link.defect_id == defect_id and link.verdict != LinkVerdict.UNDONE for link in ticket.defect_links
    )
