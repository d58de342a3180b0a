"""The editors' desk: their lists, what readers said, what agents flagged. Other rooms: see ``knowledge``."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb import editing, feedback
from kb.counting import count_of
from kb.models import Article, Feedback
from kb.queries import article_by_number
from portal.catalogue.queries import systems_in_order
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.editor_lists import articles_listed, feedback_waiting, today
from portal.web.request import db, me

blueprint = Blueprint("knowledge", __name__)

FEEDBACK = "feedback"
WORKERS = (Permission.WRITE_ARTICLES, Permission.PUBLISH_ARTICLES)


def known_article(number: str) -> Article:
    """The article with this number; whoever works on articles may open each of them."""
    article = article_by_number(db(), number)
    if article is None:
        abort(404)
    return article


@blueprint.get("/knowledge")
@needs(*WORKERS)
def page() -> str:
    chosen = request.args.get("list", editing.Shelf.MINE.value)
    shared = {
        "chosen": chosen,
        "shelves": editing.SHELF_LABELS,
        "counts": editing.counts(db(), list(editing.Shelf), by=me().id, today=today()),
        "waiting": count_of(db(), feedback.waiting()),
        "systems": {row.code: row for row in systems_in_order(db(), active_only=False)},
    }
    if chosen == FEEDBACK:
        return render_template("knowledge/feedback.html", **shared, **feedback_waiting())
    shelf = editing.Shelf(chosen) if chosen in set(editing.Shelf) else editing.Shelf.MINE
    return render_template(
        "knowledge/page.html", **{**shared, "chosen": shelf.value}, **articles_listed(shelf)
    )


@blueprint.post("/knowledge/feedback/<int:id>/handled")
@needs(*WORKERS)
def handle(id: int) -> Response:
    row = db().get(Feedback, id)
    if row is None:
        abort(404)
    feedback.handle(db(), row)
    flash(_("已标为处理完毕。"), "success")
    return redirect(url_for("knowledge.page", list=FEEDBACK))
