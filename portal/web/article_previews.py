"""One article of an import, before it is there: as it would be written now, with its pictures.

The invariant: what is shown has gone through the one renderer, and where uploads are scanned no picture is
shown before it was.
"""

from __future__ import annotations

import io
from typing import Any

from flask import abort, render_template, send_file, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from kb import articles, compare
from kb.importing.outcome import FATE_LABELS, BadFile, Fate
from kb.importing.prospects import Prospect
from kb.markdown import render
from portal.curation.imports import reading
from portal.curation.imports.pictures import PROMISED, Weigher
from portal.tickets.file_types import is_shown_inline
from portal.uploads import standing
from portal.uploads.models import Import, ImportItem
from portal.web.access import needs
from portal.web.article_uploads import ROOM, WRITE, blueprint
from portal.web.files import NO_PICTURE, alone
from portal.web.request import db
from portal.web.request import parts as app_parts

#: The pictures of the item that was looked at last: (upload, turn) → what the weigher has shown.
_LOOKED: dict[tuple[str, int], list[tuple[str, str, bytes]]] = {}
#: A picture of the preview, as the renderer wrote its address.
PREVIEWED = 'src="/files/%d"'


def _shown(number: int, turn: int) -> tuple[Import, ImportItem, Prospect | None, Weigher]:
    """An item as it would be written now, with its pictures at hand; None when that can't be said."""
    row = ROOM.mine(number)
    item = standing.item_of(db(), row, turn) or abort(404)
    weigher = Weigher(db(), app_parts().settings.upload_limit_mb, shown=[])
    if row.stored_as is None or (item.fate == Fate.REFUSED and not item.given):
        return row, item, None, weigher
    try:
        again = reading.judged(db(), row, [item], app_parts().settings, weigher)
    except BadFile:
        return row, item, None, weigher
    return row, item, next(iter(again.prospects), None), weigher


@blueprint.get("/knowledge/imports/<int:number>/items/<int:turn>")
@needs(WRITE)
def item(number: int, turn: int) -> str:
    row, entry, found, weigher = _shown(number, turn)
    pieces = None
    if found is not None and found.article is not None and found.fate == Fate.CHANGED:
        pieces = compare.compare(found.article.body, found.text.body)
    return render_template(
        "knowledge/import_item.html",
        row=row,
        item=entry,
        text=found.text if found else None,
        body=_rendered(found, row, entry, len(weigher.shown or ())) if found else "",
        pieces=pieces,
        facts=_facts(found) if found else [],
        fate_labels=FATE_LABELS,
    )


def _rendered(found: Prospect, row: Import, entry: ImportItem, count: int) -> Markup:
    """Through the one renderer; then the pictures that are not there yet lead to the upload."""
    html = str(render(found.text.body))
    for turn in range(count):
        there = url_for("article_imports.picture", number=row.id, turn=entry.turn, place=turn)
        html = html.replace(PREVIEWED % (PROMISED + turn), f'src="{there}"')
    return Markup(html)  # noqa: S704 - sanitized by the renderer; only addresses of our own are put in


def _facts(found: Prospect) -> list[tuple[str, Any]]:
    """What changes beside the words: (name, as it will be)."""
    before = articles.text_of(found.article) if found.article else None
    names = {
        "system": _("系统"),
        "module": _("模块"),
        "category": _("类别"),
        "audience": _("给谁看"),
        "units": _("只给这些单位看"),
        "keywords": _("关键词"),
        "also": _("用户还会这样问（一行一句）"),
        "language": _("语言"),
    }
    told = [(names[name], getattr(found.text, name)) for name in names]
    same = {names[name] for name in names if before and getattr(before, name) == getattr(found.text, name)}
    return [*((name, value) for name, value in told if value and name not in same), *_care(found)]


def _care(found: Prospect) -> list[tuple[str, str]]:
    """Who is to look after it, when it is checked again, until when it holds."""
    names = {"owner_id": _("负责人"), "review_on": _("复核日期"), "expires_on": _("有效期到")}
    said = found.care.said() if found.article is None or found.care.differs(found.article) else {}
    shown = {**said, "owner_id": found.draft.values["owner"]} if "owner_id" in said else said
    return [(name, str(shown[key])) for key, name in names.items() if key in shown]


@blueprint.get("/knowledge/imports/<int:number>/items/<int:turn>/files/<int:place>")
@needs(WRITE)
def picture(number: int, turn: int, place: int) -> Response:
    """A picture of the preview; where uploads are scanned, a grey one until the import has been confirmed."""
    row = ROOM.mine(number)
    key = (row.stored_as or "", turn)
    shown = _LOOKED.get(key)
    if shown is None:
        *_item, weigher = _shown(number, turn)
        shown = weigher.shown or []
        _LOOKED.clear()  # the one that somebody looks at now; a document is not converted for each picture
        _LOOKED[key] = shown
    if place >= len(shown):
        abort(404)
    name, kind, content = shown[place]
    if not is_shown_inline(kind) or app_parts().settings.virus_scan:
        content, kind = NO_PICTURE, "image/png"
    return alone(send_file(io.BytesIO(content), mimetype=kind, download_name=name))
