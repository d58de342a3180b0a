"""Administration of units: the organisation as a tree, one unit open for change.

It holds the blueprint that ``admin_rooms`` fills: people, systems, services, forms and the audit add their
views to it. The invariant: a unit is closed, never removed.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.people import units
from portal.people.models import Unit
from portal.people.queries import unit_by_code, units_in_order
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.labels import named
from portal.web.refusals import sentence_of
from portal.web.request import db, me

blueprint = Blueprint("admin", __name__)


def unit_choices(keep: Unit | None = None) -> list[tuple[str, str]]:
    """(code, indented name) of every active unit, and of one that is kept although it is closed."""
    return [
        (unit.code, "　" * (len(unit.ancestry) - 1) + named(unit))
        for unit in units_in_order(db())
        if unit.active or (keep is not None and unit.id == keep.id)
    ]


def word(name: str, limit: int = 200) -> str:
    """A line of the form; a database keeps no NUL."""
    return request.form.get(name, "").strip()[:limit].replace("\x00", "")


@blueprint.get("/admin/units")
@needs(Permission.MANAGE_PEOPLE)
def unit_tree() -> str:
    """The organisation as a tree; one unit open for change."""
    return _units_page()


def _units_page(problem: str = "") -> str:
    every = units_in_order(db())
    chosen = next((unit for unit in every if unit.code == request.args.get("unit")), None)
    return render_template(
        "admin/units.html",
        units=every,
        chosen=chosen,
        people=units.people_in(db()),
        kinds=units.KINDS,
        problem=problem,
    )


@blueprint.post("/admin/units")
@needs(Permission.MANAGE_PEOPLE)
def add_unit() -> Response | tuple[str, int]:
    above = known_unit(word("above"))
    try:
        unit = units.add(db(), word("code"), word("name"), kind=word("kind"), above=above, by=me())
    except Refused as refusal:
        db().rollback()
        return _units_page(sentence_of(refusal)), 422
    return _to_unit(unit, _("已添加 %(name)s。", name=unit.name))


@blueprint.post("/admin/units/<code>")
@needs(Permission.MANAGE_PEOPLE)
def change_unit(code: str) -> Response:
    """Rename, move, close or reopen; the button says which."""
    unit = known_unit(code)
    match request.form.get("deed"):
        case "rename":
            units.rename(db(), unit, word("name"), name_en=word("name_en"), by=me())
        case "move":
            units.move(db(), unit, known_unit(word("above")), by=me())
        case "close":
            units.close(db(), unit, by=me())
        case "reopen":
            units.reopen(db(), unit, by=me())
        case _:
            abort(400)
    return _to_unit(unit, _("已保存。"))


def known_unit(code: str) -> Unit:
    unit = unit_by_code(db(), code)
    if unit is None:
        abort(404)
    return unit


def _to_unit(unit: Unit, sentence: str) -> Response:
    flash(sentence, "success")
    return redirect(url_for("admin.unit_tree", unit=unit.code))
