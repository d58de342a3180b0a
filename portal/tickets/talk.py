"""What people say and keep beside a ticket's moves: comments, urging, the answering article.

Nothing here changes state, tier, holder or version: a colleague's move is never overtaken by talk.
"""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from sqlalchemy import Table, func, inspect, select, update
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.models import Article
from portal.people.models import Person
from portal.tickets import notices
from portal.tickets.filing import TEXT_LIMIT, clean
from portal.tickets.leads import leads_of
from portal.tickets.mentions import tell_mentioned
from portal.tickets.models import ArticleLink, Comment, Ticket, Urge
from portal.tickets.relations.standing import root_of
from portal.tickets.visibility import is_party, is_visible, serves

URGE_EVERY = timedelta(hours=2)


def comment(session: Session, ticket: Ticket, text: str, *, by: Person, internal: bool = False) -> Comment:
    """Say something on a ticket; internal remarks are for those whose posts serve it."""
    text = clean(text)
    if not text:
        raise Refused(N_("留言是空的。"))
    if len(text) > TEXT_LIMIT:
        raise Refused(N_("留言太长，请控制在 %(limit)s 个字以内。"), limit=TEXT_LIMIT)
    if internal and not serves(by, ticket):
        raise Refused(N_("内部备注只有负责这张工单的同事可以写。"))
    if not is_visible(session, by, ticket):
        raise Refused(N_("这张工单不在您的权限范围内。"))
    remark = Comment(ticket=ticket, by=by, at=now(session), text=text, internal=internal)
    session.add(remark)
    session.flush()
    _touch(session, ticket, updated_at=now(session))
    if ticket.survivor is not None and ticket.survivor.holder_id and not internal:
        _tell_holder_elsewhere(session, ticket, ticket.survivor.holder_id, by=by, text=text)
    event = notices.Event.NOTED if internal else notices.Event.COMMENTED
    notices.announce(session, ticket, event, by=by, note=text)
    tell_mentioned(session, remark, by=by)
    return remark


def _tell_holder_elsewhere(
    session: Session, ticket: Ticket, holder_id: int, *, by: Person, text: str
) -> None:
    """What a merged ticket's user adds is read by whoever works on it now."""
    values = {"by": by.name, "number": ticket.number, "title": ticket.title, "note": text[:120], "tier": ""}
    notices.tell(session, notices.Event.COMMENTED, to=[holder_id], values=values, ticket=ticket, by=by)


def urge(session: Session, ticket: Ticket, *, by: Person, words: str = "") -> Urge:
    """The user asks where it stays; counted, and limited so that it stays a signal.

    A merged ticket is urged on where it is worked on.
    """
    if not is_party(session, by, ticket):
        raise Refused(N_("只有提单人和关注人可以催单。"))
    return _urge(session, root_of(ticket), by=by, words=words)


def _urge(session: Session, ticket: Ticket, *, by: Person, words: str) -> Urge:
    if not ticket.is_open:
        raise Refused(N_("工单已经结束，不需要催办。"))
    moment = now(session)
    last = session.scalar(select(func.max(Urge.at)).where(Urge.ticket_id == ticket.id, Urge.by_id == by.id))
    if last is not None and moment - last < URGE_EVERY:
        raise Refused(N_("刚刚已经催过，负责的同事已收到提醒。两小时后仍没有进展可以再催。"))
    call = Urge(ticket_id=ticket.id, by_id=by.id, at=moment, words=clean(words))
    session.add(call)
    session.flush()
    _touch(session, ticket, urges=Ticket.urges + 1)
    told = notices.announce(session, ticket, notices.Event.URGED, by=by, note=clean(words))
    _tell_leads(session, ticket, by=by, heard={notice.person_id for notice in told})
    return call


def _tell_leads(session: Session, ticket: Ticket, *, by: Person, heard: set[int]) -> None:
    """Whoever leads those who work on it sees an urge, too."""
    leads = {person.id for person in leads_of(session, ticket)} - heard
    values = {"by": by.name, "number": ticket.number, "title": ticket.title, "note": "", "tier": ""}
    if leads:
        notices.tell(session, notices.Event.URGED, to=leads, values=values, ticket=ticket, by=by)


def _touch(session: Session, ticket: Ticket, **values: object) -> None:
    """Change a ticket beside its moves: its version stays, so that nobody's move is overtaken by talk."""
    table = cast("Table", inspect(Ticket).local_table)
    session.execute(update(table).where(table.c.id == ticket.id).values(**values))
    session.refresh(ticket, list(values))


def link_article(session: Session, ticket: Ticket, article: Article, *, by: Person | None) -> None:
    """Remember that this article answered this ticket."""
    if by is None or any(link.article_id == article.id for link in ticket.article_links):
        return
    session.add(ArticleLink(ticket=ticket, article=article, by_id=by.id, at=now(session)))
    session.flush()
