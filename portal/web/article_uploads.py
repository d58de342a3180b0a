"""Bringing articles in on a page: upload, what it says, confirm, progress, taking back.

Who may: whoever writes articles. A single article of an import is shown by ``article_previews``; what all
imports share is in ``imports``, what is done with one of them in ``import_deeds``. The invariant: everything
comes as a draft, published by another colleague as ever.
"""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.curation.imports.bringer import ARTICLES
from portal.curation.imports.reading import MOST_ARTICLES
from portal.people.roles import Permission
from portal.uploads.bringing import Wish
from portal.uploads.models import Import, Kind
from portal.web import imports
from portal.web.access import needs
from portal.web.import_deeds import Room, add_deeds
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db
from portal.web.retelling import retold

blueprint = Blueprint("article_imports", __name__)

WRITE = Permission.WRITE_ARTICLES
ROOM = Room(blueprint, "/knowledge/imports", WRITE, ARTICLES)

blueprint.add_app_template_filter(retold)
blueprint.add_app_template_filter(imports.placed)


@blueprint.get("/knowledge/imports")
@needs(WRITE)
def page() -> str:
    return _form_page()


def _form_page(problem: str = "") -> str:
    values = imports.form_values(Kind.ARTICLES, problem)
    return render_template("knowledge/imports.html", most=MOST_ARTICLES, **values)


@blueprint.post("/knowledge/imports")
@needs(WRITE)
def upload() -> Response | tuple[str, int]:
    try:
        row = imports.begun(imports.taken_in("files", "folder"), _wish(), ARTICLES)
    except Refused as refusal:
        db().rollback()
        return _form_page(sentence_of(refusal)), 422
    return ROOM.to(row)


def _wish() -> Wish:
    given = request.form
    return Wish(
        source=given.get("source", ""),
        plan=imports.plan_given(),
        encoding=given.get("encoding", "auto"),
        split=bool(given.get("split")),
        submits=bool(given.get("submits")),
    )


# ── one import ───────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/knowledge/imports/<int:number>")
@needs(WRITE)
def one(number: int) -> str:
    return _page(ROOM.mine(number))


def _page(row: Import) -> str:
    template = "imports/_import.html" if is_fragment() else "knowledge/import.html"
    values = imports.values_of(row)
    return render_template(template, room="article_imports", said=_words(row, values), **values)


def _words(row: Import, values: dict[str, int]) -> dict[str, str]:
    """What is said of articles where other imports bring other things."""
    comes = (
        _("新的知识会直接提交审核，由另一位同事发布。")
        if row.submits
        else _("都以草稿导入，由另一位同事审核发布。")
    )
    return {
        "progress": _(
            "%(n)s / %(all)s 篇。可以离开，做完后在“最近的导入”里看结果。",
            n=values["settled"],
            all=values["total"],
        ),
        "confirm": _("导入这 %(n)s 篇", n=values["wanted"]),
        "nothing": _(ARTICLES.nothing),
        "undo": _("%(n)s 天内可以撤销：新建的删除，更新的恢复；之后有人动过的不撤。", n=values["days"]),
        "comes": comes,
    }


add_deeds(ROOM, page=_page)
