"""Writing an announcement, correcting it, saying how it goes on, ending it.

How people meet it is ``announcing``'s; both share one blueprint. The invariant: whatever is refused, what
was typed comes back.
"""

from __future__ import annotations

from datetime import datetime

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import DateTimeLocalField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.validators import Optional as Maybe

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.catalogue.queries import systems_in_order
from portal.faults import board
from portal.faults.flow import AnnouncementKind
from portal.faults.models import Announcement, FaultEvent
from portal.people.queries import units_in_order
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.announcing import LOCAL, PROMISED, blueprint, may_edit, shown
from portal.web.auth import local_path
from portal.web.forms import Form
from portal.web.labels import named, options
from portal.web.refusals import sentence_of
from portal.web.request import db, me, parts

__all__ = ["blueprint"]


class AnnouncementForm(Form):
    kind = SelectField(_l("公告类型"))
    title = StringField(
        _l("标题"), validators=[InputRequired(_l("请写标题：哪个系统、出了什么事。")), Length(max=200)]
    )
    body = TextAreaField(
        _l("正文"), validators=[InputRequired(_l("请写正文：影响什么、期间怎么办。")), Length(max=20_000)]
    )
    systems = SelectMultipleField(_l("受影响的系统"))
    units = SelectMultipleField(_l("受影响的单位"))
    next_update_at = DateTimeLocalField(_l("下次更新时间"), validators=[Maybe()], format=LOCAL)

    def offer(self) -> None:
        """Fill the choices from the catalogue."""
        self.kind.choices = options(AnnouncementKind)
        self.systems.choices = [(row.code, named(row)) for row in systems_in_order(db(), active_only=False)]
        self.units.choices = [
            (row.code, "　" * (len(row.ancestry) - 1) + named(row)) for row in units_in_order(db())
        ]

    def text(self) -> board.AnnouncementText:
        """What was typed, as the verb wants it; times are the desk's local times."""
        until = self.next_update_at.data
        return board.AnnouncementText(
            kind=AnnouncementKind(self.kind.data),
            title=str(self.title.data),
            body=str(self.body.data),
            systems=tuple(self.systems.data or ()),
            units=tuple(self.units.data or ()),
            next_update_at=until.replace(tzinfo=parts().settings.zone) if until else None,
        )


def _own(id: int) -> Announcement:
    row = db().get(Announcement, id)
    if row is None or not may_edit(row):
        abort(404)
    return row


@blueprint.route("/announcements/new", methods=["GET", "POST"])
@needs(Permission.PUBLISH_ANNOUNCEMENTS)
def write() -> Response | str | tuple[str, int]:
    """Write an announcement, about an outage when one is named."""
    fault = _named_fault()
    form = AnnouncementForm(data=_first_words(fault) if request.method == "GET" else None)
    form.offer()
    if request.method == "GET" or not form.validate():
        return _form(form, fault, None)
    try:
        row = board.write_announcement(db(), form.text(), by=me(), fault=fault)
        if request.form.get("publish"):
            board.publish(db(), row, by=me())
    except Refused as refusal:
        db().rollback()
        return _form(form, _named_fault(), None, sentence_of(refusal))
    return redirect(url_for("fault_pages.announcement", id=row.id))


def _named_fault() -> FaultEvent | None:
    number = request.args.get("fault", "")
    fault = db().scalar(select(FaultEvent).where(FaultEvent.number == number)) if number else None
    if number and (fault is None or not may_edit(None, fault)):
        abort(404)
    return fault


def _first_words(fault: FaultEvent | None) -> dict[str, object]:
    if fault is None:
        return {"kind": AnnouncementKind.NOTICE.value}
    return {
        "kind": AnnouncementKind.FAULT.value,
        "title": fault.title,
        "systems": fault.systems,
        "units": fault.units,
        "next_update_at": now(db()).astimezone(parts().settings.zone) + PROMISED,
        "body": _("**受影响的范围**：\n\n**现在可以怎么做**\n\n1. \n\n**下次更新**："),
    }


def _form(
    form: AnnouncementForm, fault: FaultEvent | None, row: Announcement | None, problem: str = ""
) -> str | tuple[str, int]:
    page = render_template("faults/write.html", form=form, fault=fault, row=row, problem=problem)
    return (page, 422) if problem or form.errors else page


@blueprint.route("/announcements/<int:id>/edit", methods=["GET", "POST"])
@needs(Permission.PUBLISH_ANNOUNCEMENTS)
def change(id: int) -> Response | str | tuple[str, int]:
    """Correct or update an announcement."""
    row = _own(id)
    form = AnnouncementForm(data=_as_typed(row) if request.method == "GET" else None)
    form.offer()
    if request.method == "GET" or not form.validate():
        return _form(form, row.fault, row)
    try:
        board.change_announcement(db(), row, form.text(), by=me())
        if request.form.get("publish"):
            board.publish(db(), row, by=me())
    except Refused as refusal:
        db().rollback()
        row = _own(id)
        return _form(form, row.fault, row, sentence_of(refusal))
    return redirect(url_for("fault_pages.announcement", id=id))


def _as_typed(row: Announcement) -> dict[str, object]:
    until: datetime | None = row.next_update_at
    return {
        "kind": row.kind.value,
        "title": row.title,
        "body": row.body,
        "systems": row.systems,
        "units": row.units,
        "next_update_at": until.astimezone(parts().settings.zone) if until else None,
    }


@blueprint.post("/announcements/<int:id>/publish")
@needs(Permission.PUBLISH_ANNOUNCEMENTS)
def publish(id: int) -> Response:
    board.publish(db(), _own(id), by=me())
    flash(_("公告已发布，受影响的人现在第一眼就能看到。"), "success")
    return redirect(local_path(request.form.get("next")))


@blueprint.post("/announcements/<int:id>/updates")
@needs(Permission.PUBLISH_ANNOUNCEMENTS)
def go_on(id: int) -> Response | tuple[str, int]:
    """Say how it goes on, and when those affected hear again."""
    words, until = request.form.get("words", ""), request.form.get("until", "")
    try:
        board.go_on(db(), _own(id), words, by=me(), until=_moment(until))
    except Refused as refusal:
        db().rollback()
        return shown(_own(id), problem=sentence_of(refusal), words=words, until=until), 422
    flash(_("进展已发布，受影响的人会重新看到这条公告。"), "success")
    return redirect(local_path(request.form.get("next")))


def _moment(text: str) -> datetime | None:
    """A time as a browser's field gives it, in the desk's zone."""
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=parts().settings.zone)
    except ValueError as problem:
        raise Refused(N_("下次更新时间看不懂，请重新选择。")) from problem


@blueprint.post("/announcements/<int:id>/recover")
@needs(Permission.PUBLISH_ANNOUNCEMENTS)
def recover(id: int) -> Response | tuple[str, int]:
    board.recover(db(), _own(id), request.form.get("words", ""), by=me())
    flash(_("恢复公告已发布，点过“我也遇到了”的人会收到通知。"), "success")
    return redirect(local_path(request.form.get("next")))


@blueprint.post("/announcements/<int:id>/withdraw")
@needs(Permission.PUBLISH_ANNOUNCEMENTS)
def withdraw(id: int) -> Response:
    board.withdraw(db(), _own(id), by=me(), note=request.form.get("note", "").strip()[:1000])
    flash(_("公告已撤回。"), "success")
    return redirect(local_path(request.form.get("next")))


@blueprint.post("/announcements/preview")
@needs(Permission.PUBLISH_ANNOUNCEMENTS)
def preview() -> Response:
    """The body as readers will see it."""
    return make_response(render_template("faults/_preview.html", body=request.form.get("body", "")[:20_000]))
