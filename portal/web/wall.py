"""The wall of unlinked tickets: groups of what was said alike, and what is decided on them, all by key.

Which tickets belong together is kept by the worker (``causes.wall``), decisions are its verbs. The
invariants: a ticket that this person may not judge isn't there, and neither is a group of nothing but such;
whatever is refused, what was typed and ticked is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from defects.models import Defect
from defects.queries import is_visible, visible_by_number
from indexer.words import N_
from kb.flow import Refused
from portal.catalogue.queries import systems_in_order
from portal.causes.wall import deciding
from portal.causes.wall.arranging import GROWN_BY, GROWN_SHARE
from portal.causes.wall.lists import group_for, tickets_of, wall
from portal.causes.wall.models import WallGroup
from portal.people.roles import Permission
from portal.tickets import piles, roots
from portal.tickets.models import Ticket
from portal.web.access import needs
from portal.web.paging import asked_page, pages
from portal.web.refusals import sentence_of
from portal.web.request import db, me, viewer

blueprint = Blueprint("wall", __name__)

CURATES = needs(Permission.CURATE_DEFECTS)
PER_PAGE = 12
ASIDE = "aside"


@blueprint.get("/workbench/board")
@CURATES
def board() -> str:
    return _drawn()


def _drawn(*, problem: str = "", kept: str = "") -> str:
    """``kept``: the group on which something was refused; its form comes back as it was sent."""
    aside, system = request.args.get("state") == ASIDE, request.args.get("system", "")
    offset = (asked_page() - 1) * PER_PAGE
    found = wall(db(), me(), aside=aside, system=system, limit=PER_PAGE, offset=offset)
    mine = piles.piles_of(me())
    return render_template(
        "workbench/board.html",
        wall=found,
        aside=aside,
        cursor=pages(found.total, per_page=PER_PAGE),
        system=system,
        systems=systems_in_order(db()),
        piles=mine,
        heights=piles.heights(db(), mine, me()),
        weeks=roots.RECENT.days // 7,
        grown_by=GROWN_BY,
        grown_share=GROWN_SHARE,
        deed=deciding.last_deed(db(), me()),
        may_gather=me().may(Permission.WORK_MIDDLE),
        problem=problem,
        kept=kept,
        sent=request.form,
        unticked=set(request.form.getlist("shown")) - set(request.form.getlist("ticket")),
        known_to=lambda defect: defect is not None and is_visible(defect, viewer()),
    )


# ── deeds ────────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/workbench/board")
@CURATES
def open_record() -> Response:
    """A record out of a group, with the ticked tickets linked to it."""
    number = request.form.get("group", "")
    group = _group(int(number)) if number.isdecimal() and len(number) < 10 else None
    chosen = _ticked()

    def deed() -> str:
        title = request.form.get("title", "")
        defect = deciding.open_record(db(), group, chosen, title=title, by=me())
        return _("已新建缺陷 %(number)s，关联 %(n)s 张工单。", number=defect.number, n=len(chosen))

    return _done(deed, number)


@blueprint.post("/workbench/board/<int:number>/link")
@CURATES
def link(number: int) -> Response:
    """All that is ticked to one known record, in one deed."""
    group, chosen, defect = _group(number), _ticked(), _defect()

    def deed() -> str:
        deciding.link_all(db(), group, chosen, defect, by=me())
        return _("已把 %(n)s 张工单关联到 %(number)s，按 u 可撤销。", n=len(chosen), number=defect.number)

    return _done(deed, str(number))


@blueprint.post("/workbench/board/<int:number>/fault")
@needs(Permission.WORK_MIDDLE)
def gather(number: int) -> Response:
    """What is ticked as one fault event, for dispatch to rule on."""
    group, chosen = _group(number), _ticked()
    try:
        fault = deciding.gather(db(), group, chosen, title=request.form.get("title", ""), by=me())
    except Refused as refusal:
        return _refused(refusal, str(number))
    flash(_("已归集为故障事件 %(number)s，请提交运调判定。", number=fault.number), "success")
    return redirect(url_for("fault_pages.event", number=fault.number))


@blueprint.post("/workbench/board/<int:number>/dismiss")
@CURATES
def dismiss(number: int) -> Response:
    """No record is wanted for this, because …; the whole group, whatever is ticked."""
    group = _group(number)

    def deed() -> str:
        reason = request.form.get("reason", "")
        deciding.dismiss(db(), group, tickets_of(db(), me(), group), reason=reason, by=me())
        return _("已搁置，按 u 可撤销；又来很多时会自动回到墙上。")

    return _done(deed, str(number))


@blueprint.post("/workbench/board/<int:number>/take-back")
@CURATES
def take_back(number: int) -> Response:
    group = _group(number)

    def deed() -> str:
        deciding.take_back(db(), group, tickets_of(db(), me(), group), by=me())
        return _("已放回墙上。")

    return _done(deed, str(number))


@blueprint.post("/workbench/board/undo")
@CURATES
def undo() -> Response:
    """Take my last deed back."""
    move = deciding.last_deed(db(), me())

    def deed() -> str:
        if move is None:
            raise Refused(N_("没有可以撤销的操作。"))
        deciding.undo(db(), move, by=me())
        return _("已撤销。")

    return _done(deed, "")


def _done(deed: Callable[[], str], number: str) -> Response:
    try:
        said = deed()
    except Refused as refusal:
        return _refused(refusal, number)
    flash(said, "success")
    kept = {name: request.args[name] for name in ("state", "system", "page") if request.args.get(name)}
    return redirect(url_for("wall.board", **kept))  # type: ignore[arg-type]


def _refused(refusal: Refused, number: str) -> Response:
    sentence = sentence_of(refusal)
    db().rollback()
    return make_response(_drawn(problem=sentence, kept=number), 422)


# ── what a deed is about ─────────────────────────────────────────────────────────────────────────


def _group(number: int) -> WallGroup:
    return group_for(db(), me(), number) or abort(404)


def _defect() -> Defect:
    return visible_by_number(db(), request.form.get("defect", "")[:20], viewer()) or abort(404)


def _ticked() -> Sequence[Ticket]:
    """The ticked tickets, newest first; one that I may not judge isn't there, and then nothing is done."""
    numbers = request.form.getlist("ticket")[: roots.MOST]
    wanted = select(Ticket).where(Ticket.number.in_(numbers)).order_by(Ticket.filed_at.desc())
    found = list(db().scalars(wanted.options(joinedload(Ticket.requester))))
    if len(found) < len(set(numbers)) or not all(
        piles.serves_with(me(), row, Permission.CURATE_DEFECTS) for row in found
    ):
        abort(404)
    return found
