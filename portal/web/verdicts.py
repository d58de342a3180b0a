"""What readers say of an article, beside its page: solved or not and why, and the way on from “not”.

The invariant: who may not read an article can say nothing of it, and learns nothing of it either.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from kb import articles
from kb.models import Article, Feedback, Reason
from kb.queries import readable_by_number
from portal.finder import suggest as consultations
from portal.finder.sources import ARTICLE
from portal.people.roles import Permission
from portal.web.access import needs, signed_in
from portal.web.refusals import is_fragment
from portal.web.request import db, me, viewer

blueprint = Blueprint("verdicts", __name__)

LONGEST_CARRIED = 1_000  # what an address carries safely
YES, NO, TOLD = "yes", "no", "told"


def readable(number: str) -> Article:
    """The article with this number, for those who may read it."""
    return readable_by_number(db(), number, viewer()) or abort(404)


def given_by_me(article: Article) -> str:
    """How far the reader's verdict has come: nothing, solved, not solved, not solved and told why."""
    return _given(articles.verdict_of(db(), article, by=me().id))


def _given(verdict: Feedback | None) -> str:
    if verdict is None or verdict.solved is None:
        return ""
    if verdict.solved:
        return YES
    return TOLD if verdict.reason or verdict.words else NO


@blueprint.post("/kb/<number>/verdict")
@signed_in
def rate(number: str) -> BaseResponse | str:
    article = readable(number)
    given = request.form
    solved, token, reason = given.get("solved") == "yes", given.get("token", ""), given.get("reason", "")
    former = articles.verdict_of(db(), article, by=me().id) if given.get("keep") else None
    verdict = former or articles.rate(
        db(),
        article,
        by=me().id,
        solved=solved,
        words=given.get("words", ""),
        reason=Reason(reason) if reason in set(Reason) else None,
    )
    if not solved:  # whatever they had said before
        consultations.taken_back(db(), token, by=me(), kind=ARTICLE, id=article.id)
    elif token:
        consultations.solved_by(db(), token, by=me(), kind=ARTICLE, id=article.id)
    if given.get("then") == "ask" and not solved:
        return _on_to(url_for("ask.page", **_carried(article, verdict, token)))
    return _said(article, _given(verdict), token, _("谢谢，您的反馈已交给知识编辑。"))


@blueprint.post("/kb/<number>/verdict/back")
@signed_in
def take_back(number: str) -> BaseResponse | str:
    """The reader changed their mind."""
    article = readable(number)
    articles.take_back(db(), article, by=me().id)
    consultations.taken_back(db(), request.form.get("token"), by=me(), kind=ARTICLE, id=article.id)
    return _said(article, "", request.form.get("token", ""), _("已收回您的评价，可以重新选。"))


def _said(article: Article, given: str, token: str, sentence: str) -> BaseResponse | str:
    if is_fragment():
        return render_template(
            "reading/_verdict.html", article=article, given=given, token=token, reasons=Reason
        )
    if given != NO:  # the page goes on to ask why
        flash(sentence, "success")
    back = url_for("reading.article", number=article.number, token=token or None, _anchor="verdict")
    return redirect(back)


def _on_to(address: str) -> BaseResponse:
    return Response(headers={"HX-Redirect": address}) if is_fragment() else redirect(address)


def _carried(article: Article, verdict: Feedback, token: str) -> dict[str, Any]:
    """What the ticket form starts from: the reader's own words, and the article that did not help."""
    consultation = consultations.consultation_of(db(), token, by=me())
    asked = consultation.text if consultation is not None else ""
    text = "\n".join(part for part in (asked, verdict.words) if part) or article.title
    carried = {
        "text": text[:LONGEST_CARRIED],
        "system": article.system or "",
        "article": article.number,
        "token": token if consultation is not None else "",
    }
    return {name: value for name, value in carried.items() if value}


@blueprint.post("/kb/<number>/flag")
@needs(Permission.FLAG_ARTICLES)
def flag(number: str) -> BaseResponse | str:
    article = readable(number)
    articles.flag(db(), article, by=me().id, words=request.form.get("words", ""))
    if is_fragment():
        return render_template("reading/_flagged.html")
    flash(_("已请编辑更正，处理结果会写在版本记录里。"), "success")
    return redirect(url_for("reading.article", number=article.number))
