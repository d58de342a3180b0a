"""Taking back or correcting what one said: one's own comment, for a few minutes.

The words as they were go into the ticket's trail, where nobody can change them. The invariant: nothing that
was ever readable on a ticket disappears without an entry that says who took it away and when.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets import trail
from portal.tickets.filing import TEXT_LIMIT, clean
from portal.tickets.models import Comment, Notice, Ticket
from portal.tickets.words import Action

TAKEN_BACK = N_("（留言已撤回）")


def may_amend(session: Session, comment: Comment, person: Person, *, minutes: int) -> bool:
    """Only one's own words, only for a while, only while the ticket is open."""
    return (
        person.active
        and comment.by_id == person.id
        and comment.withdrawn_at is None
        and comment.ticket.is_open
        and now(session) - comment.at <= timedelta(minutes=minutes)
    )


def _check(session: Session, comment: Comment, by: Person, minutes: int) -> None:
    if not may_amend(session, comment, by, minutes=minutes):
        raise Refused(
            N_("只能在发出后 %(minutes)s 分钟内修改或撤回自己的留言；现在可以再写一条更正。"), minutes=minutes
        )


def edit_comment(session: Session, comment: Comment, text: str, *, by: Person, minutes: int) -> None:
    """Correct one's own words."""
    _check(session, comment, by, minutes)
    text = clean(text)
    if not text:
        raise Refused(N_("留言是空的；不想要了请用“撤回”。"))
    if len(text) > TEXT_LIMIT:
        raise Refused(N_("留言太长，请控制在 %(limit)s 个字以内。"), limit=TEXT_LIMIT)
    if text == comment.text:
        return
    _write_down(session, comment.ticket, Action.AMEND, by=by, data=_was(comment))
    comment.text, comment.edited_at = text, now(session)
    session.flush()


def withdraw_comment(session: Session, comment: Comment, *, by: Person, minutes: int) -> None:
    """Take one's own words back; who was told of them is no longer told what they were."""
    _check(session, comment, by, minutes)
    retracted(session, comment.ticket, by=by, data=_was(comment))
    _hush(session, comment)
    comment.text, comment.withdrawn_at = "", now(session)
    session.flush()


def _was(comment: Comment) -> dict[str, object]:
    return {"comment": comment.id, "was": comment.text, "internal": comment.internal}


def _hush(session: Session, comment: Comment) -> None:
    told = select(Notice).where(Notice.ticket_id == comment.ticket_id, Notice.at >= comment.at)
    for notice in session.scalars(told):
        if notice.values.get("note") == comment.text[:120]:
            notice.values = {**notice.values, "note": TAKEN_BACK}


def retracted(session: Session, ticket: Ticket, *, by: Person, data: dict[str, object]) -> None:
    """Write down that something was taken away, with what it was."""
    _write_down(session, ticket, Action.RETRACT, by=by, data=data)


def _write_down(
    session: Session, ticket: Ticket, action: Action, *, by: Person, data: dict[str, object]
) -> None:
    # Beside a colleague's move: one writes after the other, each on the other's digest.
    session.execute(select(Ticket.id).where(Ticket.id == ticket.id).with_for_update())
    trail.append(session, ticket, action, by_id=by.id, start=(ticket.state, ticket.tier), data=data)
