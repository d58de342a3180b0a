"""Bringing files and having them back. What a file may be and who may have it: ``tickets.attachments``."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from indexer.words import N_
from kb.flow import Refused
from portal.tickets import attachments
from portal.tickets.file_types import is_shown_inline
from portal.tickets.models import Attachment, Ticket
from portal.tickets.thumbnails import TYPE, thumbnail
from portal.tickets.visibility import visible_tickets
from portal.web.access import signed_in
from portal.web.auth import local_path
from portal.web.refusals import is_fragment
from portal.web.request import db, me, parts

blueprint = Blueprint("files", __name__)

#: A file opened by itself runs nothing and loads nothing, whatever it contains.
ALONE = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"


def _grey() -> bytes:
    held = io.BytesIO()
    Image.new("L", (8, 6), 0xDD).save(held, "PNG")
    return held.getvalue()


#: Stands where no small picture can be made.
NO_PICTURE = _grey()


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
        locked=bool(settings.virus_scan),
    )


def seen_ticket(number: str) -> Ticket:
    ticket = db().scalar(visible_tickets(me()).where(Ticket.number == number))
    if ticket is None:
        abort(404)
    return ticket


@blueprint.get("/tickets/<number>/files")
@signed_in
def listed(number: str) -> str:
    """The files as a fragment: a page whose files are being checked asks again."""
    return _list(seen_ticket(number))


@blueprint.post("/tickets/<number>/files")
@signed_in
def attach(number: str) -> Response | str:
    ticket = seen_ticket(number)
    brought = request.files.getlist("files")
    if not any(storage.filename for storage in brought):
        raise Refused(N_("请先选择文件。"))
    added = attach_to(ticket, brought, internal=bool(request.form.get("internal")))
    if is_fragment():
        return _list(ticket)
    flash(ngettext("已添加 %(num)s 个附件。", "已添加 %(num)s 个附件。", len(added)), "success")
    return redirect(local_path(request.form.get("next") or url_for("mine.ticket", number=number)))


def _list(ticket: Ticket) -> str:
    return render_template("files/_list.html", attachments=shown_of(ticket), ticket=ticket)


def shown_of(ticket: Ticket) -> list[Attachment]:
    """The files of a ticket that the person signed in may know of."""
    return attachments.shown_on(db(), ticket, me(), ticket.attachments)


@blueprint.app_template_global()
def upload_limit() -> int:
    """How large one file may be, in megabytes."""
    return parts().settings.upload_limit_mb


@blueprint.app_template_global()
def upload_most() -> int:
    """How many files may come at once."""
    return attachments.AT_ONCE


@blueprint.app_template_global()
def may_withdraw_file(attachment: Attachment) -> bool:
    return attachments.may_withdraw(attachment, me())


@blueprint.post("/files/<int:id>/withdraw")
@signed_in
def withdraw(id: int) -> Response | str:
    """Take a file away that should not be there; it stays on record, nobody has it any more."""
    attachment = _known(id)
    attachments.withdraw(db(), attachment, by=me(), why=request.form.get("why", ""))
    ticket = attachment.ticket
    if is_fragment() and ticket is not None:
        return _list(ticket)
    flash(_("附件已撤回。"), "success")
    return redirect(local_path(request.form.get("next")))


def _known(id: int) -> Attachment:
    attachment = attachments.attachment_seen_by(db(), me(), id)
    if attachment is None:
        abort(404)
    return attachment


def _opened(id: int) -> tuple[Attachment, Path]:
    """The file and where it lies, when it may be had at all."""
    attachment = _known(id)
    attachments.check_open(attachment)
    path = attachments.path_of(attachment, parts().settings.upload_dir)
    if not path.is_file():
        abort(404)
    return attachment, path


@blueprint.get("/files/<int:id>")
@signed_in
def get(id: int) -> Response:
    attachment, path = _opened(id)
    answer = send_file(
        path,
        mimetype=attachment.content_type,
        as_attachment=not is_shown_inline(attachment.content_type),
        download_name=attachment.name,
        etag=attachment.sha256,
        max_age=3600,
    )
    return alone(answer)


@blueprint.get("/files/<int:id>/thumb")
@signed_in
def thumb(id: int) -> Response:
    """A small picture of a picture, by the same rule as the picture itself."""
    attachment, path = _opened(id)
    if not is_shown_inline(attachment.content_type):
        abort(404)
    small = thumbnail(path)
    if small is None:
        return alone(send_file(io.BytesIO(NO_PICTURE), mimetype="image/png", max_age=3600))
    return alone(send_file(small, mimetype=TYPE, max_age=3600))


def alone(answer: Response) -> Response:
    """An answer that runs nothing when it is opened by itself, whatever it contains."""
    answer.headers["Content-Security-Policy"] = ALONE
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer
