"""Answers while somebody types, on the ask page and on the home page: shown, read, and “that solved it”.

They belong to the ``ask`` blueprint; filing a ticket is ``ask``'s own. The invariant: everything shown
was re-read for this person, and only what was shown to them can have solved their problem.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from kb import articles
from kb.models import Article
from portal.faults import board, readers
from portal.faults.models import Announcement, FaultEvent, FaultReport
from portal.finder import suggest as consultations
from portal.finder.shelves import reread
from portal.finder.sources import ANNOUNCEMENT, ARTICLE, DEFECT
from portal.web.access import signed_in
from portal.web.answers import answers_for, remembered
from portal.web.clarifying import replies_in
from portal.web.refusals import is_fragment
from portal.web.request import db, me, only_asks, viewer, write_now

blueprint = Blueprint("ask", __name__)

#: What can be read in the panel; tickets have a page of their own.
READ_HERE = frozenset({ARTICLE, DEFECT, ANNOUNCEMENT})
LONGEST_ID = 18
LONGEST_BACK = 500  # what an address carries safely


@blueprint.post("/ask/suggest")
@signed_in
@only_asks
def suggest() -> str:
    form = request.form
    answers = answers_for(
        form.get("text", ""),
        form.get("system"),
        form.get("category"),
        token=form.get("token"),
        place=form.get("place", ""),
        replies=replies_in(form),
    )
    if answers.found is not None:
        write_now()
    return render_template("ask/_answers.html", answers=remembered(answers))


@blueprint.route("/ask/answers/<kind>/<int:id>", methods=["GET", "POST"])
@signed_in
def answer(kind: str, id: int) -> str:
    """One answer to read: in a panel beside what is being typed, or on a page of its own."""
    subject = reread(db(), me(), [(kind, str(id))]).get((kind, str(id)))
    if subject is None or kind not in READ_HERE:
        abort(404)
    token = request.values.get("token", "")
    if request.method == "POST":
        consultations.opened(db(), token, by=me(), kind=kind, id=id)
    known = consultations.consultation_of(db(), token, by=me())
    template = "ask/_answer.html" if is_fragment() else "ask/answer.html"
    return render_template(template, kind=kind, subject=subject, token=token if known else "")


@blueprint.post("/ask/solved")
@signed_in
def solved() -> BaseResponse | str:
    kind, _colon, number = request.form.get("answer", "").partition(":")
    if not number.isdecimal() or len(number) > LONGEST_ID:
        abort(404)
    token = request.form.get("token")
    if consultations.solved_by(db(), token, by=me(), kind=kind, id=int(number)) is None:
        abort(404)
    if is_fragment():
        return render_template("ask/_thanks.html", answer=request.form["answer"], token=token)
    flash(_("太好了，问题解决了。谢谢您告诉我们，同事遇到同样的问题会更快找到答案。"), "success")
    return redirect(url_for("home.page"))


@blueprint.post("/ask/solved/back")
@signed_in
def unsolved() -> BaseResponse:
    """It did not help after all: the answers come back, with what was written."""
    kind, _colon, number = request.form.get("answer", "").partition(":")
    if not number.isdecimal() or len(number) > LONGEST_ID:
        abort(404)
    token = request.form.get("token")
    again = consultations.taken_back(db(), token, by=me(), kind=kind, id=int(number))
    if again is None:
        abort(404)
    article = db().get(Article, int(number)) if kind == ARTICLE else None
    if article is not None:
        articles.take_back(db(), article, by=me().id)
    return redirect(url_for("ask.page", text=again.text[:LONGEST_BACK], token=again.token))


@blueprint.post("/ask/me-too/<int:id>")
@signed_in
def me_too(id: int) -> BaseResponse | str:
    """One more person hit by an announced fault: no ticket, but they hear of the recovery."""
    announcement = db().scalar(readers.live_announcements(viewer()).where(Announcement.id == id))
    if announcement is None or announcement.fault is None:
        abort(404)
    board.me_too(db(), announcement.fault, by=me())
    consultations.solved_by(db(), request.form.get("token"), by=me(), kind=ANNOUNCEMENT, id=id)
    if is_fragment():
        return render_template("ask/_me_too.html", announcement=announcement, done=True)
    flash(_("已记下您也受到影响，恢复后会通知您。"), "success")
    return redirect(url_for("ask.page", text=request.form.get("text", "")[:LONGEST_BACK]))


@blueprint.app_template_global()
def may_join(fault: FaultEvent) -> bool:
    """Is there still something to say “me too” to?"""
    return fault.state not in board.OVER


@blueprint.app_template_global()
def has_joined(fault: FaultEvent) -> bool:
    """Has the reader said so already?"""
    mine = select(FaultReport.id).where(FaultReport.fault_id == fault.id, FaultReport.person_id == me().id)
    return db().scalar(mine.limit(1)) is not None
