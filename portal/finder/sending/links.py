"""Sending a caller the link to an article: a notice in their bell, and mail as they wish.

How a notice travels is ``tickets.notices`` and ``portal.delivery``. The invariant: nobody is sent what they
may not read, nobody is written to by an agent who doesn't serve them, and one conversation sends an article
once.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.models import Article
from kb.queries import is_readable
from portal.finder import suggest
from portal.finder.sending.models import LinkSent
from portal.finder.sources import ARTICLE
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.tickets import notices
from portal.tickets.filing import may_file_for

#: Whoever sends it: the same link twice within this time is a slip of the finger, not a service.
AGAIN_AFTER = timedelta(hours=1)


def send_link(
    session: Session, article: Article, *, to: Person, by: Person, token: str | None = None
) -> LinkSent:
    """Tell this caller where to read the article; kept with the consultation that showed it."""
    _check(session, article, to=to, by=by)
    consultation = suggest.opened(session, token, by=by, kind=ARTICLE, id=article.id)
    sent = LinkSent(
        consultation_id=consultation.id if consultation else None,
        article_id=article.id,
        person_id=to.id,
        by_id=by.id,
        at=now(session),
    )
    session.add(sent)
    values = {"by": by.name, "article": article.number, "called": article.title[:120]}
    notices.tell(session, notices.Event.LINK_SENT, to=[to.id], values=values, by=by)
    session.flush()
    return sent


def _check(session: Session, article: Article, *, to: Person, by: Person) -> None:
    if not may_file_for(by, to):
        raise Refused(N_("您的岗位不服务这位用户所在的单位。"))
    if to.id == by.id:
        raise Refused(N_("来电者就是您自己，不用发。"))
    if not is_readable(article, viewer_of(to)):
        raise Refused(N_("来电者看不到这篇知识，请口头转述。"))
    if was_sent(session, article, to=to):
        raise Refused(N_("这篇知识刚刚已经发给来电者了。"))


def was_sent(session: Session, article: Article, *, to: Person) -> bool:
    """Did this person get the link a moment ago?"""
    recent = select(LinkSent.id).where(
        LinkSent.person_id == to.id,
        LinkSent.article_id == article.id,
        LinkSent.at >= now(session) - AGAIN_AFTER,
    )
    return session.scalars(recent.limit(1)).first() is not None
