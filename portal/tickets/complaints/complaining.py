"""Filing a complaint from a closed ticket.

It goes to the front's supervisors. The invariant: whoever handled the ticket complained about neither holds
nor moves the complaint, unless nobody else of their post is there to answer it.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.flow import Refused
from portal.people.models import Person, PersonPost
from portal.people.roles import Permission, Post, posts_with
from portal.tickets import notices
from portal.tickets.complaints.bars import barred_from, complaints_about
from portal.tickets.complaints.models import Complaint, ComplaintBar
from portal.tickets.filing import Request, clean, file
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.relations.models import Related
from portal.tickets.visibility import permissions_on
from portal.tickets.words import Category, State

SHORTEST = 10
ABOUT_SERVICE, ABOUT_SYSTEM = "service", "system"
TITLE = "投诉：%s"
#: Who answers at the front, and who behind it.
SUPERVISORS = frozenset({Permission.WORK_FRONT, Permission.ANSWER_COMPLAINTS})
EXPERTS = frozenset({Permission.WORK_MIDDLE})


def may_complain(session: Session, ticket: Ticket, person: Person) -> bool:
    """Its own user, once it is closed, and while no complaint about it is open."""
    return (
        person.active
        and ticket.requester_id == person.id
        and ticket.state == State.CLOSED
        and ticket.category != Category.COMPLAINT
        and not any(row.is_open for row in complaints_about(session, ticket))
    )


def complain(session: Session, ticket: Ticket, text: str, *, by: Person, sub: str = ABOUT_SERVICE) -> Ticket:
    """File the complaint, tie it to its ticket, tell the supervisors."""
    _check(session, ticket, by)
    if len(clean(text)) < SHORTEST:
        raise Refused(
            N_("请写清楚哪里不满意（至少 %(least)s 个字），我们才能查清并书面答复您。"), least=SHORTEST
        )
    request = Request(
        text=text,
        category=Category.COMPLAINT,
        sub=sub,
        system=ticket.system,
        requester=by,
        title=TITLE % ticket.title,
        urgency=1,
    )
    complaint = file(session, request, by=by)
    session.add(Complaint(ticket_id=complaint.id, about_id=ticket.id, bars=_bars(session, ticket, complaint)))
    first, second = sorted((ticket.id, complaint.id))
    session.add(Related(first_id=first, second_id=second, by_id=by.id, at=complaint.filed_at))
    session.flush()
    _tell_supervisors(session, complaint, ticket, by=by)
    return complaint


def _check(session: Session, ticket: Ticket, by: Person) -> None:
    if may_complain(session, ticket, by):
        return
    former = next((row for row in complaints_about(session, ticket) if row.is_open), None)
    if former is not None:
        raise Refused(N_("您已经就这张工单投诉过，正在处理：%(number)s。"), number=former.number)
    raise Refused(N_("只有提单人可以在工单办结之后投诉；没有办结的可以催单或留言。"))


def _bars(session: Session, ticket: Ticket, complaint: Ticket) -> list[ComplaintBar]:
    handled = select(TrailEntry.by_id).where(TrailEntry.ticket_id == ticket.id, TrailEntry.by_id.is_not(None))
    out = {number for number in session.scalars(handled) if number} - {ticket.requester_id}
    for needed in (SUPERVISORS, EXPERTS):
        able = {person.id for person in _able(session, complaint, needed)}
        if able and able <= out:
            out -= able  # a complaint that nobody may answer would help nobody
    return [ComplaintBar(person_id=number) for number in sorted(out)]


def _able(session: Session, ticket: Ticket, needed: frozenset[Permission]) -> list[Person]:
    posts = frozenset[Post]().union(*(posts_with(permission) for permission in needed))
    holders = select(PersonPost.person_id).where(PersonPost.post.in_(posts))
    people = session.scalars(select(Person).where(Person.active, Person.id.in_(holders))).unique()
    return [person for person in people if needed <= permissions_on(person, ticket)]


def _tell_supervisors(session: Session, complaint: Ticket, about: Ticket, *, by: Person) -> None:
    values = {"by": by.name, "number": complaint.number, "title": about.title, "about": about.number}
    barred = barred_from(complaint)
    to = [person.id for person in _able(session, complaint, SUPERVISORS) if person.id not in barred]
    notices.tell(session, notices.Event.COMPLAINED, to=to, values=values, ticket=complaint, by=by)
