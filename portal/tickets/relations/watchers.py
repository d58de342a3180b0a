"""Watching a ticket: oneself, or a colleague whom somebody lets see it; who did so is kept.

A watcher hears of the ticket and reads it as its user does, without what colleagues write to each other.
Nothing here moves the ticket.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets import notices
from portal.tickets.models import Ticket, Watcher
from portal.tickets.relations.models import WatchEntry
from portal.tickets.visibility import is_visible, serves

MOST = 50
NOBODY = N_("没有找到这位同事，或者有几位同名；请填写对方的登录名。")


def watch(session: Session, ticket: Ticket, *, by: Person, on: bool = True) -> None:
    """Follow a ticket, or stop following it."""
    if on and not is_visible(session, by, ticket):
        raise Refused(N_("这张工单不在您的权限范围内。"))
    _set(session, ticket, by, by=by, on=on)


def may_invite(by: Person, ticket: Ticket) -> bool:
    """Whose ticket it is, and those whose posts serve it, decide who else reads it."""
    return by.active and (by.id in (ticket.requester_id, ticket.filed_by_id) or serves(by, ticket))


def invite(session: Session, ticket: Ticket, person: Person | None, *, by: Person) -> None:
    """Let a colleague follow the ticket; they are told."""
    if not may_invite(by, ticket):
        raise Refused(N_("只有提单人和负责这张工单的同事可以添加关注人。"))
    if person is None or not person.active:
        raise Refused(NOBODY)
    if len(watchers_of(session, ticket)) >= MOST:
        raise Refused(N_("一张工单最多 %(n)s 人关注。"), n=MOST)
    if _set(session, ticket, person, by=by, on=True) and person.id != by.id:
        values = {"by": by.name, "number": ticket.number, "title": ticket.title}
        notices.tell(session, notices.Event.INVITED, to=[person.id], values=values, ticket=ticket, by=by)


def uninvite(session: Session, ticket: Ticket, person: Person | None, *, by: Person) -> None:
    """They no longer follow it, and see it only where their posts let them."""
    if person is None or (person.id != by.id and not may_invite(by, ticket)):
        raise Refused(NOBODY)
    if not _set(session, ticket, person, by=by, on=False):
        raise Refused(N_("%(name)s没有关注这张工单。"), name=person.name)


def follow_along(session: Session, ticket: Ticket, person: Person) -> None:
    """The system lets whoever works on the parent follow its child."""
    _set(session, ticket, person, by=None, on=True)


def _set(session: Session, ticket: Ticket, person: Person, *, by: Person | None, on: bool) -> bool:
    row = session.get(Watcher, (ticket.id, person.id))
    if on == (row is not None):
        return False
    if row is None:
        session.add(Watcher(ticket_id=ticket.id, person_id=person.id))
    else:
        session.delete(row)
    session.add(
        WatchEntry(
            ticket_id=ticket.id, person_id=person.id, by_id=by.id if by else None, at=now(session), on=on
        )
    )
    session.flush()
    return True


def watchers_of(session: Session, ticket: Ticket) -> list[Person]:
    """Who follows it, by name."""
    wanted = select(Person).join(Watcher, Watcher.person_id == Person.id).order_by(Person.name, Person.id)
    return list(session.scalars(wanted.where(Watcher.ticket_id == ticket.id)).unique())


def watch_entries(session: Session, ticket: Ticket) -> list[WatchEntry]:
    """Who began and stopped to follow it, by whose hand."""
    wanted = select(WatchEntry).where(WatchEntry.ticket_id == ticket.id).order_by(WatchEntry.id)
    return list(session.scalars(wanted.options(joinedload(WatchEntry.person), joinedload(WatchEntry.by))))
