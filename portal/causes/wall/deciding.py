"""What is decided on a group of the wall: linked to a record, opened as one, gathered, set aside, taken back.

Verbs never commit; they raise :class:`kb.flow.Refused`. Each leaves a line, and what may be undone is undone
by that line. The invariant: whoever decides may judge every ticket that the deed touches, and a group that is
set aside comes back only by hand or by ``arranging.grown``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from defects.flow import DEAD
from defects.models import Defect
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.causes.wall.models import WallAction, WallGroup, WallMember, WallMove
from portal.faults import board as faults
from portal.faults.models import FaultEvent
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import linking, roots
from portal.tickets.models import Ticket
from portal.tickets.visibility import permissions_on

REASON_LIMIT = 500
#: Which deeds can be taken back with one key, and for how long.
UNDOABLE = (WallAction.LINK, WallAction.DISMISS)
UNDO_WITHIN = timedelta(hours=12)


def open_record(
    session: Session, group: WallGroup | None, tickets: Sequence[Ticket], *, title: str, by: Person
) -> Defect:
    """A record out of these tickets, with every one of them linked to it."""
    defect = roots.open_record_from(session, tickets, title=title, by=by)
    if group is not None:
        group.defect_id = defect.id
        _note(session, group, WallAction.OPEN, by=by, tickets=tickets, defect=defect)
    return defect


def link_all(
    session: Session, group: WallGroup, tickets: Sequence[Ticket], defect: Defect, *, by: Person
) -> WallMove:
    """Tie all of these to one known record in one deed; the line says which, so that it can be undone."""
    _check(group, tickets, by=by)
    if defect.state in DEAD:
        raise Refused(
            N_("缺陷 %(number)s 已经并入别的缺陷或判定不是缺陷，不能再关联。"), number=defect.number
        )
    chance = group.nearest_probability if group.nearest_id == defect.id and group.nearest_counted else None
    for ticket in tickets:
        if ticket.defect is not None:
            raise Refused(N_("工单 %(number)s 已经关联了缺陷，请刷新后再看。"), number=ticket.number)
        linking.link(session, ticket, defect, by=by, probability=chance)
    return _note(session, group, WallAction.LINK, by=by, tickets=tickets, defect=defect)


def gather(
    session: Session, group: WallGroup, tickets: Sequence[Ticket], *, title: str, by: Person
) -> FaultEvent:
    """Propose that it is an outage: a fault event out of these reports, for dispatch to rule on."""
    _check(group, tickets, by=by)
    fault = faults.gather(session, tickets, title=title or group.title, by=by)
    _note(session, group, WallAction.GATHER, by=by, tickets=tickets, note=fault.number)
    return fault


def dismiss(
    session: Session, group: WallGroup, tickets: Sequence[Ticket], *, reason: str, by: Person
) -> WallMove:
    """This needs no record, because …; ``tickets``: all that the group has now."""
    _check(group, tickets, by=by)
    if group.dismissed_at is not None:
        raise Refused(N_("这组工单刚刚已经被搁置了，请刷新后再看。"))
    words = reason.strip()[:REASON_LIMIT]
    if not words:
        raise Refused(N_("请写明为什么不建缺陷，以后看到同样工单的同事才知道。"))
    group.dismissed_at, group.dismissed_by_id, group.dismissed_why = now(session), by.id, words
    group.dismissed_size, group.came_back_at = len(tickets), None
    return _note(session, group, WallAction.DISMISS, by=by, tickets=tickets, note=words)


def take_back(session: Session, group: WallGroup, tickets: Sequence[Ticket], *, by: Person) -> WallMove:
    """It belongs on the wall all the same."""
    _check(group, tickets, by=by)
    if group.dismissed_at is None:
        raise Refused(N_("这组工单已经在墙上了。"))
    group.dismissed_at, group.dismissed_why = None, ""
    return _note(session, group, WallAction.TAKE_BACK, by=by, tickets=tickets)


def last_deed(session: Session, by: Person) -> WallMove | None:
    """What this person would undo now: the last deed of theirs that can be, if it isn't long ago."""
    wanted = (
        select(WallMove)
        .where(WallMove.by_id == by.id, WallMove.action.in_(UNDOABLE), WallMove.undone_at.is_(None))
        .where(WallMove.at >= now(session) - UNDO_WITHIN)
        .options(joinedload(WallMove.group))
        .order_by(WallMove.id.desc())
        .limit(1)
    )
    move = session.scalars(wanted).first()
    stale = move is not None and move.action == WallAction.DISMISS and move.group.dismissed_at is None
    return None if stale else move


def undo(session: Session, move: WallMove, *, by: Person) -> WallMove:
    """Take a deed of one's own back."""
    if move.by_id != by.id or move.action not in UNDOABLE or move.undone_at is not None:
        raise Refused(N_("没有可以撤销的操作。"))
    tickets = tickets_by_id(session, move.tickets)
    move.undone_at = now(session)
    if move.action == WallAction.DISMISS:
        return take_back(session, move.group, tickets, by=by)
    defect = session.get_one(Defect, move.defect_id)
    linked = [row for row in tickets if row.defect is not None and row.defect.id == defect.id]
    if not linked:
        raise Refused(N_("这些工单已经改关联到别处了，没有可以撤销的。"))
    for ticket in linked:
        linking.undo(session, ticket, defect, by=by)
    return _note(session, move.group, WallAction.UNLINK, by=by, tickets=linked, defect=defect)


def tickets_by_id(session: Session, ids: Collection[int]) -> list[Ticket]:
    """These tickets, newest first."""
    rows = select(Ticket).where(Ticket.id.in_(ids)).options(joinedload(Ticket.requester))
    return list(session.scalars(rows.order_by(Ticket.filed_at.desc(), Ticket.id.desc())).unique())


def members_of(session: Session, group: WallGroup) -> set[int]:
    return set(session.scalars(select(WallMember.ticket_id).where(WallMember.group_id == group.id)))


def _check(group: WallGroup, tickets: Sequence[Ticket], *, by: Person) -> None:
    if not tickets:
        raise Refused(N_("请至少勾选一张工单。"))
    for ticket in tickets:
        held = permissions_on(by, ticket)
        if Permission.CURATE_DEFECTS not in held or Permission.LINK_DEFECTS not in held:
            raise Refused(N_("您的岗位不能处理工单 %(number)s。"), number=ticket.number)
        if ticket.system_id != group.system_id:
            raise Refused(N_("工单 %(number)s 不属于这一组，请刷新后再看。"), number=ticket.number)


def _note(
    session: Session,
    group: WallGroup,
    action: WallAction,
    *,
    by: Person,
    tickets: Sequence[Ticket],
    defect: Defect | None = None,
    note: str = "",
) -> WallMove:
    move = WallMove(
        action=action,
        by_id=by.id,
        at=now(session),
        note=note,
        defect_id=defect.id if defect else None,
        tickets=[ticket.id for ticket in tickets],
    )
    group.moves.append(move)
    session.flush()
    return move
