"""Following an article from its page, and the list of what one follows.

Following is ``portal.curation.following``'s. The invariant: an article that somebody may not read is not
there, unless they follow it already and let it go.
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kb.models import Article
from kb.queries import article_by_number
from portal.curation.following import follows
from portal.web.access import signed_in
from portal.web.refusals import is_fragment
from portal.web.request import db, me
from portal.web.verdicts import readable

blueprint = Blueprint("following", __name__)


@blueprint.get("/kb/followed")
@signed_in
def page() -> str:
    undo = article_by_number(db(), request.args.get("undo", ""))
    if undo is not None and follows.is_following(db(), undo, me()):
        undo = None
    return render_template(
        "reading/followed.html", rows=follows.followed_by(db(), me()), undo=undo.number if undo else ""
    )


@blueprint.post("/kb/<number>/follow")
@signed_in
def follow(number: str) -> Response | str:
    article = readable(number)
    follows.follow(db(), article, by=me())
    return _answered(article, following=True)


@blueprint.post("/kb/<number>/unfollow")
@signed_in
def unfollow(number: str) -> Response | str:
    article = article_by_number(db(), number)
    if article is None or not follows.unfollow(db(), article, by=me()):
        abort(404)
    return _answered(article, following=False)


def _answered(article: Article, *, following: bool) -> Response | str:
    if is_fragment():
        return render_template("reading/_follow.html", article=article, following=following)
    if request.form.get("from") == "list":
        return redirect(url_for("following.page", undo=None if following else article.number))
    return redirect(url_for("reading.article", number=article.number))
