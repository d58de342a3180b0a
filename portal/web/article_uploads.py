"""Bringing articles in on a page: upload, what it says, confirm, progress, taking back.

Somebody's import is theirs alone; anybody else finds nothing there. Who may bring in: whoever writes
articles; everything comes as a draft, published by another colleague as ever. A single article of an
import is shown by ``article_previews``.
"""

from __future__ import annotations

import io

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from indexer.words import N_
from kb.exporting.files import WRITERS
from kb.flow import Refused
from kb.importing.outcome import FATE_LABELS, Fate
from portal.curation.imports import job, parts, reading, standing
from portal.curation.imports.models import (
    MOVING,
    PHASE_LABELS,
    STAGE_LABELS,
    Import,
    ImportItem,
    Phase,
    Stage,
)
from portal.people.roles import Permission
from portal.tickets.attachments import Upload
from portal.web.access import needs
from portal.web.paging import pages
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me
from portal.web.request import parts as app_parts
from portal.web.retelling import retold

blueprint = Blueprint("article_imports", __name__)

WRITE = Permission.WRITE_ARTICLES
PER_PAGE = 50
LARGEST_PLAN = 64 * 1024
ENCODINGS = ("auto", "utf-8", "gb18030", "big5", "utf-16")
CSV = "text/csv; charset=utf-8"

blueprint.add_app_template_filter(retold)


def mine(number: int) -> Import:
    return standing.import_of(db(), me(), number) or abort(404)


def largest() -> int:
    """How large one upload may be, in bytes."""
    return app_parts().settings.upload_limit_mb * 4 * 1024 * 1024


@blueprint.get("/knowledge/imports")
@needs(WRITE)
def page() -> str:
    return _form_page()


def _form_page(problem: str = "") -> str:
    return render_template(
        "knowledge/imports.html",
        rows=standing.recent(db(), me()),
        phases=PHASE_LABELS,
        encodings=ENCODINGS,
        problem=problem,
        given=request.form,
        limit_mb=largest() >> 20,
        most=reading.MOST_ARTICLES,
    )


@blueprint.post("/knowledge/imports")
@needs(WRITE)
def upload() -> Response | tuple[str, int]:
    settings = app_parts().settings
    try:
        row = job.begin(db(), me(), _uploads(), _wish(), settings=settings)
        if row.size <= job.AT_ONCE and not settings.virus_scan:
            job.read(db(), row, settings)
    except Refused as refusal:
        db().rollback()
        return _form_page(sentence_of(refusal)), 422
    return redirect(url_for("article_imports.one", number=row.id))


def _uploads() -> list[Upload]:
    found = []
    for storage in [*request.files.getlist("files"), *request.files.getlist("folder")]:
        if storage.filename:
            found.append(Upload(storage.filename, storage.stream.read(largest() + 1)))
    if sum(len(one.content) for one in found) > largest():
        raise Refused(N_("文件超过 %(limit)s MB，请分成几个压缩包。"), limit=largest() >> 20)
    return found


def _wish() -> job.Wish:
    given, chart = request.form, request.files.get("map")
    content = chart.stream.read(LARGEST_PLAN + 1) if chart is not None and chart.filename else b""
    if len(content) > LARGEST_PLAN:
        raise Refused(N_("对照表太大。"))
    return job.Wish(
        source=given.get("source", ""),
        plan=content.decode("utf-8-sig", "replace"),
        encoding=given.get("encoding", "auto"),
        split=bool(given.get("split")),
        submits=bool(given.get("submits")),
    )


# ── one import ───────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/knowledge/imports/<int:number>")
@needs(WRITE)
def one(number: int) -> str:
    return _page(mine(number))


def _page(row: Import) -> str:
    counts = standing.counted(db(), row)
    cursor = pages(sum(counts.values()), per_page=PER_PAGE)
    return render_template(
        "knowledge/_import.html" if is_fragment() else "knowledge/import.html",
        row=row,
        moving=row.phase in MOVING,
        fates=[(fate, FATE_LABELS[fate], _count(counts, fate=fate)) for fate in Fate],
        stages=[(stage, STAGE_LABELS[stage], _count(counts, stage=stage)) for stage in _ENDS],
        wanted=sum(_count(counts, fate=fate) for fate in (Fate.NEW, Fate.CHANGED)),
        settled=sum(_count(counts, stage=stage) for stage in _settled(row)),
        total=sum(counts.values()),
        items=standing.items_of(db(), row, limit=PER_PAGE, offset=cursor.offset),
        cursor=cursor,
        fate_labels=FATE_LABELS,
        stage_labels=STAGE_LABELS,
        phases=PHASE_LABELS,
        may_undo=job.may_undo(db(), row),
        days=job.UNDO_FOR.days,
    )


_ENDS = (Stage.DONE, Stage.FAILED, Stage.UNDONE, Stage.KEPT)


def _settled(row: Import) -> tuple[Stage, ...]:
    return (Stage.UNDONE, Stage.KEPT) if row.phase == Phase.UNDOING else (Stage.DONE, Stage.FAILED)


def _count(counts: standing.Counts, *, fate: Fate | None = None, stage: Stage | None = None) -> int:
    return sum(
        count for (what, how), count in counts.items() if what == (fate or what) and how == (stage or how)
    )


@blueprint.post("/knowledge/imports/<int:number>/on")
@needs(WRITE)
def carry_on(number: int) -> Response | str:
    """The next part; the page asks while it shows the progress."""
    row, settings = mine(number), app_parts().settings
    if row.phase != Phase.READING:
        parts.carry_on(db(), row, settings)
    return _page(row) if is_fragment() else _to(row)


@blueprint.post("/knowledge/imports/<int:number>/confirm")
@needs(WRITE)
def confirm(number: int) -> Response:
    row = mine(number)
    job.confirm(db(), row)
    parts.carry_on(db(), row, app_parts().settings)
    return _to(row)


@blueprint.post("/knowledge/imports/<int:number>/undo")
@needs(WRITE)
def undo(number: int) -> Response:
    row = mine(number)
    job.undo(db(), row)
    parts.carry_on(db(), row, app_parts().settings)
    return _to(row)


@blueprint.post("/knowledge/imports/<int:number>/drop")
@needs(WRITE)
def drop(number: int) -> Response:
    """Not wanted after all."""
    standing.forget(db(), mine(number), app_parts().settings)
    flash(_("已放弃这次导入，没有写入任何内容。"), "success")
    return redirect(url_for("article_imports.page"))


def _to(row: Import) -> Response:
    return redirect(url_for("article_imports.one", number=row.id))


@blueprint.get("/knowledge/imports/<int:number>/report.csv")
@needs(WRITE)
def report(number: int) -> Response:
    """Every row and what became of it."""
    row = mine(number)
    columns = [_("文件"), _("结果"), _("进度"), _("编号"), _("标题"), _("说明")]
    held = io.BytesIO()
    WRITERS["csv"](held, columns, (_reported(item, columns) for item in standing.all_of(db(), row)))
    held.seek(0)
    return send_file(held, CSV, as_attachment=True, download_name=f"import-{row.id}.csv")


def _reported(item: ImportItem, columns: list[str]) -> dict[str, object]:
    said = " ".join(retold(part) for part in (item.sentence, *item.remarks) if part)
    number = item.article.number if item.article else ""
    cells = (item.place, _(FATE_LABELS[item.fate]), _(STAGE_LABELS[item.stage]), number, item.title, said)
    return dict(zip(columns, cells, strict=True))
