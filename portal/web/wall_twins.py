"""Records that seem to say the same, side by side: merged from here, or told apart for good.

Pairs are found by the worker (``causes.wall.twins``), merging is ``causes.merging``. The invariant: a record
that this person may not see makes its pair not be there.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects.flow import DefectAction, open_to
from defects.models import Defect
from defects.queries import is_visible, visible_by_number
from indexer.highlight import highlight
from kb.counting import count_of
from kb.flow import Refused
from portal.catalogue.queries import systems_by_code
from portal.causes import life
from portal.causes.life import Given
from portal.causes.wall import twins
from portal.causes.wall.models import TwinPair
from portal.people.duties import defect_duties
from portal.people.roles import Permission
from portal.tickets import linking
from portal.web.access import needs
from portal.web.paging import asked_page, pages
from portal.web.refusals import sentence_of
from portal.web.request import db, me, viewer

blueprint = Blueprint("twins", __name__)

CURATES = needs(Permission.CURATE_DEFECTS)
PER_PAGE = 10
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Side:
    """One record of a pair; what both say is marked."""

    defect: Defect
    tickets: int
    symptoms: tuple[list[tuple[str, bool]], ...]
    codes: tuple[tuple[str, bool], ...]
    may_go: bool
    """May it be merged into the other now?"""


@blueprint.get("/defects/duplicates")
@CURATES
def page() -> str:
    return _drawn()


def _drawn(*, problem: str = "", kept: str = "") -> str:
    system = request.args.get("system", "")
    wanted = twins.proposed(system=system)
    total = count_of(db(), wanted)
    rows = list(db().scalars(wanted.limit(PER_PAGE).offset((asked_page() - 1) * PER_PAGE)))
    apart = twins.kept_apart_by(db(), me(), limit=5)
    return render_template(
        "wall/twins.html",
        pairs=_pairs(rows),
        apart=apart,
        cursor=pages(total, per_page=PER_PAGE),
        system=system,
        systems=systems_by_code(db()),
        problem=problem,
        kept=kept,
        sent=request.form,
    )


def _pairs(rows: list[TwinPair]) -> list[tuple[TwinPair, Side, Side]]:
    there = [row for row in rows if is_visible(row.one, viewer()) and is_visible(row.other, viewer())]
    counts = linking.counts_of(db(), [defect.id for row in there for defect in (row.one, row.other)])
    return [(row, _side(row.one, row.other, counts), _side(row.other, row.one, counts)) for row in there]


def _side(defect: Defect, other: Defect, counts: dict[int, int]) -> Side:
    said = "\n".join((other.title, *other.symptoms))
    return Side(
        defect,
        counts.get(defect.id, 0),
        tuple(highlight(line, said) for line in defect.symptoms[:SHOWN]),
        tuple((code, code in other.codes) for code in defect.codes),
        any(step.action == DefectAction.MERGE for step in open_to(defect.state, defect_duties(me()))),
    )


@blueprint.post("/defects/duplicates/<left>/<right>/apart")
@CURATES
def apart(left: str, right: str) -> Response:
    first, second = _seen(left), _seen(right)
    try:
        twins.keep_apart(db(), first, second, by=me(), why=request.form.get("why", ""))
    except Refused as refusal:
        return _refused(refusal, f"{left} {right}")
    flash(_("已记下这两条不是同一个，不再提示，可以在页面底部撤销。"), "success")
    return _back()


@blueprint.post("/defects/duplicates/<left>/<right>/reconsider")
@CURATES
def reconsider(left: str, right: str) -> Response:
    try:
        twins.reconsider(db(), _seen(left), _seen(right), by=me())
    except Refused as refusal:
        return _refused(refusal, "")
    flash(_("已撤销，仍然相像的会再次提示。"), "success")
    return _back()


@blueprint.post("/defects/duplicates/<left>/<right>/merge")
@CURATES
def merge(left: str, right: str) -> Response:
    """``left`` into ``right``; its tickets go along."""
    defect, into = _seen(left), _seen(right)
    why = request.form.get("why", "")
    try:
        life.move(db(), defect, DefectAction.MERGE, by=me(), given=Given(into=into, note=why))
    except Refused as refusal:
        return _refused(refusal, f"{left} {right}")
    said = _("已把 %(one)s 并入 %(other)s，工单也一并转过去了。", one=defect.number, other=into.number)
    flash(said, "success")
    return _back()


def _seen(number: str) -> Defect:
    return visible_by_number(db(), number[:20], viewer()) or abort(404)


def _back() -> Response:
    system = request.args.get("system", "")
    return redirect(url_for("twins.page", system=system or None))


def _refused(refusal: Refused, kept: str) -> Response:
    sentence = sentence_of(refusal)
    db().rollback()
    return make_response(_drawn(problem=sentence, kept=kept), 422)
