"""Searching articles while a reply is being written on a ticket: ``//`` in the text, Enter, a quote.

What is inserted is made here, so that an article which the ticket's user may not read never reaches the
field with its words. Which of the inserted ones the sent text still names counts as use. The invariant:
only articles that the user of the ticket may read are recorded as an answer to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from kb.models import Article
from kb.queries import is_readable
from kb.steps import cards_of, for_chat
from portal.finder.found import Found, Result
from portal.finder.sources import ARTICLE
from portal.people.queries import viewer_of
from portal.people.roles import Permission
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.web.access import needs
from portal.web.request import db, me, parts
from portal.web.ticket_screen import served_ticket

blueprint = Blueprint("inline_answers", __name__)

SHOWN = 6
LONGEST_QUERY = 200
QUOTED_LIMIT = 900
MOST_CITED = 10
NUMBER = re.compile(r"KB\d{6,12}")


@dataclass(frozen=True, slots=True)
class Line:
    """One article on offer; without ``quote`` its words are not for the user of the ticket."""

    result: Result
    quote: str = ""


@blueprint.get("/tickets/<number>/inline-answers")
@needs(Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)
def find(number: str) -> str:
    ticket = served_ticket(number)
    text = request.args.get("q", "").strip()[:LONGEST_QUERY]
    found = _found(ticket, text or f"{ticket.title}\n{ticket.text}")
    lines = [_line(row, ticket) for row in found.results]
    return render_template("tickets/_inline_answers.html", lines=lines, mode=found.mode, asked=text)


def _found(ticket: Ticket, text: str) -> Found:
    near = {"system": ticket.system.code, "category": ticket.category}
    return parts().finder.search(db(), me(), text, kinds=(ARTICLE,), near=near, limit=SHOWN, unit=ticket.unit)


def _line(row: Result, ticket: Ticket) -> Line:
    article = row.subject
    theirs = isinstance(article, Article) and is_readable(article, viewer_of(ticket.requester))
    return Line(row, quote_of(article) if theirs and isinstance(article, Article) else "")


def quote_of(article: Article) -> str:
    """What the article says, quoted, with its number and where it stands."""
    base = (parts().settings.base_url or request.url_root).rstrip("/")
    said = for_chat(article.title, cards_of(article.body), limit=QUOTED_LIMIT).split("\n")[1:]
    head = _("知识 %(number)s《%(title)s》", number=article.number, title=article.title)
    link = base + url_for("reading.article", number=article.number)
    return "\n".join([head, *(f"> {line}" for line in said), link])


def record_cited(ticket: Ticket, text: str) -> None:
    """The articles that were inserted here and that the sent text still names answered this ticket."""
    inserted = set(NUMBER.findall(request.form.get("cited", "")))
    named = [number for number in dict.fromkeys(NUMBER.findall(text)) if number in inserted][:MOST_CITED]
    rows = db().scalars(select(Article).where(Article.number.in_(named))) if named else ()
    for article in rows:
        if is_readable(article, viewer_of(ticket.requester)):
            desk.link_article(db(), ticket, article, by=me())
