"""Judging ticket ↔ defect: link, reject, none of these, take back. Judgements are kept; the last one counts.

What the system links by itself (``by`` None) is written into the trail, and so is what a person makes of it;
why it links stands in ``portal.causes.autolink``. The invariant, held by the database as well: a ticket has
one live link at most, whoever judges at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from defects.models import Defect
from defects.moves import survivor_of
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import recurring, trail
from portal.tickets.locking import lock
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.visibility import permissions_on
from portal.tickets.words import Action, State

Chances = Mapping[int, float]
UNKNOWN: Chances = MappingProxyType({})


def link(
    session: Session, ticket: Ticket, defect: Defect, *, by: Person | None, probability: float | None = None
) -> DefectLink:
    """Tie the ticket to its root cause; a former link of the ticket is taken back.

    A person who links what the system has linked says that it was right. A ticket from a unit that already
    runs the fix opens the record again (``recurring``). A record that was merged answers by its survivor.
    """
    lock(session, ticket)
    _check(ticket, by)
    defect = _surviving(session, defect)
    former = next((row for row in ticket.defect_links if row.is_live), None)
    if former is not None and former.defect_id == defect.id:
        return _kept(session, ticket, former, by=by)
    if former is not None:
        _end(session, ticket, former, by=by)
    row = _judge(session, ticket, defect, LinkVerdict.LINKED, by=by, probability=probability)
    if by is None:
        _write_down(session, ticket, Action.AUTO_LINK, row, by=None)
    recurring.watch(session, ticket, defect)
    return row


def _surviving(session: Session, defect: Defect) -> Defect:
    """The record that answers for this one, read anew; whoever is just merging it is waited for.

    A merge holds the tickets first and the records after them, as a link does: nobody waits in a circle.
    """
    wanted = select(Defect).where(Defect.id == defect.id)
    held = wanted.with_for_update(of=Defect, read=True, key_share=True)
    session.scalars(held.execution_options(populate_existing=True)).all()
    return survivor_of(defect)


def _kept(session: Session, ticket: Ticket, former: DefectLink, *, by: Person | None) -> DefectLink:
    """The same once more: only a person's word about the system's link changes anything."""
    if by is None or not former.is_automatic:
        return former
    _write_down(session, ticket, Action.AUTO_KEPT, former, by=by)
    row = _replaced(session, ticket, former, former.defect, by_id=by.id)
    recurring.watch(session, ticket, row.defect)
    return row


def _replaced(
    session: Session, ticket: Ticket, former: DefectLink, defect: Defect, *, by_id: int | None
) -> DefectLink:
    """A judgement in the place of another one, which nobody has called wrong."""
    former.verdict, former.ended_at, former.ended_by_id = LinkVerdict.UNDONE, now(session), by_id
    session.flush()  # the former link gives way first: the database holds one live link a ticket
    row = _row(session, ticket, defect, LinkVerdict.LINKED, by_id=by_id)
    row.at, row.probability = former.ended_at, former.probability
    return _added(session, row)


def stand_by(session: Session, ticket: Ticket, *, by: Person) -> None:
    """Whoever parks a ticket on the record that the system linked says by that that it is the cause."""
    live = next((row for row in ticket.defect_links if row.is_automatic), None)
    if live is not None and Permission.LINK_DEFECTS in permissions_on(by, ticket):
        link(session, ticket, live.defect, by=by)


def carry(session: Session, ticket: Ticket, into: Defect) -> DefectLink | None:
    """The record was merged: the link goes along to the surviving one, with whoever had made it."""
    lock(session, ticket)
    former = next((row for row in ticket.defect_links if row.is_live), None)
    if former is None or former.defect_id == into.id:
        return former
    by_id = former.by_id
    row = _replaced(session, ticket, former, into, by_id=by_id)
    former.ended_by_id = None  # nobody has judged anew
    recurring.watch(session, ticket, into)
    return row


def reject(
    session: Session, ticket: Ticket, defect: Defect, *, by: Person, probability: float | None = None
) -> DefectLink:
    """Say that this is not the root cause; it is no longer offered for this ticket."""
    lock(session, ticket)
    _check(ticket, by)
    return _rejected(session, ticket, defect, by=by, probability=probability)


def _rejected(
    session: Session, ticket: Ticket, defect: Defect, *, by: Person, probability: float | None
) -> DefectLink:
    _check_parked(ticket, defect)
    for former in ticket.defect_links:
        if former.defect_id == defect.id and former.is_live:
            _end(session, ticket, former, by=by)
    recurring.unwatch(session, ticket, defect, by=by)
    return _judge(session, ticket, defect, LinkVerdict.REJECTED, by=by, probability=probability)


def none_of_these(
    session: Session, ticket: Ticket, defects: Sequence[Defect], *, by: Person, chances: Chances = UNKNOWN
) -> list[DefectLink]:
    """One answer to everything that was offered: no known record is behind this ticket.

    It is kept as one, taken back as one, and teaches as one.
    """
    lock(session, ticket)
    _check(ticket, by)
    offered = list(dict.fromkeys(defects))
    if not offered:
        raise Refused(N_("没有推荐的缺陷，不需要排除。"))
    rows = [
        _rejected(session, ticket, defect, by=by, probability=chances.get(defect.id)) for defect in offered
    ]
    for row in rows:
        row.together = rows[0].id
    session.flush()
    return rows


def undo(session: Session, ticket: Ticket, defect: Defect, *, by: Person) -> None:
    """Take the last judgement on this pair back."""
    lock(session, ticket)
    _check(ticket, by)
    _check_parked(ticket, defect)
    standing = [row for row in _standing(ticket) if row.defect_id == defect.id]
    if not standing:
        raise Refused(N_("没有可以撤销的关联。"))
    _end(session, ticket, standing[-1], by=by)


def undo_last(session: Session, ticket: Ticket, *, by: Person) -> list[DefectLink]:
    """Take back what was judged last: one link, one rejection, or the whole of "none of these"."""
    lock(session, ticket)
    _check(ticket, by)
    rows = last_judged(ticket)
    if not rows:
        raise Refused(N_("没有可以撤销的关联。"))
    for row in rows:
        _check_parked(ticket, row.defect)
        _end(session, ticket, row, by=by)
    return rows


def last_judged(ticket: Ticket) -> list[DefectLink]:
    """The rows that ``undo_last`` would take back."""
    standing = _standing(ticket)
    last = standing[-1:]
    if not last or last[0].together is None:
        return last
    return [row for row in standing if row.together == last[0].together]


def answered_none(ticket: Ticket) -> list[DefectLink]:
    """The rows of the "none of these" that stands; empty as soon as the ticket is linked again."""
    together = [row for row in _standing(ticket) if row.together is not None]
    if not together or ticket.defect is not None:
        return []
    return [row for row in together if row.together == together[-1].together]


def was_automatic(row: DefectLink) -> bool:
    """Did the system make this link, whether or not a person has confirmed it since?"""
    return row.is_automatic or any(
        former.by_id is None and former.defect_id == row.defect_id and former.ended_at == row.at
        for former in row.ticket.defect_links
    )


def _standing(ticket: Ticket) -> list[DefectLink]:
    return [row for row in ticket.defect_links if row.verdict != LinkVerdict.UNDONE]


def _end(session: Session, ticket: Ticket, row: DefectLink, *, by: Person | None) -> None:
    """Taken back; a person who takes the system's link back is written into the trail."""
    if row.is_automatic and by is not None:
        _write_down(session, ticket, Action.AUTO_UNDONE, row, by=by)
    was_live = row.is_live
    row.verdict, row.ended_at, row.ended_by_id = LinkVerdict.UNDONE, now(session), by.id if by else None
    session.flush()  # a former link gives way first: the database holds one live link a ticket
    if was_live:
        recurring.unwatch(session, ticket, row.defect, by=by)


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
    row = _row(session, ticket, defect, verdict, by_id=by.id if by else None)
    row.probability = probability
    return _added(session, row)


def _row(
    session: Session, ticket: Ticket, defect: Defect, verdict: LinkVerdict, *, by_id: int | None
) -> DefectLink:
    return DefectLink(ticket=ticket, defect=defect, verdict=verdict, by_id=by_id, at=now(session))


def _added(session: Session, row: DefectLink) -> DefectLink:
    session.add(row)
    session.flush()
    return row


def _write_down(
    session: Session, ticket: Ticket, action: Action, row: DefectLink, *, by: Person | None
) -> None:
    sure = "" if row.probability is None else f"，把握 {min(99, round(row.probability * 100))}%"
    note = f"{row.defect.number}《{row.defect.title}》{sure if by is None else ''}"
    data: dict[str, object] = {"defect": row.defect.number, "probability": row.probability}
    start = (ticket.state, ticket.tier)
    trail.append(session, ticket, action, by_id=by.id if by else None, start=start, note=note, data=data)


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
