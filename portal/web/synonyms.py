"""The desk's own synonyms: a list, a line to add one, and taking one out. They count at once."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from kb.counting import count_of
from kb.flow import Refused
from portal.finder.synonyms import words
from portal.finder.synonyms.models import SynonymGroup
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.paging import pages
from portal.web.refusals import sentence_of
from portal.web.request import db, me

blueprint = Blueprint("synonyms", __name__)
PER_PAGE = 50
Page = Response | str | tuple[str, int]


@blueprint.get("/knowledge/synonyms")
@needs(Permission.WRITE_ARTICLES, Permission.PUBLISH_ARTICLES)
def page() -> str:
    return _page()


def _page(problem: str = "") -> str:
    text = request.args.get("q", "").strip()[:60]
    wanted = words.in_use(text)
    total = count_of(db(), wanted)
    cursor = pages(total, per_page=PER_PAGE)
    rows = wanted.options(joinedload(SynonymGroup.by)).limit(PER_PAGE).offset(cursor.offset)
    return render_template(
        "synonyms/page.html",
        groups=db().scalars(rows).all(),
        cursor=cursor,
        text=text,
        problem=problem,
        typed=request.form.get("words", ""),
    )


@blueprint.post("/knowledge/synonyms")
@needs(Permission.PUBLISH_ARTICLES)
def add() -> Page:
    try:
        group = words.add(db(), words.words_in(request.form.get("words", "")), by=me())
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return _page(sentence), 422
    flash(_("已添加：%(words)s。从下一次检索起生效。", words=" / ".join(group.words)), "success")
    return redirect(url_for("synonyms.page"))


@blueprint.post("/knowledge/synonyms/<int:number>/remove")
@needs(Permission.PUBLISH_ARTICLES)
def remove(number: int) -> Response:
    group = db().get(SynonymGroup, number)
    if group is None:
        abort(404)
    words.remove(db(), group, by=me())
    flash(_("已删去：%(words)s。", words=" / ".join(group.words)), "success")
    return redirect(url_for("synonyms.page"))
