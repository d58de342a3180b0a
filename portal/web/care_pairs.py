"""Articles that may say the same: the list of pairs, two side by side, keeping them apart or merging them."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from indexer.words import N_
from kb import care
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


@blueprint.get("/knowledge/duplicates/<left>/<right>")
@needs(*WORKERS)
def pair(left: str, right: str) -> str:
    """Two articles side by side."""
    one, other = _both(left, right)
    apart = verbs.judged_apart(db(), one, other)
    return render_template(
        "care/pair.html",
        here="care.pairs",
        left=one,
        right=other,
        apart=apart,
        people=people_by_id(db(), [one.owner_id, other.owner_id, apart.by_id if apart is not None else None]),
        may_merge=Duty.PUBLISH in article_duties(me())
        and one.state in READABLE
        and other.state in READABLE
        and one.language == other.language,
        **shared(),
    )


@blueprint.post("/knowledge/duplicates/<left>/<right>/apart")
@needs(*WORKERS)
def keep_apart(left: str, right: str) -> Response:
    one, other = _both(left, right)
    verbs.keep_apart(db(), one, other, by=me(), why=request.form.get("why", ""))
    flash(_("已记下：不是同一回事，不再提示。"), "success")
    return redirect(url_for("care.pairs"))


@blueprint.post("/knowledge/duplicates/<left>/<right>/reconsider")
@needs(*WORKERS)
def reconsider(left: str, right: str) -> Response:
    one, other = _both(left, right)
    verbs.reconsider(db(), one, other, by=me())
    flash(_("已撤回这个判断。"), "success")
    return redirect(url_for("care.pair", left=one.number, right=other.number))


@blueprint.post("/knowledge/duplicates/<left>/<right>/merge")
@needs(*WORKERS)
def merge(left: str, right: str) -> Response:
    """Keep one of the two; the other goes off line and points at it."""
    one, other = _both(left, right)
    kept = request.form.get("keep", "")
    if kept not in (one.number, other.number):
        raise Refused(N_("请选择保留哪一篇。"))
    into, gone = (one, other) if kept == one.number else (other, one)
    care.merge(db(), gone, into, hand=keepers.hand_of(me(), gone), note=request.form.get("note", ""))
    flash(_("已合并：%(gone)s 下线，读者会被引到 %(kept)s。", gone=gone.number, kept=into.number), "success")
    return redirect(url_for("knowledge.history", number=into.number))


def _both(left: str, right: str) -> tuple[Article, Article]:
    one, other = known_article(left), known_article(right)
    if one.id == other.id:
        abort(404)
    return one, other
