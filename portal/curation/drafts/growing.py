"""From tickets to an article: start a draft with its sources, or add ways of asking to what exists.

Verbs never commit; they raise :class:`kb.flow.Refused`. The invariants: a draft's sources are written with
it; whoever starts one may open every ticket it came from; what was only for the staff makes a text for the
staff.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import or_
from sqlalchemy.orm import Session

from indexer.words import N_
from kb import articles
from kb.columns import now
from kb.flow import Refused
from kb.models import Article
from portal.curation.drafts.draft import Draft
from portal.curation.drafts.models import DraftSource
from portal.curation.wording import headline, says_the_same
from portal.people.duties import article_duties
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.models import Ticket
from portal.tickets.visibility import visible_tickets

#: So many tickets make one draft; more of the same say nothing new.
MOST = 60
#: How the lists of the desk name a ticked row: its id and version.
_TICKED = re.compile(r"\d{1,18}:\d{1,9}", re.ASCII)
#: An article knows at most so many ways of asking.
ALSO = 60


def chosen_tickets(session: Session, numbers: Collection[str], *, by: Person) -> list[Ticket]:
    """The tickets of these numbers, or as a list ticks them.

    Raises :class:`LookupError` when this person may not open one of them.
    """
    wanted = {number.strip().upper() for number in numbers if number.strip()}
    if len(wanted) > MOST:
        raise Refused(N_("一次最多用 %(n)s 张工单起草，请先挑最有代表性的。"), n=MOST)
    ticked = {int(mark.partition(":")[0]) for mark in wanted if _TICKED.fullmatch(mark)}
    visible = visible_tickets(by).where(or_(Ticket.number.in_(wanted), Ticket.id.in_(ticked)))
    found = list(session.scalars(visible.order_by(Ticket.filed_at.desc(), Ticket.id.desc())))
    if len(found) < len(wanted):
        raise LookupError
    return found


def start(
    session: Session, draft: Draft, *, title: str, by: Person, dropped: Collection[str] = ()
) -> Article:
    """Write the draft and where each of its sentences came from."""
    if not by.may(Permission.WRITE_ARTICLES):
        raise Refused(N_("您的岗位不能写知识。"))
    kept = draft.without(dropped)
    article = articles.write(session, kept.text(title), by=by.id)
    moment = now(session)
    for place, line in enumerate(kept.lines):
        for source in line.sources:
            session.add(
                DraftSource(
                    article_id=article.id,
                    place=place,
                    part=line.part,
                    sentence=line.text,
                    ticket_id=source.ticket_id,
                    said=source.said,
                    at=moment,
                )
            )
    session.flush()
    return article


def fresh_questions(article: Article, questions: Iterable[str]) -> list[str]:
    """Those that the article doesn't know yet, as lines."""
    known = [article.title, *article.also]
    found: list[str] = []
    for text in questions:
        line = headline(text, longest=80)
        if line and not any(says_the_same(line, former) for former in (*known, *found)):
            found.append(line)
    return found


def add_questions(session: Session, article: Article, questions: Sequence[str], *, by: Person) -> list[str]:
    """“Add these words to it”: a revision with further ways of asking; returns those that were new."""
    room = max(0, ALSO - len(article.also))
    added = fresh_questions(article, questions)[:room]
    if not added:
        raise Refused(N_("%(number)s 已经有这些问法了，不用再加。"), number=article.number)
    text = articles.text_of(article)
    longer = replace(text, also=(*text.also, *added))
    note = N_("补充用户的问法 %(n)s 句") % {"n": len(added)}
    articles.revise(session, article, longer, by=by.id, note=note, duties=article_duties(by))
    return added
