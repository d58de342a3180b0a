"""Reading the knowledge base: the library, one article, the reader's verdict, an agent's flag.

A reader who may not read an article gets 404. The invariant: reading a page never fails because it
can't be counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import Select
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from kb import articles, markdown, shelf
from kb.flow import READABLE, ArticleState, is_revisable
from kb.models import Article, ArticleKind
from kb.queries import article_by_number, is_readable, readable_articles
from kb.views import count_view
from portal.catalogue.queries import systems_by_code
from portal.finder import suggest as consultations
from portal.finder.sources import ARTICLE
from portal.people.duties import article_duties
from portal.people.queries import people_by_id
from portal.people.roles import Permission
from portal.tickets.words import Category
from portal.web.access import needs, signed_in
from portal.web.paging import Pages, pages
from portal.web.refusals import is_fragment
from portal.web.request import db, me, parts, viewer

blueprint = Blueprint("reading", __name__)

LANGUAGES = {"zh": "中文", "en": "English"}
CONTENTS_FROM = 3  # fewer headings need no table of contents
MOST_FOUND = 60
MOST_REMEMBERED = 300


# ── the library ──────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/kb")
@signed_in
def library() -> str:
    chosen, words = _filter(), request.args.get("q", "").strip()
    sort = "popular" if request.args.get("sort") == "popular" else "new"
    own = shelf.in_language(readable_articles(viewer()), _language())
    listed = _found(words, chosen) if words else _listed(own, chosen, sort)
    return render_template(
        "reading/library.html",
        listed=listed,
        chosen=chosen,
        words=words,
        sort=sort,
        browsing=not (words or chosen or "sort" in request.args),
        popular=db().scalars(shelf.most_read(own).limit(shelf.POPULAR)).all(),
        by_system=shelf.counts_by(db(), own, Article.system),
        by_category=shelf.counts_by(db(), own, Article.category),
        systems=systems_by_code(db()),
        kinds=ArticleKind,
        categories=Category,
    )


@dataclass(frozen=True, slots=True)
class Listed:
    articles: list[Article]
    cursor: Pages
    mode: str = "hybrid"


def _filter() -> shelf.Filter:
    kind = request.args.get("kind", "")
    return shelf.Filter(
        system=request.args.get("system", ""),
        module=request.args.get("module", ""),
        category=request.args.get("category", ""),
        kind=ArticleKind(kind) if kind in set(ArticleKind) else None,
    )


def _listed(own: Select[Article], chosen: shelf.Filter, sort: str) -> Listed:
    wanted = chosen.narrow(own)
    cursor = pages(shelf.count_of(db(), wanted))
    ordered = shelf.most_read(wanted) if sort == "popular" else shelf.newest(wanted)
    return Listed(list(db().scalars(ordered.limit(cursor.per_page).offset(cursor.offset))), cursor)


def _found(words: str, chosen: shelf.Filter) -> Listed:
    """What the finder found; it has checked every row against the viewer's rules already."""
    found = parts().finder.search(
        db(), me(), words, kinds=(ARTICLE,), filters={"system": chosen.system}, limit=MOST_FOUND
    )
    rows = [result.subject for result in found.results]
    fitting = [row for row in rows if isinstance(row, Article) and chosen.fits(row)]
    return Listed(fitting, Pages(1, len(fitting), MOST_FOUND), str(found.mode))


def _language() -> str:
    return "en" if str(get_locale()).startswith("en") else "zh"


# ── one article ──────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/kb/<number>")
@signed_in
def article(number: str) -> str:
    row = _seen(number)
    page = render_template("reading/article.html", **_page_of(row))
    if row.state in READABLE:
        _count(row.id)
    return page


def _seen(number: str) -> Article:
    """The article with this number if the person signed in may read it, or works on articles."""
    row = article_by_number(db(), number)
    if row is None or not (is_readable(row, viewer()) or article_duties(me())):
        abort(404)
    return row


def _page_of(row: Article) -> dict[str, object]:
    headings = [heading for heading in markdown.contents(row.body) if heading.level <= 3]
    return {
        "article": row,
        "headings": headings if len(headings) >= CONTENTS_FROM else (),
        "systems": systems_by_code(db()),
        "related": shelf.related_to(db(), row, viewer()),
        "versions": shelf.other_languages(db(), row, viewer()),
        "behind": shelf.is_behind(db(), row),
        "languages": LANGUAGES,
        "share": parts().settings.base_url.rstrip("/") + url_for("reading.article", number=row.number),
        "may_flag": me().may(Permission.FLAG_ARTICLES) and row.state in READABLE,
        "may_edit": is_revisable(row.state, article_duties(me())),
        "people": people_by_id(db(), [row.author_id]) if me().is_staff else {},
        "dated": row.state == ArticleState.DUE,
        "off": row.state not in READABLE,
        "token": request.args.get("token", ""),
    }


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
        db().commit()
    except OperationalError:
        db().rollback()  # read-only or busy: the page matters, the count doesn't
        return
    session["read"] = {"day": today, "ids": [*seen, number][-MOST_REMEMBERED:]}


# ── what readers say ─────────────────────────────────────────────────────────────────────────────


@blueprint.post("/kb/<number>/verdict")
@signed_in
def rate(number: str) -> Response | str:
    row = _readable(number)
    solved = request.form.get("solved") == "yes"
    words = request.form.get("words", "")
    token = request.form.get("token", "")
    articles.rate(db(), row, by=me().id, solved=solved, words=words)
    if solved and token:
        consultations.solved_by(db(), token, by=me(), kind=ARTICLE, id=row.id)
    if is_fragment():
        given = "words" if words.strip() else "yes" if solved else "no"
        return render_template("reading/_verdict.html", article=row, given=given, token=token)
    flash(_("谢谢，您的反馈已交给知识编辑。"), "success")
    return redirect(url_for("reading.article", number=row.number, _anchor="verdict"))


@blueprint.post("/kb/<number>/flag")
@needs(Permission.FLAG_ARTICLES)
def flag(number: str) -> Response | str:
    row = _readable(number)
    articles.flag(db(), row, by=me().id, words=request.form.get("words", ""))
    if is_fragment():
        return render_template("reading/_flagged.html")
    flash(_("已请编辑更正，处理结果会写在版本记录里。"), "success")
    return redirect(url_for("reading.article", number=row.number))


def _readable(number: str) -> Article:
    row = article_by_number(db(), number)
    if row is None or not is_readable(row, viewer()):
        abort(404)
    return row
