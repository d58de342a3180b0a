"""Shift hand-over (交接班): held tickets go to a colleague or back to the queue, each with a word.

The receiver gets a list and acknowledges it. All tickets of one hand-over go, or none: what cannot be given
on is named. The invariant: every ticket changes hands through the table of steps and says so in its trail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, lazyload, selectinload

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets.assignment.models import HandedTicket, HandOver
from portal.tickets.assignment.presence import absences_of, leads
from portal.tickets.filing import clean
from portal.tickets.flow import HELD, WORKERS
from portal.tickets.given import Given
from portal.tickets.models import Ticket
from portal.tickets.moves import move
from portal.tickets.queries import NAMES, load_of, people_who_work
from portal.tickets.selection import is_open
from portal.tickets.visibility import permissions_on
from portal.tickets.words import Action, Tier

LONGEST_NOTE = 2000
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Handing:
    """What is handed over: which tickets, to whom (None: the queue), with what words."""

    tickets: Sequence[Ticket]
    to: Person | None
    note: str = ""
    notes: Mapping[int, str] = field(default_factory=dict)  # by ticket id, in place of ``note``

    def words_for(self, ticket: Ticket) -> str:
        return clean(self.notes.get(ticket.id, "")) or clean(self.note)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A colleague who may take at least one of the tickets; ``fits`` how many of them."""

    person: Person
    load: int
    fits: int


def held_by(session: Session, person: Person) -> list[Ticket]:
    """What this person holds, what is due first on top."""
    return list(
        session.scalars(
            select(Ticket)
            .where(Ticket.holder_id == person.id, is_open())
            .options(*NAMES, joinedload(Ticket.unit))
            .order_by(Ticket.paused_at.is_not(None), Ticket.close_due, Ticket.id)
        )
    )


def candidates_for(session: Session, tickets: Sequence[Ticket], *, giver: Person) -> list[Candidate]:
    """Who is present and may take these tickets, those who may take most of them first."""
    tiers = {ticket.tier for ticket in tickets} & set(WORKERS)
    people = [person for person in people_who_work(session, tiers) if person.id != giver.id and person.active]
    loads, away = load_of(session, people), absences_of(session, people)
    rows = [
        Candidate(person, loads.get(person.id, 0), sum(may_take(person, ticket) for ticket in tickets))
        for person in people
        if person.id not in away
    ]
    fitting = [row for row in rows if row.fits]
    return sorted(fitting, key=lambda row: (-row.fits, row.load, row.person.name))


def may_take(person: Person, ticket: Ticket) -> bool:
    """Does a post of this person work on this ticket where it lies?"""
    return ticket.tier != Tier.USER and WORKERS[ticket.tier] in permissions_on(person, ticket)


def hand_over(session: Session, giver: Person, handing: Handing, *, by: Person) -> HandOver:
    """Give these tickets of ``giver`` on; a lead may do it for somebody who has gone already."""
    _check(giver, handing, by)
    record = HandOver(
        from_id=giver.id,
        to_id=handing.to.id if handing.to else None,
        by_id=by.id,
        at=now(session),
        note=clean(handing.note),
    )
    session.add(record)
    session.flush()
    for ticket in handing.tickets:
        words = handing.words_for(ticket)
        _give_on(session, ticket, handing.to, words=words, own=by.id == giver.id, by=by, record=record)
        session.add(HandedTicket(hand_over_id=record.id, ticket_id=ticket.id, note=words))
    session.flush()
    return record


def _check(giver: Person, handing: Handing, by: Person) -> None:
    if by.id != giver.id and not leads(by, giver):
        raise Refused(N_("只有本人和班长可以交接这些工单。"))
    if not handing.tickets:
        raise Refused(N_("请先选要交接的工单。"))
    words = [handing.words_for(ticket) for ticket in handing.tickets]
    if handing.to is not None and not all(words):
        raise Refused(N_("请写交接说明：做到哪一步了、下一步是什么。可以一张一句，也可以一句管全部。"))
    if max(map(len, words)) > LONGEST_NOTE:
        raise Refused(N_("交接说明太长，请控制在 %(limit)s 个字以内。"), limit=LONGEST_NOTE)
    gone = [ticket.number for ticket in handing.tickets if ticket.holder_id != giver.id]
    if gone:
        raise Refused(
            N_("这些工单已经不在%(name)s手里：%(numbers)s。"), name=giver.name, numbers=_listed(gone)
        )
    _check_receiver(giver, handing)


def _check_receiver(giver: Person, handing: Handing) -> None:
    if handing.to is None:
        return
    if handing.to.id == giver.id:
        raise Refused(N_("请选择接班的同事。"))
    foreign = [ticket.number for ticket in handing.tickets if not may_take(handing.to, ticket)]
    if foreign:
        raise Refused(
            N_("%(name)s的岗位不负责这些工单：%(numbers)s。请另选同事，或把它们放回队列。"),
            name=handing.to.name,
            numbers=_listed(foreign),
        )


def _listed(numbers: Sequence[str]) -> str:
    return "、".join(numbers)


def _give_on(
    session: Session,
    ticket: Ticket,
    to: Person | None,
    *,
    words: str,
    own: bool,
    by: Person,
    record: HandOver,
) -> None:
    data = {"hand_over": record.id}
    if to is None:
        move(session, ticket, Action.RELEASE, by=by, given=Given(note=words, data=data))
        return
    action = Action.HAND_OVER if own else Action.REASSIGN
    move(session, ticket, action, by=by, given=Given(note=words, person=to, data=data))


def acknowledge(session: Session, record: HandOver, *, by: Person) -> None:
    """The receiver has read the list and takes over."""
    if record.to_id != by.id:
        raise Refused(N_("这份交接不是给您的。"))
    if record.acknowledged_at is None:
        record.acknowledged_at = now(session)
        session.flush()


def received_by(session: Session, person: Person) -> list[HandOver]:
    """Hand-overs to this person that they have not acknowledged, the latest first."""
    waiting = HandOver.acknowledged_at.is_(None)
    return _records(session, HandOver.to_id == person.id, waiting)


def waiting_for(session: Session, person: Person) -> int:
    """How many hand-overs wait for this person's word."""
    mine = (HandOver.to_id == person.id, HandOver.acknowledged_at.is_(None))
    return session.scalar(select(func.count()).select_from(HandOver).where(*mine)) or 0


def given_by(session: Session, person: Person) -> list[HandOver]:
    """The latest hand-overs of this person's tickets."""
    return _records(session, HandOver.from_id == person.id)


def _records(session: Session, *conditions: object) -> list[HandOver]:
    names = (HandOver.giver, HandOver.receiver, HandOver.by)
    return list(
        session.scalars(
            select(HandOver)
            .where(*conditions)  # type: ignore[arg-type]
            .options(
                *(joinedload(name).options(lazyload(Person.posts), lazyload(Person.unit)) for name in names),
                selectinload(HandOver.items).joinedload(HandedTicket.ticket).options(*NAMES),
            )
            .order_by(HandOver.id.desc())
            .limit(SHOWN)
        )
    )


def can_be_handed_over(ticket: Ticket) -> bool:
    """Does the table let a holder pass it on where it stands?"""
    return (ticket.state, ticket.tier) in {(state, tier) for state, tier, _who in HELD}
