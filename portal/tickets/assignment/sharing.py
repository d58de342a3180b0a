"""Fair share: a lead spreads what nobody holds over the people present; previewed, applied, taken back.

The one rule of fairness: every ticket, in the order in which it should be worked on, goes to whoever of
those that may take it holds the fewest open ones by then. The invariants: nothing that somebody holds is
touched, and taking back touches nothing that its new holder has worked on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, lazyload, selectinload

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.assignment.models import Absence, Share, Sharing
from portal.tickets.assignment.next_up import urgency
from portal.tickets.assignment.presence import absences_of, leads
from portal.tickets.flow import WORKERS
from portal.tickets.given import Given
from portal.tickets.models import Ticket
from portal.tickets.moves import move
from portal.tickets.queries import NAMES, load_of, people_who_work
from portal.tickets.selection import TAKEABLE, Filter, is_open, places
from portal.tickets.visibility import permissions_on, served_by
from portal.tickets.words import Action, Tier

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who could be given work: what they hold now, and whether they are away."""

    person: Person
    load: int
    absence: Absence | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """One ticket and who would get it."""

    ticket: Ticket
    person: Person


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who would get what; ``left`` are tickets that nobody of those present may take."""

    pairs: tuple[Pair, ...]
    left: tuple[Ticket, ...]
    colleagues: tuple[Colleague, ...]

    def share_of(self, colleague: Colleague) -> tuple[Ticket, ...]:
        return tuple(pair.ticket for pair in self.pairs if pair.person.id == colleague.person.id)


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a proposal: the record of it, and the tickets that were not free any more."""

    sharing: Sharing | None
    passed_over: tuple[str, ...] = ()


def tiers_led_by(by: Person) -> tuple[Tier, ...]:
    """The tiers among whose people this person may move work."""
    if not by.may(Permission.REASSIGN):
        return ()
    everywhere = by.may(Permission.READ_ALL_TICKETS)
    return tuple(tier for tier, permission in WORKERS.items() if everywhere or by.may(permission))


def colleagues_of(session: Session, by: Person, tier: Tier) -> list[Colleague]:
    """Everybody on this tier whom ``by`` leads, those with the least work first; the away ones last."""
    people = [person for person in people_who_work(session, [tier]) if leads(by, person)]
    loads, absences = load_of(session, people), absences_of(session, people)
    rows = [
        Colleague(person, loads.get(person.id, 0), absences.get(person.id))
        for person in people
        if person.id != by.id or by.may(WORKERS[tier])
    ]
    return sorted(rows, key=lambda row: (row.absence is not None, row.load, row.person.name))


def waiting_on(session: Session, by: Person, tier: Tier, wanted: Filter) -> list[Ticket]:
    """The unheld tickets of a tier that ``by`` serves, in the order in which they should be worked on."""
    return list(
        session.scalars(
            select(Ticket)
            .where(is_open(), Ticket.holder_id.is_(None), Ticket.tier == tier, Ticket.state.in_(TAKEABLE))
            .where(served_by(by), *places(session, wanted))
            .options(*NAMES, joinedload(Ticket.unit))
            .order_by(*urgency(session))
            .limit(AT_ONCE)
        )
    )


def propose(
    session: Session,
    by: Person,
    tier: Tier,
    *,
    wanted: Filter | None = None,
    only: Collection[int] | None = None,
) -> Proposal:
    """Who should get which unheld ticket; ``only`` names the people to share among, by id."""
    if tier not in tiers_led_by(by):
        raise Refused(N_("您的岗位不负责给这一层级分派工单。"))
    colleagues = colleagues_of(session, by, tier)
    present = [row for row in colleagues if row.absence is None and (only is None or row.person.id in only)]
    loads = {row.person.id: row.load for row in present}
    pairs: list[Pair] = []
    left: list[Ticket] = []
    for ticket in waiting_on(session, by, tier, wanted or Filter()):
        person = _fairest(ticket, [row.person for row in present], loads)
        if person is None:
            left.append(ticket)
        else:
            loads[person.id] += 1
            pairs.append(Pair(ticket, person))
    return Proposal(tuple(pairs), tuple(left), tuple(colleagues))


def _fairest(ticket: Ticket, people: Iterable[Person], loads: Mapping[int, int]) -> Person | None:
    fitting = [person for person in people if WORKERS[ticket.tier] in permissions_on(person, ticket)]
    return min(fitting, key=lambda person: (loads[person.id], person.id), default=None)


def apply(session: Session, pairs: Sequence[tuple[int, int]], *, by: Person) -> Applied:
    """Give these tickets (by id) to these people, as they were previewed.

    A ticket that somebody has taken meanwhile, or whose new holder has gone, is passed over and named.
    """
    if not by.may(Permission.REASSIGN):
        raise Refused(N_("您的岗位不能分派工单。"))
    if len(pairs) > AT_ONCE:
        raise Refused(N_("一次最多分派 %(most)s 张工单。"), most=AT_ONCE)
    sharing = Sharing(by_id=by.id, at=now(session))
    session.add(sharing)
    session.flush()
    passed_over: list[str] = []
    for ticket, person in _as_rows(session, pairs, by=by):
        if not _given(session, sharing, ticket, person, by=by):
            passed_over.append(ticket.number)
    if not session.scalar(select(Share.id).where(Share.sharing_id == sharing.id).limit(1)):
        session.delete(sharing)
        session.flush()
        return Applied(None, tuple(passed_over))
    return Applied(sharing, tuple(passed_over))


def _as_rows(
    session: Session, pairs: Sequence[tuple[int, int]], *, by: Person
) -> list[tuple[Ticket, Person]]:
    """The pairs as rows; a ticket that ``by`` does not serve isn't there."""
    tickets = {
        row.id: row
        for row in session.scalars(
            select(Ticket)
            .where(Ticket.id.in_({ticket for ticket, _person in pairs}), served_by(by))
            .options(joinedload(Ticket.holder).lazyload(Person.posts), selectinload(Ticket.defect_links))
            .order_by(Ticket.id)
            .with_for_update(of=Ticket)
            .execution_options(populate_existing=True)
        )
    }
    people = {
        row.id: row
        for row in session.scalars(select(Person).where(Person.id.in_({person for _ticket, person in pairs})))
    }
    return [
        (tickets[ticket], people[person])
        for ticket, person in pairs
        if ticket in tickets and person in people
    ]


def _given(session: Session, sharing: Sharing, ticket: Ticket, person: Person, *, by: Person) -> bool:
    if ticket.holder_id is not None or not leads(by, person):
        return False
    try:
        move(session, ticket, Action.REASSIGN, by=by, given=Given(person=person))
    except Refused:
        return False  # not open any more, or the person has gone away: it stays in the queue
    session.add(
        Share(sharing_id=sharing.id, ticket_id=ticket.id, person_id=person.id, version=ticket.version)
    )
    session.flush()
    return True


def undo(session: Session, sharing: Sharing, *, by: Person) -> list[Ticket]:
    """Put back into the queue what nobody has worked on since; returns those tickets."""
    if sharing.by_id != by.id:
        raise Refused(N_("只有分派的人可以撤回这次分派。"))
    if sharing.undone_at is not None:
        raise Refused(N_("这次分派已经撤回过了。"))
    back = [row.ticket for row in sharing.shares if _is_untouched(row)]
    for ticket in back:
        action = Action.RELEASE
        move(session, ticket, action, by=by, given=Given(note=N_("撤回分派，放回队列。")))
    sharing.undone_at = now(session)
    session.flush()
    return back


def _is_untouched(row: Share) -> bool:
    return row.ticket.holder_id == row.person_id and row.ticket.version == row.version


def latest_sharing(session: Session, by: Person) -> Sharing | None:
    """The last sharing of this person that can still be taken back."""
    wanted = (
        select(Sharing)
        .where(Sharing.by_id == by.id, Sharing.undone_at.is_(None))
        .options(
            selectinload(Sharing.shares).options(
                joinedload(Share.ticket).lazyload(Ticket.system),
                joinedload(Share.person).options(lazyload("*")),
            )
        )
        .order_by(Sharing.id.desc())
        .limit(1)
    )
    return session.scalars(wanted).first()
