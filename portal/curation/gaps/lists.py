"""The list of gaps as pages, exports and the API read it: counted by people, filtered, paged.

Only counts and masked words are read here; which tickets stand behind a gap, and who may see them, is
``record``'s. The invariant: the number of statements does not depend on the number of gaps or askings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, or_, select
from sqlalchemy.orm import Session, joinedload, lazyload

from indexer.words import N_
from kb.columns import now
from kb.counting import count_of
from portal.curation.gaps.course import courses
from portal.curation.gaps.flow import GapState
from portal.curation.gaps.models import Gap, GapAsk
from portal.curation.gaps.shrinkage import Shrinkage
from portal.curation.gaps.wordings import latest_said
from portal.curation.wording import distinct
from portal.people.models import Person, Unit
from portal.people.queries import unit_ids_of

PERIODS = (30, 90, 180)
PERIOD = 90
EXAMPLES = 3
NEWEST = 12
#: So many weeks are compared with as many before them.
LATELY = timedelta(days=28)
GROWING_LEAST = 3
FULL = (Person.posts, Person.unit)


class Order(StrEnum):
    PEOPLE = "people"
    GROWTH = "growth"
    NEWEST = "newest"


ORDER_LABELS = {
    Order.PEOPLE: N_("问的人最多"),
    Order.GROWTH: N_("近四周增加最多"),
    Order.NEWEST: N_("最近有人问"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of gaps asks for; ``mine``: those entrusted to this person."""

    state: GapState | None = None
    days: int = PERIOD
    system: str = ""
    unit: str = ""
    text: str = ""
    mine: int | None = None
    order: Order = Order.PEOPLE


@dataclass(frozen=True, slots=True)
class Line:
    """One gap in the list; counts are of the period."""

    gap: Gap
    people: int
    asks: int
    units: int
    last_at: datetime | None
    lately: int
    before: int
    examples: tuple[str, ...] = ()
    unit_names: tuple[Unit, ...] = ()
    course: Shrinkage | None = None

    @property
    def growing(self) -> bool:
        """Clearly more people in the last four weeks than in the four before."""
        return self.lately >= GROWING_LEAST and self.lately >= 2 * self.before


@dataclass(frozen=True, slots=True)
class Slice:
    lines: tuple[Line, ...] = ()
    total: int = 0
    counts: Mapping[GapState, int] = field(default_factory=dict)


def gaps_listed(session: Session, wanted: Wanted, *, limit: int, offset: int = 0) -> Slice:
    """A page of the list, the counts of each state, and the whole number."""
    counted = _counted(session, wanted)
    rows = _rows(wanted, counted)
    total = count_of(session, rows)
    page = session.execute(rows.limit(limit).offset(offset)).all()
    ids = [row[0].id for row in page]
    examples, units = _examples(session, ids), _units(session, ids, wanted)
    shrunk = courses(session, [row[0] for row in page])
    lines = [
        Line(
            gap=row[0],
            people=row[1],
            asks=row[2],
            units=row[3],
            last_at=row[4],
            lately=row[5],
            before=row[6],
            examples=tuple(text for text in examples[row[0].id] if text != row[0].title)[:EXAMPLES],
            unit_names=tuple(units[row[0].id]),
            course=shrunk.get(row[0].id),
        )
        for row in page
    ]
    return Slice(tuple(lines), total, _by_state(session, wanted, counted))


def _counted(session: Session, wanted: Wanted) -> Subquery:
    """Gap → who asked, in the period and within the units asked for."""
    moment = now(session)
    lately, before = moment - LATELY, moment - 2 * LATELY
    who = GapAsk.person_id
    conditions: list[ColumnElement[bool]] = [
        GapAsk.gap_id.is_not(None),
        GapAsk.at >= moment - timedelta(days=wanted.days),
    ]
    if wanted.unit:
        conditions.append(GapAsk.unit_id.in_(unit_ids_of(session, wanted.unit)))
    return (
        select(
            GapAsk.gap_id,
            func.count(who.distinct()).label("people"),
            func.count().label("asks"),
            func.count(GapAsk.unit_id.distinct()).label("units"),
            func.max(GapAsk.at).label("last_at"),
            func.count(case((GapAsk.at >= lately, who)).distinct()).label("lately"),
            func.count(case((and_(GapAsk.at >= before, GapAsk.at < lately), who)).distinct()).label("before"),
        )
        .where(*conditions)
        .group_by(GapAsk.gap_id)
        .subquery()
    )


def _rows(wanted: Wanted, counted: Subquery) -> Select[Any]:
    c = counted.c
    orders = {
        Order.PEOPLE: (c.people.desc(), c.asks.desc()),
        Order.GROWTH: ((c.lately - c.before).desc(), c.people.desc()),
        Order.NEWEST: (c.last_at.desc(),),
    }
    rows = (
        select(Gap, c.people, c.asks, c.units, c.last_at, c.lately, c.before)
        .join(counted, c.gap_id == Gap.id)
        .where(*_narrowed(wanted))
        .options(
            joinedload(Gap.assignee).options(*(lazyload(part) for part in FULL)),
            joinedload(Gap.article),
            joinedload(Gap.nearest),
        )
        .order_by(*orders[wanted.order], Gap.id)
    )
    return rows.where(Gap.state == wanted.state) if wanted.state else rows


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.system:
        found.append(Gap.system == wanted.system)
    if wanted.mine is not None:
        found.append(Gap.assignee_id == wanted.mine)
    if wanted.text:
        said = select(GapAsk.gap_id).where(GapAsk.text.contains(wanted.text, autoescape=True))
        found.append(or_(Gap.title.contains(wanted.text, autoescape=True), Gap.id.in_(said)))
    return found


def _by_state(session: Session, wanted: Wanted, counted: Subquery) -> dict[GapState, int]:
    rows = session.execute(
        select(Gap.state, func.count())
        .join(counted, counted.c.gap_id == Gap.id)
        .where(*_narrowed(wanted))
        .group_by(Gap.state)
    )
    return dict.fromkeys(GapState, 0) | dict(rows.all())


def _examples(session: Session, ids: Sequence[int]) -> Mapping[int, list[str]]:
    """The latest wordings of each, no two alike."""
    said = latest_said(session, ids, most=NEWEST)
    return {gap: distinct(said[gap], most=EXAMPLES + 1) for gap in ids}


def _units(session: Session, ids: Sequence[int], wanted: Wanted) -> Mapping[int, list[Unit]]:
    """The units that most of the people are from, the largest first."""
    people = func.count(GapAsk.person_id.distinct())
    since = now(session) - timedelta(days=wanted.days)
    rows = session.execute(
        select(GapAsk.gap_id, GapAsk.unit_id)
        .where(GapAsk.gap_id.in_(ids), GapAsk.at >= since)
        .group_by(GapAsk.gap_id, GapAsk.unit_id)
        .order_by(people.desc(), GapAsk.unit_id)
    ).all()
    wanted_units = {unit for _, unit in rows}
    named = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(wanted_units)))}
    found: defaultdict[int, list[Unit]] = defaultdict(list)
    for gap, unit in rows:
        if gap is not None and len(found[gap]) < EXAMPLES:
            found[gap].append(named[unit])
    return found
