"""Bringing articles in on a page: upload, preview, confirm, progress, taking back; and taking them out.

Somebody's import is theirs alone; anybody else finds nothing there. Who may bring in: whoever writes
articles; everything comes as a draft, published by another colleague as ever. What is exported is what the
list shows.
"""

from __future__ import annotations

import io
import tempfile
from typing import IO, Any, cast

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from indexer.words import N_
from kb import articles, compare, editing
from kb.exporting.articles import COLUMNS, article_rows
from kb.exporting.bundles import PARTS, write_zip
from kb.exporting.files import WRITERS
from kb.flow import Refused
from kb.importing.outcome import FATE_LABELS, BadFile, Fate
from kb.importing.prospects import Prospect
from kb.markdown import render
from portal.curation.copies import files_of
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
from portal.curation.imports.pictures import PROMISED, Weigher
from portal.people import audit
from portal.people.roles import Permission
from portal.tickets.attachments import Upload
from portal.tickets.file_types import is_shown_inline
from portal.web.access import needs
from portal.web.editor_lists import today, wanted_articles
from portal.web.files import NO_PICTURE, alone
from portal.web.paging import pages
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, only_asks, write_now
from portal.web.request import parts as app_parts
from portal.web.retelling import retold

blueprint = Blueprint("article_imports", __name__)

WRITE = Permission.WRITE_ARTICLES
WORKERS = (Permission.WRITE_ARTICLES, Permission.PUBLISH_ARTICLES)
PER_PAGE = 50
LARGEST_PLAN = 64 * 1024
ENCODINGS = ("auto", "utf-8", "gb18030", "big5", "utf-16")
MOST_EXPORTED = 5_000
IN_MEMORY = 8 * 1024 * 1024
#: kind → (ending, media type)
KINDS = {
    "markdown": (".zip", "application/zip"),
    "html": (".html.zip", "application/zip"),
    "csv": (".csv", "text/csv; charset=utf-8"),
    "xlsx": (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "jsonl": (".jsonl", "application/x-ndjson; charset=utf-8"),
}
#: The pictures of the item that was looked at last: (upload, turn) → what the weigher has shown.
_LOOKED: dict[tuple[str, int], list[tuple[str, str, bytes]]] = {}
#: A picture of the preview, as the renderer wrote its address.
PREVIEWED = 'src="/files/%d"'


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
    return send_file(held, KINDS["csv"][1], as_attachment=True, download_name=f"import-{row.id}.csv")


def _reported(item: ImportItem, columns: list[str]) -> dict[str, object]:
    said = " ".join(retold(part) for part in (item.sentence, *item.remarks) if part)
    number = item.article.number if item.article else ""
    cells = (item.place, _(FATE_LABELS[item.fate]), _(STAGE_LABELS[item.stage]), number, item.title, said)
    return dict(zip(columns, cells, strict=True))


# ── one of its articles, before it is there ──────────────────────────────────────────────────────


def _shown(number: int, turn: int) -> tuple[Import, ImportItem, Prospect | None, Weigher]:
    """An item as it would be written now, with its pictures at hand; None when that can't be said."""
    row = mine(number)
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
    return [(name, value) for name, value in told if value and name not in same]


@blueprint.get("/knowledge/imports/<int:number>/items/<int:turn>/files/<int:place>")
@needs(WRITE)
def picture(number: int, turn: int, place: int) -> Response:
    """A picture of the preview; where uploads are scanned, a grey one until the import has been confirmed."""
    row = mine(number)
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


# ── out ──────────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/knowledge/export/<kind>")
@needs(*WORKERS)
@only_asks
def export(kind: str) -> Response:
    """The articles of the list, by its filters, as a file."""
    if kind not in KINDS:
        abort(404)
    chosen = request.form.get("list", "")
    shelf = editing.Shelf(chosen) if chosen in set(editing.Shelf) else editing.Shelf.ALL
    wanted = editing.articles_on(shelf, by=me().id, today=today(), wanted=wanted_articles(request.form))
    total = db().scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    if total > MOST_EXPORTED:
        raise Refused(
            N_("一次最多导出 %(most)s 篇，请先缩小筛选范围，或请管理员用命令导出。"), most=MOST_EXPORTED
        )
    file = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - the answer closes it
    try:
        _write(file, kind, wanted)
    except BadFile as fault:
        raise Refused("%(why)s", why=str(fault)) from fault
    asked = " ".join(f"{name}={value}" for name, value in request.form.items() if name in _TOLD and value)
    audit.record(write_now(), "export", "articles", subject_id=kind, by=me(), articles=total, asked=asked)
    file.seek(0)
    ending, media = KINDS[kind]
    return send_file(file, media, as_attachment=True, download_name=f"knowledge-{today():%Y%m%d}{ending}")


_TOLD = frozenset({"list", "q", "system", "state", "kind"})


def _write(file: IO[bytes], kind: str, wanted: Any) -> None:
    rows = article_rows(db(), wanted)
    if kind in PARTS:
        write_zip(file, PARTS[kind](COLUMNS, rows, files_of(db(), wanted, app_parts().settings.upload_dir)))
    else:
        WRITERS[kind](file, COLUMNS, rows)
