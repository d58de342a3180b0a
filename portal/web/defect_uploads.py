"""Bringing defect records in on a page: upload, mapping, preview, confirm, progress, taking back.

Who may: whoever curates defects. What all imports share is in ``imports``, what is done with one of them in
``import_deeds``, the form of the mapping in ``defect_mapping``. The invariant: nothing is written before its
owner has seen what would come, and confirmed it.
"""

from __future__ import annotations

import io

from flask import Blueprint, render_template, request, send_file
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects.importing import FIELDS
from defects.prospects import Prospect
from kb.flow import Refused
from kb.importing.outcome import BadFile, Fate
from portal.causes.imports.bringer import DEFECTS
from portal.causes.imports.choices import chosen, with_source
from portal.causes.imports.reading import MOST_RECORDS, judged
from portal.causes.imports.survey import Survey
from portal.people.roles import Permission
from portal.uploads import job
from portal.uploads.bringing import Wish
from portal.uploads.models import Import, ImportItem, Kind, Phase
from portal.web import imports
from portal.web.access import needs
from portal.web.defect_mapping import mapping_values
from portal.web.import_deeds import Room, add_deeds
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db
from portal.web.retelling import retold
from portal.web.taken_away import table

blueprint = Blueprint("defect_imports", __name__)

CURATE = Permission.CURATE_DEFECTS
ROOM = Room(blueprint, "/defects/imports", CURATE, DEFECTS)
MEANINGS = {field.name: field.meaning for field in FIELDS}


@blueprint.get("/defects/imports")
@needs(CURATE)
def page() -> str:
    return _form_page()


def _form_page(problem: str = "") -> str:
    values = imports.form_values(Kind.DEFECTS, problem)
    return render_template("defects/imports.html", most=MOST_RECORDS, fields=FIELDS, **values)


@blueprint.post("/defects/imports")
@needs(CURATE)
def upload() -> Response | tuple[str, int]:
    try:
        row = imports.begun(imports.taken_in("file")[:1], _wish(), DEFECTS)
    except (Refused, BadFile) as problem:
        db().rollback()
        return _form_page(_said(problem)), 422
    return ROOM.to(row)


def _said(problem: Refused | BadFile) -> str:
    return sentence_of(problem) if isinstance(problem, Refused) else retold(str(problem))


def _wish() -> Wish:
    plan = with_source(imports.plan_given(), request.form.get("source", ""))
    return Wish(plan=plan, encoding=request.form.get("encoding", "auto"))


@blueprint.get("/defects/imports/template.csv")
@needs(CURATE)
def template() -> Response:
    """An empty table with our columns, called as the reader's language calls them."""
    names = [field.meaning if str(get_locale()).startswith("zh") else field.name for field in FIELDS]
    return table("csv", names, []).called("defects.csv")


# ── one import ───────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/defects/imports/<int:number>")
@needs(CURATE)
def one(number: int) -> str:
    return _page(ROOM.mine(number))


def _page(row: Import, problem: str = "") -> str:
    values = imports.values_of(row)
    whole = row.phase == Phase.PREVIEWED
    return render_template(
        "imports/_import.html" if is_fragment() else "defects/import.html",
        room="defect_imports",
        said=_words(row, values),
        changes=_changes(row, values["items"]) if whole else {},
        problem=problem,
        **values,
        **(mapping_values(row) if whole else {}),
    )


def _words(row: Import, values: dict[str, int]) -> dict[str, str]:
    """What is said of records where other imports bring other things."""
    return {
        "progress": _(
            "%(n)s / %(all)s 条。可以离开，做完后在“最近的导入”里看结果。",
            n=values["settled"],
            all=values["total"],
        ),
        "confirm": _("导入这 %(n)s 条", n=values["wanted"]),
        "nothing": _(DEFECTS.nothing),
        "undo": _(
            "%(n)s 天内可以撤销：新登记的退回为“不是缺陷”，更新的恢复原样；之后有人动过的不撤。",
            n=values["days"],
        ),
        "comes": _("新的缺陷沿用来源系统的状态；已有的只更新文件里写到的内容，状态不变。"),
        "source": Survey.of(row.found).source if row.found else row.source,
    }


def _changes(row: Import, items: list[ImportItem]) -> dict[int, list[str]]:
    """Which fields each of these would change, as things stand now."""
    changed = [item for item in items if item.fate == Fate.CHANGED]
    found = judged(db(), row, changed).by_key() if changed else {}
    named = {item.turn: found.get((item.source, item.external_id)) for item in changed}
    return {turn: _fields(one) for turn, one in named.items() if one is not None}


def _fields(found: Prospect) -> list[str]:
    return [meaning(name) for name in found.changed]


def meaning(name: str) -> str:
    return _(MEANINGS.get(name) or MEANINGS.get(name.removesuffix("_id"), name))


@blueprint.post("/defects/imports/<int:number>/mapping")
@needs(CURATE)
def remap(number: int) -> Response | tuple[str, int]:
    """Take the words of the file for something else, and look again at what would come."""
    row = ROOM.mine(number)
    try:
        plan = chosen(row.plan, Survey.of(row.found), request.form) if row.found else row.plan
        DEFECTS.fits(row.name, Wish(plan=plan))
        job.read_again(db(), row, plan, bringer=DEFECTS)
    except BadFile as fault:
        db().rollback()
        return _page(ROOM.mine(number), _said(fault)), 422
    imports.read_if_small(row, DEFECTS)
    return ROOM.to(row)


@blueprint.get("/defects/imports/<int:number>/mapping.json")
@needs(CURATE)
def mapping(number: int) -> Response:
    """The mapping as a file: for the next import here, or for the command."""
    content = io.BytesIO((ROOM.mine(number).plan or "{}").encode())
    return send_file(content, "application/json", as_attachment=True, download_name="mapping.json")


add_deeds(ROOM, page=_page)
