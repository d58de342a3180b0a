"""Bursts as people read them: what goes on, what was lately over, with the tickets behind each.

The invariants: whoever serves none of a burst's tickets doesn't see that there is one, unless their post
serves every ticket or the burst's system; whoever serves a part of them is shown that part and its count. The
number of statements does not depend on the number of bursts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Subquery, and_, func, or_, select, union_all
from sqlalchemy.orm import Session, joinedload, lazyload

from kb.columns import now
from portal.causes.bursts.models import Became, Burst, Series
from portal.causes.wall.models import WallMember
from portal.people.models import Person
from portal.people.roles import BOUND_TO_SYSTEMS
from portal.tickets.models import Ticket
from portal.tickets.queries import newest_by
from portal.tickets.visibility import served_by, serves_all
from portal.tickets.words import Category

LATELY = timedelta(days=7)
MOST = 60
LISTED = 60
#: From so many units it is more likely the system than the users.
UNITS = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One burst as this person sees it; ``whole``: its counts are theirs to know."""

    burst: Burst
    tickets: tuple[Ticket, ...]
    seen: int
    whole: bool

    @property
    def units(self) -> int:
        return len({ticket.unit_id for ticket in self.tickets})

    @property
    def proposal(self) -> Became:
        """What it most looks like: asked in vain, so unanswered; from many units at once, so an outage."""
        asks = sum(ticket.category == Category.CONSULTATION for ticket in self.tickets)
        if self.burst.series == Series.SEARCHES or 2 * asks > len(self.tickets):
            return Became.ARTICLE
        return Became.FAULT if self.units >= UNITS else Became.DEFECT

    @property
    def untied(self) -> tuple[Ticket, ...]:
        """Those of which a record could be opened, newest first."""
        return tuple(ticket for ticket in self.tickets if ticket.defect is None)


@dataclass(frozen=True, slots=True)
class Bursts:
    now: tuple[Line, ...]
    put_off: tuple[Line, ...]
    over: tuple[Line, ...]


def bursts(session: Session, person: Person) -> Bursts:
    """All that this person may know of, the latest first."""
    moment = now(session)
    rows = session.scalars(
        select(Burst)
        .where(or_(Burst.ended_at.is_(None), Burst.found_at >= moment - LATELY))
        .options(
            joinedload(Burst.system), joinedload(Burst.group), joinedload(Burst.dismissed_by).options(*NAMED)
        )
        .order_by(Burst.found_at.desc(), Burst.id.desc())
        .limit(MOST)
    ).all()
    lines = _lines(session, person, rows)
    put_off = [line for line in lines if _is_put_off(line.burst, moment=moment)]
    over = [line for line in lines if _is_over(line.burst)]
    there = [line for line in lines if line not in put_off and line not in over]
    return Bursts(tuple(there), tuple(put_off), tuple(over))


NAMED = (lazyload(Person.posts), lazyload(Person.unit))


def going_on(session: Session, person: Person) -> int:
    """How many bursts wait for somebody, for the line on other pages."""
    return len(bursts(session, person).now)


def line_of(session: Session, person: Person, number: int) -> Line | None:
    """One burst, if this person may know of it."""
    row = session.get(Burst, number)
    return next(iter(_lines(session, person, [row])), None) if row is not None else None


def _is_over(row: Burst) -> bool:
    return row.ended_at is not None or row.dismissed_at is not None or row.became is not None


def _is_put_off(row: Burst, *, moment: datetime) -> bool:
    return not _is_over(row) and row.snoozed_until is not None and row.snoozed_until > moment


def _lines(session: Session, person: Person, rows: Sequence[Burst]) -> list[Line]:
    ids = [row.id for row in rows]
    whole, seen = _counts(session, ids), _counts(session, ids, served_by(person))
    tickets = _tickets(session, person, ids)
    return [
        Line(row, tuple(tickets[row.id]), seen.get(row.id, 0), _is_whole(row, person, whole, seen))
        for row in rows
        if seen.get(row.id) or _is_theirs(row, person)
    ]


def _is_theirs(row: Burst, person: Person) -> bool:
    """May they know of it whatever stands behind it?"""
    if serves_all(person):
        return True
    posts = (post for post in person.posts if post.post in BOUND_TO_SYSTEMS)
    return person.active and any(row.system.code in post.systems for post in posts)


def _is_whole(row: Burst, person: Person, whole: Mapping[int, int], seen: Mapping[int, int]) -> bool:
    return _is_theirs(row, person) or (
        row.series != Series.SEARCHES and seen.get(row.id, 0) == whole.get(row.id, 0)
    )


def _behind(ids: Sequence[int]) -> Subquery:
    """Burst → the tickets behind it."""
    within = and_(Ticket.filed_at >= Burst.since, Ticket.filed_at < Burst.last_at)
    of_system = (
        select(Burst.id.label("burst"), Ticket.id.label("ticket"))
        .select_from(Burst)
        .join(Ticket, and_(Ticket.system_id == Burst.system_id, within))
        .where(Burst.id.in_(ids), Burst.series == Series.SYSTEM)
    )
    of_group = (
        select(Burst.id, Ticket.id)
        .select_from(Burst)
        .join(WallMember, WallMember.group_id == Burst.group_id)
        .join(Ticket, and_(Ticket.id == WallMember.ticket_id, within))
        .where(Burst.id.in_(ids), Burst.series == Series.GROUP)
    )
    return union_all(of_system, of_group).subquery()


def _counts(session: Session, ids: Sequence[int], *where: ColumnElement[bool]) -> dict[int, int]:
    behind = _behind(ids)
    rows = session.execute(
        select(behind.c.burst, func.count())
        .join(Ticket, Ticket.id == behind.c.ticket)
        .where(*where)
        .group_by(behind.c.burst)
    )
    return {burst: count for burst, count in rows.all()}  # noqa: C416 - a Row is no pair to dict()


def _tickets(session: Session, person: Person, ids: Sequence[int]) -> Mapping[int, list[Ticket]]:
    behind = _behind(ids)
    wanted = select(Ticket).join(behind, behind.c.ticket == Ticket.id).where(served_by(person))
    links = joinedload(Ticket.defect_links)
    return newest_by(session, wanted, behind.c.burst, most=LISTED, options=[links])
