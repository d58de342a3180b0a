"""The wall as its page reads it: groups counted, sorted and paged, with a trend and their newest tickets.

New and growing groups come first. The invariants: everything is counted and shown out of tickets that a post
of the viewer with the right to judge serves; a group of which they see a part only has none of the words that
were taken down from the whole; the number of statements does not depend on the number of groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, or_, select
from sqlalchemy.orm import Session, joinedload, lazyload

from kb.columns import now
from portal.catalogue.models import System
from portal.catalogue.queries import ZONE
from portal.causes.wall.arranging import new_since
from portal.causes.wall.models import WallGroup, WallMember
from portal.causes.wall.unexplained import REMEMBERED, is_unexplained, newest_of
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.models import Ticket
from portal.tickets.piles import served_with
from portal.tickets.roots import RECENT

WEEK = timedelta(days=7)
DAYS = 14
LISTED = 40
GROWING = 3
LEAST = 2
NAMED = (lazyload(Person.posts), lazyload(Person.unit))


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """One group as this person sees it."""

    group: WallGroup
    count: int
    units: int
    first_at: datetime
    last_at: datetime
    lately: int
    before: int
    is_new: bool
    tickets: tuple[Ticket, ...]
    trend: tuple[Day, ...]
    whole: bool
    """Does this person see all of it?"""
    since_aside: int = 0

    @property
    def growing(self) -> bool:
        """Clearly more in the last week than in the one before."""
        return not self.is_new and self.lately >= GROWING and self.lately >= 2 * self.before

    @property
    def title(self) -> str:
        return self.group.title if self.whole and self.group.title else self.tickets[0].title

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word for word in self.group.words if word not in self.codes) if self.whole else ()

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.group.codes) if self.whole else ()

    @property
    def top(self) -> int:
        return max(1, *(day.count for day in self.trend))


@dataclass(frozen=True, slots=True)
class Wall:
    lines: tuple[Line, ...]
    total: int
    alone: int
    """Tickets that are alike to none, or in a group that was set aside."""
    aside: int


def wall(session: Session, person: Person, *, aside: bool, system: str, limit: int, offset: int) -> Wall:
    """A page of it; ``aside``: of what was set aside."""
    counted = _counted(session, person, aside=aside, system=system)
    other = _counted(session, person, aside=not aside, system=system)
    rows = session.execute(_rows(session, counted, aside=aside).limit(limit).offset(offset)).all()
    total, elsewhere, grouped = _totals(session, counted, other)
    lines = _lines(session, person, rows, aside=aside)
    waiting = session.scalar(
        select(func.count()).select_from(
            _of_system(select(Ticket.id), system)
            .where(is_unexplained(now(session) - RECENT), _served(person))
            .subquery()
        )
    )
    return Wall(lines, total, max(0, (waiting or 0) - grouped), total if aside else elsewhere)


def _served(person: Person) -> ColumnElement[bool]:
    return served_with(person, Permission.CURATE_DEFECTS)


def _since(session: Session, *, aside: bool) -> datetime:
    return now(session) - (REMEMBERED if aside else RECENT)


def _of_system(rows: Select[*tuple[Any, ...]], system: str) -> Select[*tuple[Any, ...]]:
    code = select(System.id).where(System.code == system).scalar_subquery()
    return rows.where(Ticket.system_id == code) if system else rows


def _counted(session: Session, person: Person, *, aside: bool, system: str) -> Subquery:
    """Group → what this person sees of it."""
    moment = now(session)
    lately, before = moment - WEEK, moment - 2 * WEEK
    rows = (
        select(
            WallMember.group_id,
            func.count().label("count"),
            func.count(Ticket.unit_id.distinct()).label("units"),
            func.min(Ticket.filed_at).label("first_at"),
            func.max(Ticket.filed_at).label("last_at"),
            func.count(case((Ticket.filed_at >= lately, 1))).label("lately"),
            func.count(case((and_(Ticket.filed_at >= before, Ticket.filed_at < lately), 1))).label("before"),
        )
        .join(Ticket, Ticket.id == WallMember.ticket_id)
        .join(WallGroup, WallGroup.id == WallMember.group_id)
        .where(_served(person), is_unexplained(_since(session, aside=aside)))
        .where(WallGroup.dismissed_at.is_not(None) if aside else WallGroup.dismissed_at.is_(None))
        .group_by(WallMember.group_id)
    )
    rows = rows if aside else rows.having(func.count() >= LEAST)
    return _of_system(rows, system).subquery()


def _rows(session: Session, counted: Subquery, *, aside: bool) -> Select[Any]:
    c = counted.c
    fresh = c.first_at >= now(session) - WEEK
    growing = and_(c.lately >= GROWING, c.lately >= 2 * c.before)
    first = (WallGroup.dismissed_at.desc(),) if aside else (case((or_(fresh, growing), 0), else_=1),)
    return (
        select(WallGroup, c.count, c.units, c.first_at, c.last_at, c.lately, c.before, fresh)
        .join(counted, c.group_id == WallGroup.id)
        .options(
            joinedload(WallGroup.system),
            joinedload(WallGroup.nearest),
            joinedload(WallGroup.dismissed_by).options(*NAMED),
        )
        .order_by(*first, c.lately.desc(), c.count.desc(), c.last_at.desc(), WallGroup.id.desc())
    )


def _totals(session: Session, counted: Subquery, other: Subquery) -> tuple[int, int, int]:
    groups = select(func.count()).select_from(counted).scalar_subquery()
    elsewhere = select(func.count()).select_from(other).scalar_subquery()
    tickets = select(func.coalesce(func.sum(counted.c.count), 0)).scalar_subquery()
    row = session.execute(select(groups, elsewhere, tickets)).one()
    return int(row[0]), int(row[1]), int(row[2])


# ---------------------------------------------------------------------------- what belongs to the groups


def _lines(session: Session, person: Person, rows: Sequence[Any], *, aside: bool) -> tuple[Line, ...]:
    groups = [row[0] for row in rows]
    ids = [group.id for group in groups]
    since = _since(session, aside=aside)
    listed = newest_of(session, ids, _served(person), most=LISTED, since=since)
    days = _days(session, person, ids)
    whole, new = _whole(session, ids, since), new_since(session, groups) if aside else {}
    return tuple(
        Line(
            group=row[0],
            count=row[1],
            units=row[2],
            first_at=row[3],
            last_at=row[4],
            lately=row[5],
            before=row[6],
            is_new=bool(row[7]),
            tickets=tuple(listed[row[0].id]),
            trend=days[row[0].id],
            whole=whole.get(row[0].id) == row[1],
            since_aside=new.get(row[0].id, 0),
        )
        for row in rows
    )


def _whole(session: Session, ids: Sequence[int], since: datetime) -> dict[int, int]:
    rows = session.execute(
        select(WallMember.group_id, func.count())
        .join(Ticket, Ticket.id == WallMember.ticket_id)
        .where(WallMember.group_id.in_(ids), is_unexplained(since))
        .group_by(WallMember.group_id)
    )
    return {group: count for group, count in rows if group is not None}


def _days(session: Session, person: Person, ids: Sequence[int]) -> Mapping[int, tuple[Day, ...]]:
    """Tickets a day for the last fortnight, the oldest day first; days without any, too."""
    today = now(session).astimezone(ZONE).date()
    week = [today - timedelta(days=DAYS - 1 - place) for place in range(DAYS)]
    since = datetime(week[0].year, week[0].month, week[0].day, tzinfo=ZONE)
    rows = session.execute(
        select(WallMember.group_id, Ticket.filed_at)
        .join(Ticket, Ticket.id == WallMember.ticket_id)
        .where(WallMember.group_id.in_(ids), _served(person), is_unexplained(since))
    )
    counts = Counter((group, at.astimezone(ZONE).date()) for group, at in rows)
    return {group: tuple(Day(day, counts[group, day]) for day in week) for group in ids}


# ---------------------------------------------------------------------------- one group


def group_for(session: Session, person: Person, number: int) -> WallGroup | None:
    """A group of which this person sees at least one ticket."""
    seen = (
        select(WallMember.ticket_id)
        .join(Ticket, Ticket.id == WallMember.ticket_id)
        .where(WallMember.group_id == number, _served(person))
        .limit(1)
    )
    return session.get(WallGroup, number) if session.scalar(seen) is not None else None


def tickets_of(session: Session, person: Person, group: WallGroup) -> list[Ticket]:
    """Its tickets without a record that this person sees, newest first."""
    rows = (
        select(Ticket)
        .join(WallMember, WallMember.ticket_id == Ticket.id)
        .where(WallMember.group_id == group.id, _served(person))
        .where(is_unexplained(_since(session, aside=group.dismissed_at is not None)))
        .order_by(Ticket.filed_at.desc(), Ticket.id.desc())
    )
    return list(session.scalars(rows))
