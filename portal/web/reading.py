"""One article to read: its page, its marks, what is related to it, and counting its readers.

What readers say of it is ``verdicts``'s. A reader who may not read an article gets 404. The invariant:
reading a page never fails because it can't be counted.
"""

from __future__ import annotations

from datetime import datetime

from flask import abort, redirect, render_template, request, session, url_for
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from kb import markdown, shelf
from kb.as_text import text_of
from kb.care import leads_to
from kb.flow import READABLE, ArticleState, is_revisable
from kb.models import Article, ArticleKind, Reason
from kb.queries import article_by_number, is_readable
from kb.readers.recent import note_read
from kb.translations.keeping import is_behind
from kb.views import count_view
from portal.catalogue.outgrown import Repair, outgrown
from portal.catalogue.queries import systems_by_code
from portal.curation.following.follows import is_following
from portal.finder.related import related_to, standing_in
from portal.people.duties import article_duties
from portal.people.models import Unit
from portal.people.queries import people_by_id
from portal.people.roles import Permission
from portal.tickets.models import Ticket
from portal.web.access import signed_in
from portal.web.cross_links import rendered
from portal.web.feeds import address_of
from portal.web.labels import named
from portal.web.library import blueprint
from portal.web.request import db, me, parts, viewer
from portal.web.verdicts import given_by_me

LANGUAGES = {"zh": "中文", "en": "English"}
CONTENTS_FROM = 3  # fewer headings need no table of contents
MOST_REMEMBERED = 300


@blueprint.get("/kb/<number>")
@signed_in
def article(number: str) -> Response | str:
    merged = article_by_number(db(), number)
    if merged is not None and (into := leads_to(db(), merged, viewer())) is not None:
        return redirect(url_for("reading.article", number=into.number))
    row = _seen(number)
    page = render_template("reading/article.html", **_page_of(row))
    if row.state in READABLE:
        _count(row.id)
    return page


@blueprint.get("/kb/<number>/related")
@signed_in
def related(number: str) -> str:
    """What is near in meaning: asked for once the page stands, so that nobody waits for it to read."""
    row = _seen(number)
    near = related_to(db(), me(), parts().finder.index, row)
    return render_template("reading/_related.html", article=row, related=near, final=True)


def _seen(number: str) -> Article:
    """The article with this number if the person signed in may read it, or works on articles."""
    row = article_by_number(db(), number)
    if row is None or not (is_readable(row, viewer()) or article_duties(me())):
        abort(404)
    return row


def _page_of(row: Article) -> dict[str, object]:
    headings = [heading for heading in markdown.contents(row.body) if heading.level <= 3]
    share, off = address_of(row), row.state not in READABLE
    return {
        "article": row,
        "headings": headings if len(headings) >= CONTENTS_FROM else (),
        "systems": systems_by_code(db()),
        "related": standing_in(db(), me(), row),
        "versions": shelf.other_languages(db(), row, viewer()),
        "behind": is_behind(db(), row),
        "languages": LANGUAGES,
        "share": share,
        "text": f"{row.title}\n{share}\n\n{text_of(rendered(row.body))}",
        "may_flag": me().may(Permission.FLAG_ARTICLES) and not off,
        "may_edit": is_revisable(row.state, article_duties(me())),
        "people": people_by_id(db(), [row.author_id]) if me().is_staff else {},
        "units": _names_of(row.units),
        "dated": row.state == ArticleState.DUE,
        "passed": _passed(row),
        "off": off,
        "given": "" if off else given_by_me(row),
        "following": is_following(db(), row, me()),
        "reasons": Reason,
        "token": request.args.get("token", ""),
    }


def _passed(row: Article) -> tuple[Repair, ...]:
    """The repairs because of which the reader's unit should not meet this any more."""
    if row.kind != ArticleKind.KNOWN_ERROR:
        return ()
    return outgrown(db(), me().unit, [row.id]).get(row.id, ())


def _names_of(codes: tuple[str, ...]) -> list[str]:
    """What the units are called that an article is narrowed to."""
    if not codes:
        return []
    return [
        named(unit) for unit in db().scalars(select(Unit).where(Unit.code.in_(codes)).order_by(Unit.path))
    ]


def _count(number: int) -> None:
    """Count a reader once a day, in a short writing part after everything was read."""
    today = datetime.now(parts().settings.zone).date().isoformat()
    read = session.get("read") or {}
    seen = read.get("ids", []) if read.get("day") == today else []
    if number in seen:
        return
    try:
        db().commit()
        count_view(db(), number)
        note_read(db(), number, by=me().id)
        db().commit()
    except OperationalError:
        db().rollback()  # read-only or busy: the page matters, the count doesn't
        return
    session["read"] = {"day": today, "ids": [*seen, number][-MOST_REMEMBERED:]}


@blueprint.app_template_global()
def answered_with(ticket: Ticket) -> list[Article]:
    """The articles a ticket was answered with, as far as the reader may read them."""
    rows = [link.article for link in ticket.article_links]
    return [row for row in rows if is_readable(row, viewer())]
