"""What is made of a burst: a fault event, a defect, an article; dismissed with a reason, or put off.

Verbs never commit; they raise :class:`kb.flow.Refused`. Whether somebody may know of the burst is asked
before (``lists.line_of``), what they may do with its tickets by the verbs that do it. The invariant: a burst
that was dismissed, or of which something was made, stays so until somebody takes it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session

from defects.models import Defect
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.catalogue.queries import ZONE
from portal.causes.bursts.models import Became, Burst
from portal.causes.wall import deciding as wall
from portal.faults import board as faults
from portal.faults.models import FaultEvent
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.models import Ticket

REASON_LIMIT = 500
#: What is put off until tomorrow comes back when the desk opens.
OPENS = time(8, 0)
DECIDES = (Permission.WORK_MIDDLE, Permission.WORK_DISPATCH, Permission.CURATE_DEFECTS, Permission.REASSIGN)


def to_fault(
    session: Session, burst: Burst, tickets: Sequence[Ticket], *, title: str, by: Person
) -> FaultEvent:
    """One event out of its reports, for dispatch to rule on."""
    _check_open(burst)
    fault = faults.gather(session, tickets, title=title, by=by)
    _becomes(session, burst, Became.FAULT, fault.number, by=by)
    return fault


def to_defect(session: Session, burst: Burst, tickets: Sequence[Ticket], *, title: str, by: Person) -> Defect:
    """A record out of its tickets, with every one of them linked."""
    _check_open(burst)
    defect = wall.open_record(session, burst.group, tickets, title=title, by=by)
    _becomes(session, burst, Became.DEFECT, defect.number, by=by)
    return defect


def to_article(session: Session, burst: Burst, *, by: Person) -> None:
    """Somebody writes what answers it."""
    _check_open(burst)
    if not by.may(Permission.WRITE_ARTICLES):
        raise Refused(N_("您的岗位不能写知识，请交给编辑或专家。"))
    _becomes(session, burst, Became.ARTICLE, "", by=by)


def dismiss(session: Session, burst: Burst, *, reason: str, by: Person) -> None:
    """It is nothing, because …"""
    _check(by)
    _check_open(burst)
    words = reason.strip()[:REASON_LIMIT]
    if not words:
        raise Refused(N_("请写明为什么不用管，同事看到才不会再查一遍。"))
    burst.dismissed_at, burst.dismissed_by_id, burst.dismissed_why = now(session), by.id, words
    session.flush()


def put_off(session: Session, burst: Burst, *, by: Person) -> datetime:
    """Not before tomorrow morning; returns when it is shown again if it still goes on."""
    _check(by)
    _check_open(burst)
    tomorrow = now(session).astimezone(ZONE).date() + timedelta(days=1)
    burst.snoozed_until, burst.snoozed_by_id = datetime.combine(tomorrow, OPENS, tzinfo=ZONE), by.id
    session.flush()
    return burst.snoozed_until


def take_back(session: Session, burst: Burst, *, by: Person) -> None:
    """It must be looked at all the same: neither dismissed nor put off."""
    _check(by)
    if burst.dismissed_at is None and burst.snoozed_until is None:
        raise Refused(N_("这个突发没有被忽略或推迟。"))
    burst.dismissed_at, burst.dismissed_why, burst.snoozed_until = None, "", None
    session.flush()


def may_decide(person: Person) -> bool:
    return any(person.may(permission) for permission in DECIDES)


def _check(by: Person) -> None:
    if not may_decide(by):
        raise Refused(N_("您的岗位只能查看突发，不能处理。"))


def _check_open(burst: Burst) -> None:
    if burst.became is not None:
        raise Refused(N_("同事刚刚已经处理了这个突发，请刷新后再看。"))
    if burst.dismissed_at is not None:
        raise Refused(N_("这个突发已经被忽略，请先恢复再处理。"))


def _becomes(session: Session, burst: Burst, became: Became, number: str, *, by: Person) -> None:
    burst.became, burst.became_number = became, number
    burst.became_by_id, burst.became_at = by.id, now(session)
    session.flush()
