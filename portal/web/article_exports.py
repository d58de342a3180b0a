"""Taking articles out on a page: what the list shows, by its filters, as a file."""

from __future__ import annotations

from typing import IO, Any

from flask import abort, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from indexer.words import N_
from kb import editing
from kb.counting import count_of
from kb.exporting.articles import COLUMNS, article_rows
from kb.exporting.bundles import PARTS, write_zip
from kb.exporting.files import WRITERS
from kb.flow import Refused
from kb.importing.outcome import BadFile
from kb.models import Article
from portal.curation.copies import files_of
from portal.people import audit
from portal.people.models import Person
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.article_uploads import blueprint
from portal.web.editor_lists import today, wanted_articles
from portal.web.request import db, me, only_asks, write_now
from portal.web.request import parts as app_parts
from portal.web.taken_away import CSV, taken

WORKERS = (Permission.WRITE_ARTICLES, Permission.PUBLISH_ARTICLES)
MOST_EXPORTED = 5_000
#: kind → (ending, media type)
KINDS = {
    "markdown": (".zip", "application/zip"),
    "html": (".html.zip", "application/zip"),
    "csv": (".csv", CSV),
    "xlsx": (".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "jsonl": (".jsonl", "application/x-ndjson; charset=utf-8"),
}


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
    total = count_of(db(), wanted)
    if total > MOST_EXPORTED:
        raise Refused(
            N_("一次最多导出 %(most)s 篇，请先缩小筛选范围，或请管理员用命令导出。"), most=MOST_EXPORTED
        )
    ending, media = KINDS[kind]
    try:
        file = taken(media, lambda held: _write(held, kind, wanted))
    except BadFile as fault:
        raise Refused("%(why)s", why=str(fault)) from fault
    asked = " ".join(f"{name}={value}" for name, value in request.form.items() if name in _TOLD and value)
    audit.record(write_now(), "export", "articles", subject_id=kind, by=me(), articles=total, asked=asked)
    return file.called(f"knowledge-{today():%Y%m%d}{ending}")


_TOLD = frozenset({"list", "q", "system", "state", "kind"})


def _write(file: IO[bytes], kind: str, wanted: Any) -> int:
    owners = select(Person.id, Person.login).where(Person.id.in_(select(Article.owner_id)))
    logins = dict(db().execute(owners).all())
    rows = article_rows(db(), wanted, logins=logins)
    if kind in PARTS:
        kept = files_of(db(), wanted, app_parts().settings.upload_dir)
        return write_zip(file, PARTS[kind](COLUMNS, rows, kept))
    return WRITERS[kind](file, COLUMNS, rows)
