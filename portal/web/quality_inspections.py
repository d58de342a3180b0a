"""Inspections (质检): the work list, the score beside the ticket's trail, appeals, one's own scores."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, lazyload, selectinload
from werkzeug.wrappers import Response

from indexer.words import N_
from kb.counting import count_of
from kb.flow import Refused
from portal.people.models import Person
from portal.people.queries import people_by_id
from portal.people.roles import Permission
from portal.quality import appeals, lists
from portal.quality import inspections as verbs
from portal.quality.lists import Pile
from portal.quality.models import Inspection, Score, SheetVersion
from portal.quality.scope import inspection_of
from portal.quality.scoring import BEST, Mark, Sheet, sheet_from
from portal.quality.sheets import version_for
from portal.quality.words import InspectionState
from portal.tickets.models import Comment, Ticket, TrailEntry
from portal.web.access import needs
from portal.web.paging import asked_page, pages
from portal.web.quality_pages import PER_PAGE, blueprint, is_complete, marks_in
from portal.web.refusals import sentence_of
from portal.web.request import db, me

__all__ = ["blueprint"]

P = Permission
READERS = (P.INSPECT, P.READ_QUALITY, P.DECIDE_APPEALS)
PILES = (Pile.WAITING, Pile.MINE, Pile.APPEALS, Pile.ENDED)


@blueprint.get("/quality/inspections")
@needs(*READERS)
def inspections() -> str:
    """The work list, by pile."""
    pile = _asked_pile()
    part = lists.inspections(db(), me(), pile, limit=PER_PAGE, offset=(asked_page() - 1) * PER_PAGE)
    return render_template(
        "quality/inspections.html",
        here="quality.inspections",
        rows=part.rows,
        cursor=pages(part.total, per_page=PER_PAGE),
        pile=pile,
        piles=PILES,
        counts=lists.inspection_counts(db(), me()),
        works=me().may(P.INSPECT),
    )


def _asked_pile() -> Pile:
    asked = request.args.get("pile", "")
    usual = Pile.WAITING if me().may(P.INSPECT) else Pile.APPEALS
    return Pile(asked) if asked in set(PILES) else usual


@blueprint.get("/quality/mine")
@needs(P.WORK_FRONT)
def mine() -> str:
    """My own scores, nobody else's."""
    wanted = lists.own_inspections(me())
    total = count_of(db(), wanted)
    cursor = pages(total, per_page=PER_PAGE)
    rows = db().scalars(wanted.limit(PER_PAGE).offset(cursor.offset))
    return render_template("quality/mine.html", here="quality.mine", rows=list(rows), cursor=cursor)


@blueprint.post("/quality/inspections/next")
@needs(P.INSPECT)
def next_inspection() -> Response:
    """Take the next one."""
    row = lists.next_to_score(db(), me())
    if row is None:
        flash(_("现在没有等您质检的工单。"), "success")
        return redirect(url_for("quality.inspections"))
    verbs.take(db(), row, by=me())
    return _to(row)


@blueprint.get("/quality/inspections/<int:number>")
@needs(*READERS, P.WORK_FRONT)
def inspection(number: int) -> str:
    """One inspection: the ticket's trail on one side, the score on the other."""
    return _page(_seen(number))


def _page(row: Inspection, *, problem: str = "") -> str:
    scores = list(
        db().scalars(
            select(Score)
            .where(Score.inspection_id == row.id)
            .order_by(Score.seq)
            .options(joinedload(Score.by).lazyload(Person.posts))
        )
    )
    version = scores[-1].sheet_version if scores else version_for(db(), row.ticket)
    sheet = sheet_from(version.content) if version else None
    appeal = row.appeal
    return render_template(
        "quality/inspection.html",
        here="quality.mine" if row.agent_id == me().id else "quality.inspections",
        row=row,
        ticket=_whole(row.ticket),
        version=version,
        sheet=sheet,
        scores=[(score, verbs.marks_of(score)) for score in scores],
        marks=_shown_marks(sheet, scores),
        best=BEST,
        appeal=appeal,
        people=people_by_id(db(), {appeal.by_id, appeal.decided_by_id}) if appeal else {},
        why_not=_reasons(row),
        own=row.agent_id == me().id,
        problem=problem,
        form=request.form,
    )


def _shown_marks(sheet: Sheet | None, scores: list[Score]) -> dict[str, Mark]:
    """What the form starts from: what was typed, else the last score."""
    if sheet is None:
        return {}
    keys = [key for key, _item in sheet.keyed()]
    if request.form.get("marks"):
        return marks_in(request.form, keys)
    return verbs.marks_of(scores[-1]) if scores else {}


def _reasons(row: Inspection) -> dict[str, str]:
    """For each deed the sentence why not; empty: it is open to me."""
    holder = row.inspector.name if row.inspector else ""
    found = {
        "score": verbs.objection(row, me()),
        "appeal": appeals.appeal_objection(db(), row, me()),
        "decide": appeals.decision_objection(row, me()),
    }
    return {
        deed: sentence_of(Refused(reason, holder=holder)) if reason else "" for deed, reason in found.items()
    }


def _whole(ticket: Ticket) -> Ticket:
    """The ticket with all that is read beside the score."""
    named = (lazyload(Person.posts), lazyload(Person.unit))
    wanted = (
        select(Ticket)
        .where(Ticket.id == ticket.id)
        .options(
            joinedload(Ticket.requester).lazyload(Person.posts),
            selectinload(Ticket.trail).joinedload(TrailEntry.by).options(*named),
            selectinload(Ticket.comments).joinedload(Comment.by).options(*named),
            selectinload(Ticket.article_links),
        )
        .execution_options(populate_existing=True)
    )
    return db().scalars(wanted).one()


@blueprint.post("/quality/inspections/<int:number>/take")
@needs(P.INSPECT)
def take_inspection(number: int) -> Response:
    row = _seen(number)
    verbs.take(db(), row, by=me())
    return _to(row)


@blueprint.post("/quality/inspections/<int:number>/put-back")
@needs(P.INSPECT)
def put_back_inspection(number: int) -> Response:
    verbs.put_back(db(), _seen(number), by=me())
    return redirect(url_for("quality.inspections"))


@blueprint.post("/quality/inspections/<int:number>/score")
@needs(P.INSPECT)
def score(number: int) -> Response | tuple[str, int]:
    """Give the score; on to the next one when that was asked for."""
    row, version = _seen(number), _asked_version()
    try:
        marks = _given_marks(version)
        remark = request.form.get("remark", "")
        given = verbs.score(db(), row, version, marks=marks, by=me(), remark=remark)
    except Refused as refusal:
        db().rollback()
        return _page(_seen(number), problem=sentence_of(refusal)), 422
    flash(_("已评分：%(points)s 分，%(level)s。", points=given.tenths / 10, level=given.level), "success")
    return next_inspection() if request.form.get("then") == "next" else _to(row)


def _asked_version() -> SheetVersion:
    """The version that was on the screen, also when a newer one was saved meanwhile."""
    asked = request.form.get("version", "")
    version = db().get(SheetVersion, int(asked)) if asked.isdecimal() and len(asked) < 10 else None
    if version is None:
        abort(400)
    return version


def _given_marks(version: SheetVersion) -> dict[str, Mark]:
    items = list(sheet_from(version.content).keyed())
    keys = [key for key, item in items if not item.veto]
    if not is_complete(request.form, keys):
        raise Refused(N_("每一项都要打分；用不上的选“不适用”。"))
    return marks_in(request.form, [key for key, _item in items])


@blueprint.post("/quality/inspections/<int:number>/appeal")
@needs(P.WORK_FRONT)
def appeal(number: int) -> Response | tuple[str, int]:
    row = _seen(number)
    try:
        appeals.appeal(db(), row, request.form.get("reason", ""), by=me())
    except Refused as refusal:
        db().rollback()
        return _page(_seen(number), problem=sentence_of(refusal)), 422
    flash(_("申诉已提交，由另一位同事裁定。"), "success")
    return _to(row)


@blueprint.post("/quality/inspections/<int:number>/decision")
@needs(P.DECIDE_APPEALS)
def decision(number: int) -> Response | tuple[str, int]:
    """The end of an appeal: the score stands, or is given anew."""
    row = _seen(number)
    try:
        _decided(row)
    except Refused as refusal:
        db().rollback()
        return _page(_seen(number), problem=sentence_of(refusal)), 422
    flash(_("裁定已记录，当事人和评分人会收到通知。"), "success")
    return _to(row)


def _decided(row: Inspection) -> None:
    answer = request.form.get("answer", "")
    match request.form.get("verdict"):
        case "kept":
            appeals.keep(db(), row, answer, by=me())
        case "changed" if row.state == InspectionState.APPEALED:
            marks = _given_marks(row.scores[-1].sheet_version)
            appeals.change(db(), row, answer, marks=marks, by=me())
        case "changed":
            appeals.keep(db(), row, answer, by=me())  # refuses: nothing waits for a decision
        case _:
            abort(400)


def _seen(number: int) -> Inspection:
    row = inspection_of(db(), me(), number)
    if row is None:
        abort(404)
    return row


def _to(row: Inspection) -> Any:
    return redirect(url_for("quality.inspection", number=row.id))
