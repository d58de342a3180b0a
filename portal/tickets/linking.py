"""Judging ticket ↔ defect: link, reject, take back. The judgements are kept; the last one counts.

The invariant, held by the database as well: a ticket has one live link at most, whoever judges at once.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from defects.models import Defect
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import recurring
from portal.tickets.locking import lock
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.visibility import permissions_on
from portal.tickets.words import State


def link(
    session: Session, ticket: Ticket, defect: Defect, *, by: Person | None, probability: float | None = None
) -> DefectLink:
    """Tie the ticket to its root cause; a former link of the ticket is taken back.

    A ticket from a unit that already runs the fix opens the record again (``recurring``).
    """
    lock(session, ticket)
    _check(ticket, by)
    for former in ticket.defect_links:
        if former.is_live and former.defect_id == defect.id:
            return former
        if former.is_live:
            former.verdict = LinkVerdict.UNDONE
    session.flush()  # the former link gives way first: the database holds one live link a ticket
    row = _judge(session, ticket, defect, LinkVerdict.LINKED, by=by, probability=probability)
    recurring.watch(session, ticket, defect)
    return row


def reject(
    session: Session, ticket: Ticket, defect: Defect, *, by: Person, probability: float | None = None
) -> DefectLink:
    """Say that this is not the root cause; it is no longer offered for this ticket."""
    lock(session, ticket)
    _check(ticket, by)
    _check_parked(ticket, defect)
    for former in ticket.defect_links:
        if former.defect_id == defect.id and former.is_live:
            former.verdict = LinkVerdict.UNDONE
    return _judge(session, ticket, defect, LinkVerdict.REJECTED, by=by, probability=probability)


def undo(session: Session, ticket: Ticket, defect: Defect, *, by: Person) -> None:
    """Take the last judgement on this pair back."""
    lock(session, ticket)
    _check(ticket, by)
    _check_parked(ticket, defect)
    live = [
        row for row in ticket.defect_links if row.defect_id == defect.id and row.verdict != LinkVerdict.UNDONE
    ]
    if not live:
        raise Refused(N_("没有可以撤销的关联。"))
    live[-1].verdict = LinkVerdict.UNDONE
    session.flush()


def _check(ticket: Ticket, by: Person | None) -> None:
    if by is not None and Permission.LINK_DEFECTS not in permissions_on(by, ticket):
        raise Refused(N_("您的岗位不能为这张工单关联缺陷。"))


def _check_parked(ticket: Ticket, defect: Defect) -> None:
    """A parked ticket waits for its defect; without the link nobody would ever wake it."""
    if ticket.state == State.PARKED and ticket.defect is not None and ticket.defect.id == defect.id:
        raise Refused(N_("工单正挂起等这条缺陷修复，请先解除挂起，再改关联。"))


def _judge(
    session: Session,
    ticket: Ticket,
    defect: Defect,
    verdict: LinkVerdict,
    *,
    by: Person | None,
    probability: float | None,
) -> DefectLink:
    row = DefectLink(
        ticket=ticket,
        defect=defect,
        verdict=verdict,
        by_id=by.id if by else None,
        at=now(session),
        probability=probability,
    )
    session.add(row)
    session.flush()
    return row


def tickets_of(session: Session, defect: Defect) -> list[Ticket]:
    """The tickets linked to a defect now, newest first."""
    return list(
        session.scalars(
            select(Ticket)
            .join(DefectLink)
            .where(DefectLink.defect_id == defect.id, DefectLink.verdict == LinkVerdict.LINKED)
            .order_by(Ticket.filed_at.desc())
        )
    )


def counts_of(session: Session, defect_ids: list[int]) -> dict[int, int]:
    """How many tickets each defect has."""
    rows = session.execute(
        select(DefectLink.defect_id, func.count())
        .where(DefectLink.defect_id.in_(defect_ids), DefectLink.verdict == LinkVerdict.LINKED)
        .group_by(DefectLink.defect_id)
    )
    return {number: count for number, count in rows.all()}  # noqa: C416 - a Row is no pair to dict()
