"""Bursts: what comes in so much more than usual right now, and what is made of it with one click.

What is found is kept by the worker (``causes.bursts``), decisions are its verbs. The invariants: who serves
nothing of a burst gets 404; what is drawn is what ``deciding.open_to`` names, by the rule that guards it.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.columns import now
from kb.flow import Refused
from portal.causes.bursts import deciding
from portal.causes.bursts.chances import BUDGET
from portal.causes.bursts.like_hours import WEEKS
from portal.causes.bursts.lists import Line, bursts, line_of
from portal.people.roles import Permission
from portal.tickets import piles
from portal.web.access import needs
from portal.web.refusals import sentence_of
from portal.web.request import db, me, parts
from portal.web.times import spoken

blueprint = Blueprint("bursts", __name__)

P = Permission
READS = needs(P.WORK_MIDDLE, P.WORK_DISPATCH, P.READ_FIGURES)


@blueprint.get("/bursts")
@READS
def page() -> str:
    return _drawn()


def _drawn(*, problem: str = "", kept: int = 0) -> str:
    mine = piles.piles_of(me())
    return render_template(
        "wall/bursts.html",
        found=bursts(db(), me()),
        piles=mine,
        heights=piles.heights(db(), mine, me()),
        open_to=lambda line: deciding.open_to(me(), line),
        budget=BUDGET,
        weeks=WEEKS,
        problem=problem,
        kept=kept,
        sent=request.form,
        moment_now=now(db()),
    )


# ── what is made of it ───────────────────────────────────────────────────────────────────────────


@blueprint.post("/bursts/<int:number>/fault")
@needs(P.WORK_MIDDLE)
def to_fault(number: int) -> Response:
    line = _line(number)
    try:
        fault = deciding.to_fault(db(), line, title=_title(line), by=me())
    except Refused as refusal:
        return _refused(refusal, number)
    flash(_("已归集为故障事件 %(number)s，请提交运调判定。", number=fault.number), "success")
    return redirect(url_for("fault_pages.event", number=fault.number))


@blueprint.post("/bursts/<int:number>/defect")
@needs(P.CURATE_DEFECTS)
def to_defect(number: int) -> Response:
    line = _line(number)
    try:
        defect, linked = deciding.to_defect(db(), line, title=_title(line), by=me())
    except Refused as refusal:
        return _refused(refusal, number)
    flash(_("已新建缺陷 %(number)s，关联 %(n)s 张工单。", number=defect.number, n=linked), "success")
    return redirect(url_for("defect_pages.record", number=defect.number))


@blueprint.post("/bursts/<int:number>/article")
@needs(P.WRITE_ARTICLES)
def to_article(number: int) -> Response:
    """Somebody writes what answers it: a draft out of its tickets, else a new article."""
    line = _line(number)
    try:
        deciding.to_article(db(), line, by=me())
    except Refused as refusal:
        return _refused(refusal, number)
    numbers = [ticket.number for ticket in line.tickets]
    return redirect(url_for("drafts.page", ticket=numbers) if numbers else url_for("gaps.page"))


def _title(line: Line) -> str:
    return line.burst.group.title if line.burst.group is not None and line.whole else ""


# ── put away, and back ───────────────────────────────────────────────────────────────────────────


@blueprint.post("/bursts/<int:number>/dismiss")
@READS
def dismiss(number: int) -> Response:
    line = _line(number)

    def deed() -> str:
        deciding.dismiss(db(), line, reason=request.form.get("reason", ""), by=me())
        return _("已忽略，可以在下面恢复。")

    return _done(deed, number)


@blueprint.post("/bursts/<int:number>/tomorrow")
@READS
def put_off(number: int) -> Response:
    line = _line(number)

    def deed() -> str:
        until = deciding.put_off(db(), line, by=me()).astimezone(parts().settings.zone)
        return _("已推迟到%(when)s，那时还在继续就再列出来。", when=spoken(until))

    return _done(deed, number)


@blueprint.post("/bursts/<int:number>/take-back")
@READS
def take_back(number: int) -> Response:
    line = _line(number)

    def deed() -> str:
        deciding.take_back(db(), line, by=me())
        return _("已恢复。")

    return _done(deed, number)


def _done(deed: Callable[[], str], number: int) -> Response:
    try:
        said = deed()
    except Refused as refusal:
        return _refused(refusal, number)
    flash(said, "success")
    return redirect(url_for("bursts.page", _anchor=f"b-{number}"))


def _refused(refusal: Refused, number: int) -> Response:
    sentence = sentence_of(refusal)
    db().rollback()
    return make_response(_drawn(problem=sentence, kept=number), 422)


def _line(number: int) -> Line:
    return line_of(db(), me(), number) or abort(404)
