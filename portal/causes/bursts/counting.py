"""How many tickets, and how many searches in vain, each system had in an hour and in the hours like it.

Reading only. A search counts as in vain when nothing trustworthy was shown, whatever its person did then: how
it ends is not yet known of the latest. The invariant: the number of statements depends neither on the number
of systems nor on that of the hours.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from portal.catalogue.models import System
from portal.causes.bursts.like_hours import Span
from portal.causes.wall.models import WallGroup, WallMember
from portal.finder.models import Consultation
from portal.tickets.models import Ticket
from portal.tickets.roots import ROOTED

#: How far back the share of a group in its system is measured.
SHARE_REACH = timedelta(weeks=8)


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one series: the hour that is judged, and the like hours before, the oldest first."""

    now: int
    before: tuple[int, ...]

    @property
    def usual(self) -> float:
        return sum(self.before) / len(self.before) if self.before else 0.0


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """Tickets of a group of the wall and of its system: in the hour, and in all weeks with it."""

    system_id: int
    now: int
    whole: int
    system_now: int
    system_whole: int

    @property
    def usual(self) -> float:
        """So many an hour would bring if the group had its usual share in what the system has now."""
        before = self.system_whole - self.system_now
        return self.system_now * (self.whole - self.now) / before if before > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Counted:
    tickets: Mapping[int, Counts]
    """System → its tickets, of every system in use."""
    searches: Mapping[int, Counts]
    groups: Mapping[int, GroupCounts] = field(default_factory=dict)
    """Of the groups with a ticket in the hour."""
    group_series: int = 0
    """How many groups there are that could have had one."""


def counted(session: Session, span: Span, hours: Sequence[Span]) -> Counted:
    """Everything that is judged of this hour; ``hours``: those that it is compared with, the latest first.

    Hours from before there was anything at all say nothing of what is usual.
    """
    systems = dict(session.execute(select(System.code, System.id).where(System.active)).all())
    ids = list(systems.values())
    told = [*reversed(_after_the_first(session, Ticket.filed_at, hours)), span]
    tickets = session.execute(_by_slot(Ticket.system_id, Ticket.filed_at, told)).all()
    asked = [*reversed(_after_the_first(session, Consultation.at, hours)), span]
    about = func.coalesce(Consultation.about, Consultation.system)
    vain = session.execute(_by_slot(about, Consultation.at, asked, Consultation.trusted.is_(False)))
    searches = [(systems.get(code), slot, n) for code, slot, n in vain if code]
    groups, series = _groups(session, span)
    return Counted(_filled(ids, tickets, len(told)), _filled(ids, searches, len(asked)), groups, series)


def _after_the_first(session: Session, at: Any, hours: Sequence[Span]) -> list[Span]:
    first = session.scalar(select(func.min(at)))
    return [hour for hour in hours if first is not None and hour[0] >= first]


def _by_slot(what: Any, at: Any, spans: Sequence[Span], *where: ColumnElement[bool]) -> Select[Any]:
    """Grouped outside of a subquery: PostgreSQL takes two equal cases with values for two different ones."""
    within = [and_(at >= start, at < end) for start, end in spans]
    slot = case(*((each, place) for place, each in enumerate(within)))
    rows = select(what.label("what"), slot.label("slot")).where(or_(*within), *where).subquery()
    return select(rows.c.what, rows.c.slot, func.count()).group_by(rows.c.what, rows.c.slot)


def _filled(systems: Sequence[int], rows: Sequence[Any], slots: int) -> dict[int, Counts]:
    found: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for system, slot, n in rows:
        found[system][slot] = n
    return {
        system: Counts(found[system][slots - 1], tuple(found[system][place] for place in range(slots - 1)))
        for system in systems
    }


def _groups(session: Session, span: Span) -> tuple[dict[int, GroupCounts], int]:
    start, end = span
    inside = and_(Ticket.filed_at >= start, Ticket.filed_at < end)
    reach = and_(Ticket.filed_at >= start - SHARE_REACH, Ticket.filed_at < end)
    rows = session.execute(
        select(WallGroup.id, WallGroup.system_id, func.count(case((inside, 1))), func.count())
        .join(WallMember, WallMember.group_id == WallGroup.id)
        .join(Ticket, Ticket.id == WallMember.ticket_id)
        .where(reach, WallGroup.dismissed_at.is_(None))
        .group_by(WallGroup.id, WallGroup.system_id)
    ).all()
    busy = {row[1] for row in rows if row[2]}
    whole = _of_systems(session, busy, inside, reach) if busy else {}
    found = {
        group: GroupCounts(system, now, total, *whole[system]) for group, system, now, total in rows if now
    }
    return found, len(rows)


def _of_systems(
    session: Session, systems: set[int], inside: ColumnElement[bool], reach: ColumnElement[bool]
) -> dict[int, tuple[int, int]]:
    """What may stand on a wall, and what stands there: the former category may have been ruled anew."""
    grouped = exists().where(WallMember.ticket_id == Ticket.id)
    rows = session.execute(
        select(Ticket.system_id, func.count(case((inside, 1))), func.count())
        .where(Ticket.system_id.in_(systems), reach, or_(Ticket.category.in_(ROOTED), grouped))
        .group_by(Ticket.system_id)
    )
    return {system: (now, total) for system, now, total in rows}
