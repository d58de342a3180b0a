"""Flagging an article on the spot, with a better wording if somebody has one, and adopting that wording.

From the call console, the ticket page and the editors' list of feedback. The deeds are ``kb.proposals``'s;
the invariant: a refusal answers where the words were typed, and they stay there.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.compare import Piece, compare
from kb.flow import Refused, is_revisable
from kb.models import Article, Feedback
from kb.proposals.models import Proposal
from kb.proposals.wording import adopt as adopt_wording
from kb.proposals.wording import proposals_for, propose
from portal.people.duties import article_duties
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me
from portal.web.verdicts import readable

blueprint = Blueprint("corrections", __name__)


@blueprint.get("/kb/<number>/corrections")
@needs(Permission.FLAG_ARTICLES)
def form(number: str) -> str:
    """Where to write what is wrong, for pages that open it in a dialog."""
    article = readable(number)
    may_edit = is_revisable(article.state, article_duties(me()))
    return render_template(
        "knowledge/_correction_dialog.html", article=article, given={}, problem="", may_edit=may_edit
    )


@blueprint.post("/kb/<number>/corrections")
@needs(Permission.FLAG_ARTICLES)
def flag(number: str) -> Response:
    """“This is wrong”, in words or with a better wording for one passage."""
    article = readable(number)
    given = request.form
    try:
        propose(
            db(),
            article,
            by=me().id,
            words=given.get("words", ""),
            passage=given.get("passage", ""),
            wording=given.get("wording", ""),
        )
    except Refused as refusal:
        if not is_fragment():
            raise
        db().rollback()
        return _form(number, problem=sentence_of(refusal))
    if is_fragment():
        return make_response(render_template("reading/_flagged.html"))
    flash(_("已请编辑更正，处理结果会写在版本记录里。"), "success")
    return redirect(url_for("reading.article", number=number))


def _form(number: str, *, problem: str) -> Response:
    given = {name: request.form.get(name, "") for name in ("words", "passage", "wording", "plain")}
    page = render_template(
        "knowledge/_correction.html", article=readable(number), given=given, problem=problem
    )
    return make_response(page, 422)


@blueprint.post("/knowledge/feedback/<int:id>/adopt")
@needs(Permission.WRITE_ARTICLES, Permission.PUBLISH_ARTICLES)
def adopt(id: int) -> Response:
    proposal = db().get(Proposal, id)
    if proposal is None:
        abort(404)
    # An expert vouches for the articles of their own systems alone.
    duties = article_duties(me(), db().get_one(Article, proposal.feedback.article_id))
    article = adopt_wording(db(), proposal, by=me().id, duties=duties)
    flash(_("已采用建议的措辞，存为 %(number)s 的新一版。", number=article.number), "success")
    return redirect(url_for("knowledge.page", list="feedback"))


@blueprint.app_template_global()
def proposed_wordings(rows: Iterable[Feedback]) -> dict[int, list[Piece]]:
    """What these flags propose, compared with the passage it should replace."""
    found = proposals_for(db(), [row.id for row in rows if row.flagged])
    return {number: compare(row.passage, row.wording) for number, row in found.items()}
