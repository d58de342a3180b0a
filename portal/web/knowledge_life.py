"""An article's life at the editors' desk: its steps, its revisions, and translations that are still right."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from indexer.words import N_
from kb import articles as verbs
from kb.flow import ArticleAction, Refused, check_revisable
from kb.translations import keeping
from portal.people.duties import article_duties
from portal.web.access import needs
from portal.web.article_versions import history_of
from portal.web.editor_lists import version_of
from portal.web.knowledge_pages import WORKERS, blueprint, known_article
from portal.web.move_forms import given_by_form
from portal.web.request import db, me


@blueprint.post("/knowledge/<number>/moves/<action>")
@needs(*WORKERS)
def move(number: str, action: str) -> Response:
    article = known_article(number)
    if action not in set(ArticleAction):
        abort(404)
    looked_at = version_of(request.form.get("seen"))
    if looked_at is not None and looked_at != article.version:
        raise Refused(N_("这篇知识刚刚被同事改过，请看过最新内容再操作。"))
    verbs.move(
        db(),
        article,
        ArticleAction(action),
        by=me().id,
        duties=article_duties(me(), article),
        note=request.form.get("note", ""),
        given=given_by_form(),
    )
    flash(_("已记录。"), "success")
    return redirect(url_for("knowledge.history", number=article.number))


@blueprint.get("/knowledge/<number>/history")
@needs(*WORKERS)
def history(number: str) -> str:
    return render_template("knowledge/history.html", **history_of(known_article(number)))


@blueprint.post("/knowledge/<number>/restore/<int:revision>")
@needs(*WORKERS)
def restore(number: str, revision: int) -> Response:
    article = known_article(number)
    verbs.restore(db(), article, revision, by=me().id, duties=article_duties(me(), article))
    flash(_("已恢复为第 %(number)s 版的内容，存为新的一版。", number=revision), "success")
    return redirect(url_for("knowledge.history", number=article.number))


@blueprint.post("/knowledge/<number>/still-right")
@needs(*WORKERS)
def still_right(number: str) -> Response:
    """The translation was compared with the original as it is now, and no word of it had to change."""
    article = known_article(number)
    check_revisable(article.state, article_duties(me(), article))
    keeping.follow(db(), article, version_of(request.form.get("revision")), by=me().id)
    flash(_("已确认译文与原文现在的内容一致。"), "success")
    return redirect(url_for("knowledge.history", number=article.number))
