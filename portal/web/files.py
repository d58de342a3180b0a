"""Bringing files and having them back. What a file may be and who may have it: ``tickets.attachments``."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import ngettext
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from indexer.words import N_
from kb.flow import Refused
from portal.tickets import attachments
from portal.tickets.file_types import is_shown_inline
from portal.tickets.models import Attachment, Ticket
from portal.tickets.visibility import visible_tickets
from portal.web.access import signed_in
from portal.web.auth import local_path
from portal.web.refusals import is_fragment
from portal.web.request import db, me, parts

blueprint = Blueprint("files", __name__)

#: A file opened by itself runs nothing and loads nothing, whatever it contains.
ALONE = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"


def uploads_in(files: Sequence[FileStorage]) -> list[attachments.Upload]:
    """What a form brought; a file field left empty brings nothing."""
    limit = parts().settings.upload_limit_mb * 1024 * 1024
    return [
        attachments.Upload(storage.filename, storage.stream.read(limit + 1))
        for storage in files
        if storage.filename
    ]


def attach_to(ticket: Ticket, files: Sequence[FileStorage], *, internal: bool = False) -> list[Attachment]:
    """Hang a form's files on a ticket, by the settings in force."""
    settings = parts().settings
    return attachments.attach(
        db(),
        ticket,
        uploads_in(files),
        by=me(),
        folder=settings.upload_dir,
        limit_mb=settings.upload_limit_mb,
        internal=internal,
    )


@blueprint.post("/tickets/<number>/files")
@signed_in
def attach(number: str) -> Response | str:
    ticket = db().scalar(visible_tickets(me()).where(Ticket.number == number))
    if ticket is None:
        abort(404)
    brought = request.files.getlist("files")
    if not any(storage.filename for storage in brought):
        raise Refused(N_("请先选择文件。"))
    added = attach_to(ticket, brought, internal=bool(request.form.get("internal")))
    if is_fragment():
        return render_template("files/_list.html", attachments=shown_of(ticket), ticket=ticket)
    flash(ngettext("已添加 %(num)s 个附件。", "已添加 %(num)s 个附件。", len(added)), "success")
    return redirect(local_path(request.form.get("next") or url_for("mine.ticket", number=number)))


def shown_of(ticket: Ticket) -> list[Attachment]:
    """The files of a ticket that the person signed in may have."""
    return [row for row in ticket.attachments if attachments.is_shown(db(), row, me())]


@blueprint.get("/files/<int:id>")
@signed_in
def get(id: int) -> Response:
    attachment = attachments.attachment_seen_by(db(), me(), id)
    path = attachments.path_of(attachment, parts().settings.upload_dir) if attachment else None
    if attachment is None or path is None or not path.is_file():
        abort(404)
    answer = send_file(
        path,
        mimetype=attachment.content_type,
        as_attachment=not is_shown_inline(attachment.content_type),
        download_name=attachment.name,
        etag=attachment.sha256,
        max_age=3600,
    )
    answer.headers["Content-Security-Policy"] = ALONE
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer
