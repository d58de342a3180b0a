"""The wall of unlinked tickets: groups of what was said alike, from which a record is opened.

How they are grouped is ``finder.grouping``, opening a record ``tickets.roots``. The invariant: a ticket that
this person may not judge isn't there.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.finder.grouping import groups_of
from portal.people.roles import Permission
from portal.tickets import piles, roots
from portal.tickets.models import Ticket
from portal.web.access import needs
from portal.web.refusals import sentence_of
from portal.web.request import db, me, parts

blueprint = Blueprint("wall", __name__)

GROUPS = 24


@blueprint.get("/workbench/board")
@needs(Permission.CURATE_DEFECTS)
def board() -> str:
    return _drawn()


def _drawn(*, problem: str = "", kept: str = "", title: str = "") -> str:
    tickets = roots.unlinked(db(), me())
    mine = piles.piles_of(me())
    return render_template(
        "workbench/board.html",
        groups=groups_of(tickets, parts().finder.index)[:GROUPS],
        total=len(tickets),
        piles=mine,
        heights=piles.heights(db(), mine, me()),
        problem=problem,
        kept=kept,
        title=title,
    )


@blueprint.post("/workbench/board")
@needs(Permission.CURATE_DEFECTS)
def open_record() -> Response:
    """A record out of a group, with the ticked tickets linked to it."""
    numbers, title = request.form.getlist("ticket"), request.form.get("title", "")
    chosen = _served(numbers)
    try:
        defect = roots.open_record_from(db(), chosen, title=title, by=me())
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return make_response(_drawn(problem=sentence, kept=request.form.get("group", ""), title=title), 422)
    flash(_("已新建缺陷 %(number)s，关联 %(n)s 张工单。", number=defect.number, n=len(chosen)), "success")
    return redirect(url_for("wall.board"))


def _served(numbers: list[str]) -> list[Ticket]:
    """The ticked tickets, newest first; one that I may not judge isn't there, and then nothing is done."""
    wanted = select(Ticket).where(Ticket.number.in_(numbers[: roots.MOST])).order_by(Ticket.filed_at.desc())
    found = list(db().scalars(wanted.options(joinedload(Ticket.requester))))
    if len(found) < len(set(numbers)) or not all(
        piles.serves_with(me(), row, Permission.CURATE_DEFECTS) for row in found
    ):
        abort(404)
    return found
