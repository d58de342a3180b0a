"""Telling of deadlines: a warning to whoever has the ticket in hand, the breach to those above, too.

Who hears what is a table of posts. Nobody is woken: people hear in their own unit's working time, except of
faults, which count round the clock. Of several deadlines that a ticket missed meanwhile the gravest is told
and the others are covered by it; what went wrong long ago is told by the lists, not by a notice. The
invariant: a person hears of a deadline's warning once and of its breach once, however often this runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from indexer.words import N_
from portal.people.models import Person, PersonPost
from portal.people.roles import Post
from portal.tickets import notices
from portal.tickets.levels.alarm_log import Deadline, Stage
from portal.tickets.levels.book import book_of
from portal.tickets.levels.frozen import calendar_of
from portal.tickets.levels.models import Alarm
from portal.tickets.models import Ticket
from portal.tickets.notices import Event
from portal.tickets.visibility import post_covers
from portal.tickets.words import Category, Tier

Moment = InstrumentedAttribute[datetime | None]

#: A deadline missed longer ago is no news; the longest public holiday and a week fit in.
OLD_NEWS = timedelta(days=21)
AT_ONCE = 1000

# fmt: off
#: Whose queue it is while nobody holds the ticket: the first of these posts that serves it.
LEADS: dict[Tier, tuple[Post, ...]] = {
    Tier.FRONT:    (Post.SUPERVISOR, Post.MANAGER),
    Tier.LOCAL:    (Post.SUPERVISOR, Post.MANAGER),
    Tier.MIDDLE:   (Post.EXPERT, Post.MANAGER),
    Tier.DISPATCH: (Post.DISPATCHER, Post.MANAGER),
    Tier.BACK:     (Post.ENGINEER, Post.MANAGER),
}
#: Who hears of a breach.
ABOVE: dict[Tier, tuple[Post, ...]] = {
    Tier.FRONT:    (Post.SUPERVISOR, Post.MANAGER),
    Tier.LOCAL:    (Post.SUPERVISOR, Post.MANAGER),
    Tier.MIDDLE:   (Post.MANAGER,),
    Tier.DISPATCH: (Post.MANAGER,),
    Tier.BACK:     (Post.MANAGER,),
}
EVENTS = {Stage.WARNING: Event.DUE_SOON, Stage.BREACH: Event.OVERDUE}
NAMES = {Deadline.RESPOND: N_("响应时限"), Deadline.TIER: N_("本环节时限"), Deadline.CLOSE: N_("办结时限")}
#: deadline → its due, from when it is warned of; the gravest first.
CLOCKS: dict[Deadline, tuple[Moment, Moment]] = {
    Deadline.CLOSE:   (Ticket.close_due,   Ticket.close_warn),
    Deadline.TIER:    (Ticket.tier_due,    Ticket.tier_warn),
    Deadline.RESPOND: (Ticket.respond_due, Ticket.respond_warn),
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Passing:
    """A deadline of a ticket that is to be told of."""

    deadline: Deadline
    stage: Stage
    due: datetime


@dataclass(slots=True)
class Staff:
    """Everybody who may have to hear, and which of them are at work now."""

    session: Session
    moment: datetime
    people: list[Person]
    _working: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, moment: datetime) -> Staff:
        wanted = select(Person).where(Person.active, Person.id.in_(select(PersonPost.person_id)))
        return cls(session, moment, list(session.scalars(wanted.order_by(Person.id))))

    def is_at_work(self, person: Person) -> bool:
        """By the calendar of the person's own unit."""
        path = person.unit.path
        if path not in self._working:
            calendar = book_of(self.session).calendar(person.unit.ancestry, self.moment)
            self._working[path] = calendar.is_open(self.moment)
        return self._working[path]

    def is_anybody_at_work(self) -> bool:
        return any(self.is_at_work(person) for person in self.people)

    def serving(self, ticket: Ticket, posts: Iterable[Post]) -> list[Person]:
        """Those who hold the first of these posts that anybody holds for this ticket."""
        for post in posts:
            found = [
                person
                for person in self.people
                if any(row.post == post and post_covers(row, ticket) for row in person.posts)
            ]
            if found:
                return found
        return []


def ring(session: Session, moment: datetime) -> int:
    """Tell of every deadline that is close or missed; returns how many notices were written."""
    staff = Staff.of(session, moment)
    told = 0
    tickets = _concerned(session, moment, faults_only=not staff.is_anybody_at_work())
    before = _told_before(session, tickets)
    for ticket in tickets:
        told += _tell_of(session, ticket, staff, before.get(ticket.id, []))
    session.flush()
    return told


def _concerned(session: Session, moment: datetime, *, faults_only: bool) -> Sequence[Ticket]:
    wanted = (
        select(Ticket)
        .where(Ticket.closed_at.is_(None), Ticket.paused_at.is_(None))
        .where(or_(*(_is_to_be_told(deadline, moment) for deadline in CLOCKS)))
        .order_by(case((Ticket.category == Category.FAULT, 0), else_=1), Ticket.close_due, Ticket.id)
        .limit(AT_ONCE)
        .options(joinedload(Ticket.holder))
        .with_for_update(skip_locked=True, of=Ticket)  # who has it in hand right now needs no warning
    )
    if faults_only:
        wanted = wanted.where(Ticket.category == Category.FAULT)
    return session.scalars(wanted).unique().all()


def _is_to_be_told(deadline: Deadline, moment: datetime) -> ColumnElement[bool]:
    due, warn = CLOCKS[deadline]
    stage = case((due < moment, Stage.BREACH.value), else_=Stage.WARNING.value)
    settled = exists().where(
        Alarm.ticket_id == Ticket.id,
        Alarm.deadline == deadline.value,
        Alarm.due == due,
        Alarm.stage == stage,
        Alarm.settled.is_(True),
    )
    passing = and_(warn <= moment, due >= moment - OLD_NEWS, ~settled)
    return and_(passing, Ticket.responded_at.is_(None)) if deadline == Deadline.RESPOND else passing


def _told_before(session: Session, tickets: Sequence[Ticket]) -> dict[int, list[Alarm]]:
    found: dict[int, list[Alarm]] = {}
    for alarm in session.scalars(select(Alarm).where(Alarm.ticket_id.in_({row.id for row in tickets}))):
        found.setdefault(alarm.ticket_id, []).append(alarm)
    return found


def passing(ticket: Ticket, moment: datetime) -> Iterator[Passing]:
    """The deadlines of a ticket that are close or missed now, the gravest first."""
    for deadline, (due_column, warn_column) in CLOCKS.items():
        due, warn = getattr(ticket, due_column.key), getattr(ticket, warn_column.key)
        answered = deadline == Deadline.RESPOND and ticket.responded_at is not None
        if due is None or warn is None or answered or not warn <= moment <= due + OLD_NEWS:
            continue
        yield Passing(deadline, Stage.BREACH if due < moment else Stage.WARNING, due)


def _tell_of(session: Session, ticket: Ticket, staff: Staff, before: list[Alarm]) -> int:
    known = {(alarm.deadline, alarm.stage, alarm.due): alarm for alarm in before}
    graver: Alarm | None = None
    told = 0
    for one in passing(ticket, staff.moment):
        alarm = known.get((one.deadline, one.stage, one.due)) or _fresh(session, ticket, one, staff)
        if not alarm.settled and _is_covered(one, graver):
            alarm.settled = alarm.settled or bool(graver and graver.settled)
        elif not alarm.settled:
            told += _call(session, ticket, alarm, staff)
        graver = alarm if one.stage == Stage.BREACH and graver is None else graver
    return told


def _is_covered(one: Passing, graver: Alarm | None) -> bool:
    """A missed close says all there is to say; a missed visit says it of the response."""
    if graver is None:
        return False
    return one.stage == Stage.BREACH or graver.deadline == Deadline.CLOSE


def _fresh(session: Session, ticket: Ticket, one: Passing, staff: Staff) -> Alarm:
    alarm = Alarm(
        ticket_id=ticket.id,
        deadline=one.deadline.value,
        stage=one.stage.value,
        due=one.due,
        at=staff.moment,
        told=[],
        settled=False,
    )
    session.add(alarm)
    return alarm


def _call(session: Session, ticket: Ticket, alarm: Alarm, staff: Staff) -> int:
    """Tell those who are at work and haven't heard; the others hear when they are."""
    to = listeners(ticket, Stage(alarm.stage), staff)
    night = bool(ticket.level.get("round_the_clock"))
    now = [person.id for person in to if night or staff.is_at_work(person)]
    fresh = [number for number in now if number not in alarm.told]
    alarm.told = [*alarm.told, *fresh]
    alarm.settled = {person.id for person in to} <= set(alarm.told)
    if fresh:
        values = _values(session, ticket, alarm)
        notices.tell(session, EVENTS[Stage(alarm.stage)], to=fresh, values=values, ticket=ticket)
    return len(fresh)


def listeners(ticket: Ticket, stage: Stage, staff: Staff) -> list[Person]:
    """Whom this concerns now: who holds the ticket or leads its queue, at the breach those above, too."""
    in_hand = [ticket.holder] if ticket.holder and ticket.holder.active else None
    first = in_hand or staff.serving(ticket, LEADS.get(ticket.tier, ()))
    above = staff.serving(ticket, ABOVE.get(ticket.tier, ())) if stage == Stage.BREACH else []
    return list({person.id: person for person in (*first, *above)}.values())


def _values(session: Session, ticket: Ticket, alarm: Alarm) -> dict[str, str]:
    local = alarm.due.astimezone(calendar_of(session, ticket).place)
    return {
        "number": ticket.number,
        "title": ticket.title,
        "deadline": NAMES[Deadline(alarm.deadline)],
        "due": f"{local:%m-%d %H:%M}",
    }
