"""Articles that may say the same: the list of pairs, two side by side, keeping them apart or merging them."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from indexer.words import N_
from kb import care
from kb.compare import compare
from kb.flow import READABLE, Duty, Refused
from kb.models import Article
from portal.curation import keepers, rounds
from portal.curation.quality import pairs as verbs
from portal.people.duties import article_duties
from portal.people.queries import people_by_id
from portal.web.access import needs
from portal.web.care_rooms import WORKERS, asked_system, blueprint, shared, turned
from portal.web.knowledge_pages import known_article
from portal.web.request import db, me

__all__ = ["blueprint"]


@blueprint.get("/knowledge/duplicates")
@needs(*WORKERS)
def pairs() -> str:
    rows, cursor = turned(verbs.proposed(system=asked_system()))
    return render_template(
        "care/pairs.html",
        here="care.pairs",
        rows=db().scalars(rows).unique().all(),
        cursor=cursor,
        looked_at=rounds.done_at(db(), rounds.PAIRS),
        **shared(),
    )


@blueprint.get("/knowledge/duplicates/<one>/<other>")
@needs(*WORKERS)
def pair(one: str, other: str) -> str:
    """Two articles side by side."""
    left, right = _both(one, other)
    apart = verbs.judged_apart(db(), left, right)
    return render_template(
        "care/pair.html",
        here="care.pairs",
        left=left,
        right=right,
        pieces_of_body=compare(left.body, right.body),
        apart=apart,
        people=people_by_id(
            db(), [left.owner_id, right.owner_id, apart.by_id if apart is not None else None]
        ),
        may_merge=Duty.PUBLISH in article_duties(me())
        and left.state in READABLE
        and right.state in READABLE
        and left.language == right.language,
        **shared(),
    )


@blueprint.post("/knowledge/duplicates/<one>/<other>/apart")
@needs(*WORKERS)
def keep_apart(one: str, other: str) -> Response:
    left, right = _both(one, other)
    verbs.keep_apart(db(), left, right, by=me(), why=request.form.get("why", ""))
    flash(_("已记下：不是同一回事，不再提示。"), "success")
    return redirect(url_for("care.pairs"))


@blueprint.post("/knowledge/duplicates/<one>/<other>/reconsider")
@needs(*WORKERS)
def reconsider(one: str, other: str) -> Response:
    left, right = _both(one, other)
    verbs.reconsider(db(), left, right, by=me())
    flash(_("已撤回这个判断。"), "success")
    return redirect(url_for("care.pair", one=left.number, other=right.number))


@blueprint.post("/knowledge/duplicates/<one>/<other>/merge")
@needs(*WORKERS)
def merge(one: str, other: str) -> Response:
    """Keep one of the two; the other goes off line and points at it."""
    left, right = _both(one, other)
    kept = request.form.get("keep", "")
    if kept not in (left.number, right.number):
        raise Refused(N_("请选择保留哪一篇。"))
    into, gone = (left, right) if kept == left.number else (right, left)
    care.merge(db(), gone, into, hand=keepers.hand_of(me(), gone), note=request.form.get("note", ""))
    flash(_("已合并：%(gone)s 下线，读者会被引到 %(kept)s。", gone=gone.number, kept=into.number), "success")
    return redirect(url_for("knowledge.history", number=into.number))


def _both(one: str, other: str) -> tuple[Article, Article]:
    left, right = known_article(one), known_article(other)
    if left.id == right.id:
        abort(404)
    return left, right
