"""What is made of a burst: a fault event, a defect, an article; dismissed with a reason, or put off.

Verbs never commit; they raise :class:`kb.flow.Refused`. Whether somebody may know of the burst is asked
before (``lists.line_of``). The invariants: pages draw what ``open_to`` names and verbs refuse the rest, both
by ``against``; a burst that was dismissed, or of which something was made, stays so until somebody takes it
back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from defects.models import Defect
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.catalogue.queries import ZONE
from portal.causes.bursts.lists import Line
from portal.causes.bursts.models import Became, Burst
from portal.causes.wall import deciding as wall
from portal.faults import board as faults
from portal.faults.models import FaultEvent
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.models import Ticket
from portal.tickets.visibility import permissions_on

P = Permission
REASON_LIMIT = 500
#: What is put off until tomorrow comes back when the desk opens.
OPENS = time(8, 0)
DECIDES = (P.WORK_MIDDLE, P.WORK_DISPATCH, P.CURATE_DEFECTS, P.REASSIGN)


class Deed(StrEnum):
    FAULT = "fault"
    DEFECT = "defect"
    ARTICLE = "article"
    DISMISS = "dismiss"
    PUT_OFF = "put_off"
    TAKE_BACK = "take_back"


#: They concern everybody whom the burst concerns.
FOR_ALL = frozenset({Deed.DISMISS, Deed.PUT_OFF, Deed.TAKE_BACK})


# ── who may do what ──────────────────────────────────────────────────────────────────────────────


def open_to(person: Person, line: Line) -> frozenset[Deed]:
    """What this person may make of a burst as they see it."""
    return frozenset(deed for deed in Deed if against(deed, line, person) is None)


def against(deed: Deed, line: Line, person: Person) -> str | None:
    """Why they may not; None: they may."""
    if deed in FOR_ALL and (why := _not_theirs(line, person)):
        return why
    if deed is Deed.TAKE_BACK:
        burst = line.burst
        is_away = burst.dismissed_at is not None or burst.snoozed_until is not None
        return None if is_away else N_("这个突发没有被忽略或推迟。")
    return _settled(line.burst) or _beyond(deed, line, person)


def _not_theirs(line: Line, person: Person) -> str | None:
    """Whoever sees a part of it leaves it to those who see all."""
    if not any(person.may(permission) for permission in DECIDES):
        return N_("您的岗位只能查看突发，不能处理。")
    return None if line.whole else N_("这个突发涉及您看不到的工单，请由调度员或系统的专家处理。")


def _settled(burst: Burst) -> str | None:
    if burst.became is not None:
        return N_("同事刚刚已经处理了这个突发，请刷新后再看。")
    return N_("这个突发已经被忽略，请先恢复再处理。") if burst.dismissed_at is not None else None


def _beyond(deed: Deed, line: Line, person: Person) -> str | None:
    if deed is Deed.FAULT and not gathered_from(line, person):
        return N_("没有您可以归集的工单：都已结束，或不在您负责的系统里。")
    if deed is Deed.DEFECT and not opened_from(line, person):
        return N_("没有您可以建成缺陷的工单：都已关联，或不在您负责的系统里。")
    if deed is Deed.ARTICLE and not person.may(P.WRITE_ARTICLES):
        return N_("您的岗位不能写知识，请交给编辑或专家。")
    return None


def gathered_from(line: Line, person: Person) -> list[Ticket]:
    """The tickets of which this person may make a fault event."""
    return _within(person, (row for row in line.tickets if row.is_open), P.WORK_MIDDLE)


def opened_from(line: Line, person: Person) -> list[Ticket]:
    """The tickets of which they may open a record."""
    return _within(person, line.untied, P.CURATE_DEFECTS, P.LINK_DEFECTS)


def _within(person: Person, tickets: Iterable[Ticket], *needed: Permission) -> list[Ticket]:
    return [ticket for ticket in tickets if permissions_on(person, ticket).issuperset(needed)]


def _check(deed: Deed, line: Line, by: Person) -> None:
    why = against(deed, line, by)
    if why is not None:
        raise Refused(why)


# ── deeds ────────────────────────────────────────────────────────────────────────────────────────


def to_fault(session: Session, line: Line, *, title: str, by: Person) -> FaultEvent:
    """One event out of its reports, for dispatch to rule on."""
    _check(Deed.FAULT, line, by)
    fault = faults.gather(session, gathered_from(line, by), title=title, by=by)
    _becomes(session, line.burst, Became.FAULT, fault.number, by=by)
    return fault


def to_defect(session: Session, line: Line, *, title: str, by: Person) -> tuple[Defect, int]:
    """A record out of its tickets, and how many of them are linked to it."""
    _check(Deed.DEFECT, line, by)
    tickets = opened_from(line, by)
    defect = wall.open_record(session, line.burst.group, tickets, title=title, by=by)
    _becomes(session, line.burst, Became.DEFECT, defect.number, by=by)
    return defect, len(tickets)


def to_article(session: Session, line: Line, *, by: Person) -> None:
    """Somebody writes what answers it."""
    _check(Deed.ARTICLE, line, by)
    _becomes(session, line.burst, Became.ARTICLE, "", by=by)


def dismiss(session: Session, line: Line, *, reason: str, by: Person) -> None:
    """It is nothing, because …"""
    _check(Deed.DISMISS, line, by)
    words = reason.strip()[:REASON_LIMIT]
    if not words:
        raise Refused(N_("请写明为什么不用管，同事看到才不会再查一遍。"))
    burst = line.burst
    burst.dismissed_at, burst.dismissed_by_id, burst.dismissed_why = now(session), by.id, words
    session.flush()


def put_off(session: Session, line: Line, *, by: Person) -> datetime:
    """Not before tomorrow morning; returns when it is shown again if it still goes on."""
    _check(Deed.PUT_OFF, line, by)
    tomorrow = now(session).astimezone(ZONE).date() + timedelta(days=1)
    until = datetime.combine(tomorrow, OPENS, tzinfo=ZONE)
    line.burst.snoozed_until, line.burst.snoozed_by_id = until, by.id
    session.flush()
    return until


def take_back(session: Session, line: Line, *, by: Person) -> None:
    """It must be looked at all the same: neither dismissed nor put off."""
    _check(Deed.TAKE_BACK, line, by)
    burst = line.burst
    burst.dismissed_at, burst.dismissed_why, burst.snoozed_until = None, "", None
    session.flush()


def _becomes(session: Session, burst: Burst, became: Became, number: str, *, by: Person) -> None:
    burst.became, burst.became_number = became, number
    burst.became_by_id, burst.became_at = by.id, now(session)
    session.flush()
