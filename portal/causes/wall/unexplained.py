"""Which tickets the wall is about: those that may have a root cause and are linked to none yet.

One rule, ``is_unexplained``, which the grouping and every list of groups ask, so that a ticket leaves the
wall in the moment in which it is linked. The invariant: reading only, and nothing here knows a viewer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.causes.wall.models import WallGroup, WallMember
from portal.finder.grouping import Told
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.queries import newest_by
from portal.tickets.roots import RECENT, ROOTED
from portal.tickets.words import State

#: A group that was set aside remembers its tickets for so long, so that what is alike still meets it.
REMEMBERED = timedelta(weeks=26)
#: Of one system: every pair of them is looked at.
LATEST = 600
BESIDE = 300
READ = 1_200
SYSTEMS = 8
GONE = (State.CANCELLED, State.MERGED)


def is_unexplained(since: datetime) -> ColumnElement[bool]:
    """Filed since then, of a category that a defect may stand behind, and linked to none."""
    linked = exists().where(DefectLink.ticket_id == Ticket.id, DefectLink.verdict == LinkVerdict.LINKED)
    wanted = (Ticket.category.in_(ROOTED), Ticket.state.not_in(GONE), Ticket.filed_at >= since)
    return and_(*wanted, ~linked)


def waiting_systems(session: Session, *, limit: int = SYSTEMS) -> list[int]:
    """Systems with tickets that nobody has grouped yet, those with most first."""
    placed = exists().where(WallMember.ticket_id == Ticket.id)
    rows = session.scalars(
        select(Ticket.system_id)
        .where(is_unexplained(now(session) - RECENT), ~placed)
        .group_by(Ticket.system_id)
        .order_by(func.count().desc(), Ticket.system_id)
        .limit(limit)
    )
    return list(rows)


def unplaced(session: Session, system: int, *, limit: int = 5_000) -> set[int]:
    """Tickets of this system that nobody has grouped yet."""
    placed = exists().where(WallMember.ticket_id == Ticket.id)
    wanted = select(Ticket.id).where(
        Ticket.system_id == system, is_unexplained(now(session) - RECENT), ~placed
    )
    return set(session.scalars(wanted.order_by(Ticket.id).limit(limit)))


def told_in(session: Session, system: int) -> tuple[list[Told], dict[int, int | None]]:
    """The latest of one system with those that were set aside, and the group of each before."""
    moment = now(session)
    aside = exists().where(WallGroup.id == WallMember.group_id, WallGroup.dismissed_at.is_not(None))
    recent = is_unexplained(moment - RECENT)
    remembered = and_(is_unexplained(moment - REMEMBERED), aside)
    rows = session.execute(
        select(*_TOLD, WallMember.group_id)
        .outerjoin(WallMember, WallMember.ticket_id == Ticket.id)
        .where(Ticket.system_id == system, recent | remembered)
        .order_by(Ticket.filed_at.desc(), Ticket.id.desc())
        .limit(LATEST)
    ).all()
    return [_told(row) for row in rows], {row.id: row.group_id for row in rows}


def told_elsewhere(session: Session, system: int) -> list[Told]:
    """What is told of other systems: without it a system about which everybody says the same would have no
    words that tell anything."""
    rows = session.execute(
        select(*_TOLD)
        .where(Ticket.system_id != system, is_unexplained(now(session) - RECENT))
        .order_by(Ticket.filed_at.desc(), Ticket.id.desc())
        .limit(BESIDE)
    )
    return [_told(row) for row in rows]


def newest_of(
    session: Session, groups: Sequence[int], *also: ColumnElement[bool], most: int, since: datetime
) -> Mapping[int, list[Ticket]]:
    """Group → its newest tickets, at most so many; ``also`` narrows them, to what a viewer serves for one."""
    members = select(Ticket).join(WallMember, WallMember.ticket_id == Ticket.id)
    wanted = members.where(WallMember.group_id.in_(groups), is_unexplained(since), *also)
    return newest_by(session, wanted, WallMember.group_id, most=most)


_TOLD = (
    Ticket.id,
    Ticket.system_id,
    func.coalesce(Ticket.module, "").label("module"),
    Ticket.title,
    func.substr(Ticket.text, 1, READ).label("text"),
)


def _told(row: Sequence[object]) -> Told:
    number, system, module, title, text, *_ = row
    return Told(int(str(number)), int(str(system)), str(module), f"{title}\n{text}")
