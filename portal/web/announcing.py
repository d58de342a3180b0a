"""Announcements as people meet them: the bar above every page, one announcement, the list, "me too".

What happens to the outage itself is ``fault_pages``; both share one blueprint. The invariant: a live
announcement can be folded to a pill, never away.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
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
from portal.faults.promises import is_late
from portal.faults.scope import is_visible
from portal.people.models import Unit
from portal.people.queries import units_in_order
from portal.people.roles import Permission
from portal.web.access import needs, signed_in
from portal.web.auth import local_path
from portal.web.labels import named, options
from portal.web.paging import pages
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, parts, person_or_none, viewer

blueprint = Blueprint("fault_pages", __name__)
FOLDED = "announcements_folded"
KEPT_FOLDED = 50
LOCAL = "%Y-%m-%dT%H:%M"
PROMISED = timedelta(hours=1)


class AnnouncementForm(FlaskForm):
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


# ── the bar ──────────────────────────────────────────────────────────────────────────────────────


def announcement_bar() -> Markup:
    """The live announcements for whoever is looking; nothing while the database is away."""
    if person_or_none() is None:
        return Markup("")
    try:
        with db().no_autoflush:
            live = board.bar(db(), viewer())
    except SQLAlchemyError:  # the page that says so must not fail over the bar above it
        return Markup("")
    folded = set(session.get(FOLDED, ()))
    shown = [row for row in live if row.key not in folded]
    return Markup(render_template("faults/_bar.html", shown=shown, folded=len(live) - len(shown), live=live))  # noqa: S704


@blueprint.post("/announcements/fold")
@signed_in
def fold() -> Response | str:
    """Fold what is shown now to a pill, or unfold everything."""
    keys = [row.key for row in board.bar(db(), viewer())]
    session[FOLDED] = keys[:KEPT_FOLDED] if request.form.get("fold") == "1" else []
    return announcement_bar() if is_fragment() else redirect(local_path(request.form.get("next")))


@blueprint.post("/faults/<number>/me-too")
@signed_in
def me_too(number: str) -> Response | str:
    """One more person is hit: no new ticket, and they hear of the recovery."""
    fault = db().scalar(select(FaultEvent).where(FaultEvent.number == number))
    if fault is None or not _concerns_me(fault):
        abort(404)
    board.me_too(db(), fault, by=me())
    if is_fragment():
        return announcement_bar()
    flash(_("已经记下您也遇到了，恢复后会通知您，不用再提交工单。"), "success")
    return redirect(local_path(request.form.get("next")))


def _concerns_me(fault: FaultEvent) -> bool:
    told = board.live_announcements(viewer()).where(Announcement.fault_id == fault.id)
    return db().scalar(told.limit(1)) is not None or is_visible(db(), me(), fault)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/announcements")
@signed_in
def announcements() -> str:
    """Every announcement this reader may know of, live ones first."""
    wanted = board.readable_announcements(viewer())
    total = db().scalar(select(func.count()).select_from(wanted.subquery())) or 0
    cursor = pages(total)
    rows = db().scalars(
        wanted.order_by(Announcement.ended_at.is_not(None), Announcement.published_at.desc())
        .limit(cursor.per_page)
        .offset(cursor.offset)
    )
    names = system_names()
    return render_template(
        "faults/announcements.html", rows=rows.all(), cursor=cursor, names=names, drafts=_drafts()
    )


def _drafts() -> list[Announcement]:
    if not me().may(Permission.PUBLISH_ANNOUNCEMENTS):
        return []
    wanted = select(Announcement).where(Announcement.state == "draft").order_by(Announcement.id.desc())
    return [row for row in db().scalars(wanted.limit(20)) if may_edit(row)]


@blueprint.get("/announcements/<int:id>")
@signed_in
def announcement(id: int) -> str:
    """One announcement, for those it affects and for staff."""
    row = db().get(Announcement, id)
    if row is None or not (board.is_readable(row, viewer()) or may_edit(row)):
        abort(404)
    return _shown(row)


@blueprint.app_template_global()
def in_an_hour() -> str:
    """The next update that is usually promised, as a browser's field takes it."""
    local = now(db()).astimezone(parts().settings.zone) + PROMISED
    return local.strftime(LOCAL)


def _shown(row: Announcement, *, problem: str = "", words: str = "", until: str = "") -> str:
    live = next((line for line in board.bar(db(), viewer()) if line.id == row.id), None)
    return render_template(
        "faults/announcement.html",
        row=row,
        line=live,
        late=is_late(row, now(db())),
        problem=problem,
        kept={"words": words, "until": until},
        names=system_names(),
        units=unit_names(row.units),
        editable=may_edit(row),
        fault=row.fault if row.fault and is_visible(db(), me(), row.fault) else None,
    )


def unit_names(codes: tuple[str, ...] | list[str]) -> list[str]:
    """Names of units by their codes."""
    return [named(row) for row in db().scalars(select(Unit).where(Unit.code.in_(codes)).order_by(Unit.path))]


def system_names() -> dict[str, str]:
    """What every system is called, by its code."""
    return {row.code: named(row) for row in systems_in_order(db(), active_only=False)}


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def may_edit(row: Announcement | None, fault: FaultEvent | None = None) -> bool:
    """Does the verb layer let this person speak about it?"""
    return board.may_announce(db(), me(), row.fault if row is not None else fault)


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
        return _shown(_own(id), problem=sentence_of(refusal), words=words, until=until), 422
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
