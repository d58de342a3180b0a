"""One gap with all its page shows: its wordings, its tickets as far as the viewer may see them, its moves.

The invariant: a ticket that the viewer may not open is counted and otherwise not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, lazyload

from kb.models import Article
from kb.queries import is_readable
from portal.curation.gaps.course import Met, Week, courses, met_since, weeks_of
from portal.curation.gaps.models import AskKind, Gap, GapAsk, GapMove
from portal.curation.gaps.shrinkage import Shrinkage
from portal.curation.wording import together
from portal.people.models import Person, Unit
from portal.people.queries import people_by_id, viewer_of
from portal.people.roles import Permission
from portal.tickets.models import Ticket
from portal.tickets.visibility import visible_tickets

WORDINGS = 200
SHOWN = 40
TICKETS = 20


@dataclass(frozen=True, slots=True)
class Wording:
    """What people said in nearly the same words, and how many of them."""

    text: str
    people: int
    kinds: tuple[AskKind, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people asked, from how many units, and in which ways."""

    people: int
    asks: int
    units: tuple[tuple[Unit, int], ...]
    kinds: tuple[tuple[AskKind, int], ...]


@dataclass(frozen=True, slots=True)
class Record:
    gap: Gap
    counted: Counted
    wordings: tuple[Wording, ...]
    tickets: tuple[Ticket, ...]
    unseen: int
    weeks: tuple[Week, ...]
    course: Shrinkage | None
    met: Met | None
    moves: tuple[GapMove, ...]
    people: dict[int, Person]


def record_of(session: Session, gap: Gap, person: Person) -> Record:
    """Everything about one gap, for this person."""
    tickets = tickets_of(session, gap, person)
    behind = select(func.count(GapAsk.ticket_id.distinct())).where(GapAsk.gap_id == gap.id)
    return Record(
        gap=gap,
        counted=_counted(session, gap),
        wordings=tuple(wordings_of(session, gap)[:SHOWN]),
        tickets=tuple(tickets[:TICKETS]),
        unseen=max(0, (session.scalar(behind) or 0) - len(tickets)),
        weeks=tuple(weeks_of(session, gap)),
        course=courses(session, [gap]).get(gap.id),
        met=met_since(session, gap),
        moves=tuple(gap.moves),
        people=people_by_id(session, [row.by_id for row in gap.moves]),
    )


def gap_by_id(session: Session, number: int) -> Gap | None:
    return session.scalar(
        select(Gap)
        .where(Gap.id == number)
        .options(
            joinedload(Gap.assignee).options(lazyload(Person.posts), lazyload(Person.unit)),
            joinedload(Gap.article),
            joinedload(Gap.nearest),
        )
    )


def may_be_named(article: Article | None, person: Person) -> bool:
    """May this person know of the article? Its writers know of all, others of what they may read."""
    if article is None:
        return False
    writes = person.may(Permission.WRITE_ARTICLES) or person.may(Permission.PUBLISH_ARTICLES)
    return writes or is_readable(article, viewer_of(person))


def tickets_of(session: Session, gap: Gap, person: Person) -> list[Ticket]:
    """The tickets behind it that this person may open, newest first."""
    behind = select(GapAsk.ticket_id).where(GapAsk.gap_id == gap.id, GapAsk.ticket_id.is_not(None))
    rows = session.scalars(
        visible_tickets(person)
        .where(Ticket.id.in_(behind))
        .order_by(Ticket.filed_at.desc(), Ticket.id.desc())
    )
    return list(rows)


def wordings_of(session: Session, gap: Gap) -> list[Wording]:
    """The latest ways of asking, near-identical ones together, what most people said first."""
    rows = session.execute(
        select(GapAsk.text, GapAsk.person_id, GapAsk.kind)
        .where(GapAsk.gap_id == gap.id)
        .order_by(GapAsk.at.desc(), GapAsk.id.desc())
        .limit(WORDINGS)
    ).all()
    found = [_wording([rows[place] for place in places]) for places in together([row[0] for row in rows])]
    return sorted(found, key=lambda wording: -wording.people)


def _wording(rows: Sequence[tuple[str, int, AskKind]]) -> Wording:
    kinds = dict.fromkeys(kind for _, _, kind in rows)
    return Wording(rows[0][0], len({person for _, person, _ in rows}), tuple(kinds))


def _counted(session: Session, gap: Gap) -> Counted:
    mine = GapAsk.gap_id == gap.id
    people = func.count(GapAsk.person_id.distinct())
    units = session.execute(
        select(GapAsk.unit_id, people).where(mine).group_by(GapAsk.unit_id).order_by(people.desc())
    ).all()
    ids = [unit for unit, _ in units]
    named = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(ids)))}
    kinds = session.execute(
        select(GapAsk.kind, func.count()).where(mine).group_by(GapAsk.kind).order_by(func.count().desc())
    )
    by_unit = tuple((named[unit], n) for unit, n in units)
    whole = session.execute(select(people, func.count()).where(mine)).one()
    return Counted(whole[0], whole[1], by_unit, tuple((kind, n) for kind, n in kinds))
