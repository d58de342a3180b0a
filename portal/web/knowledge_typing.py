"""What helps while an article is being written: preview, alike articles, cross-links to choose, files."""

from __future__ import annotations

from flask import jsonify, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.articles import BODY_LIMIT
from kb.flow import Refused
from kb.queries import article_by_number
from portal.finder.sources import ARTICLE
from portal.people.roles import Permission
from portal.tickets import attachments
from portal.web.access import needs
from portal.web.files import uploads_in
from portal.web.knowledge_pages import WORKERS, blueprint
from portal.web.linkable import linkable
from portal.web.refusals import sentence_of
from portal.web.request import db, me, only_asks, parts

ALIKE = 3
SHORTEST_TITLE = 4


@blueprint.post("/knowledge/preview")
@needs(*WORKERS)
@only_asks
def preview() -> str:
    body = request.form.get("body", "")[:BODY_LIMIT]
    return render_template("knowledge/_preview.html", title=request.form.get("title", ""), body=body)


@blueprint.get("/knowledge/alike")
@needs(*WORKERS)
def alike() -> str:
    """Articles that may already say it, while the title is being typed."""
    title = request.args.get("title", "").strip()
    found = []
    if len(title) >= SHORTEST_TITLE:
        results = parts().finder.search(db(), me(), title, kinds=(ARTICLE,), limit=ALIKE + 1).results
        found = [row for row in results if row.ref != request.args.get("number", "")][:ALIKE]
    return render_template("knowledge/_alike.html", found=found)


@blueprint.get("/knowledge/targets")
@needs(*WORKERS)
def targets() -> str:
    """Articles and records that a cross-link may lead to, while their title or number is being typed."""
    text = request.args.get("q", "").strip()[:100]
    return render_template(
        "knowledge/_targets.html", found=linkable(text, own=request.args.get("number", ""))
    )


@blueprint.post("/knowledge/files")
@needs(Permission.WRITE_ARTICLES)
def upload() -> Response | tuple[Response, int]:
    """Pictures and files pasted or dropped into the text; answers with the Markdown that shows them."""
    settings = parts().settings
    number = request.form.get("number", "")
    article = article_by_number(db(), number) if number else None
    brought = uploads_in(request.files.getlist("files"))
    if not brought:
        return jsonify(problem=_("请先选择文件。")), 422
    try:
        stored = attachments.illustrate(
            db(),
            article,
            brought,
            by=me(),
            folder=settings.upload_dir,
            limit_mb=settings.upload_limit_mb,
            locked=bool(settings.virus_scan),
        )
    except Refused as refusal:
        db().rollback()
        return jsonify(problem=sentence_of(refusal)), 422
    return jsonify(markdown=[_shown(row.id, row.name, row.content_type) for row in stored])


def _shown(number: int, name: str, content_type: str) -> str:
    text = name.replace("[", "").replace("]", "").replace("\\", "")
    mark = "!" if content_type.startswith("image/") else ""
    return f"{mark}[{text}]({url_for('files.get', id=number)})"
