"""What the desk has told me: the page, the number on the bell, and marking as read."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from portal.tickets import bell
from portal.tickets.bell import mark_read
from portal.tickets.models import Notice
from portal.tickets.notices import Event
from portal.web.access import signed_in
from portal.web.auth import local_path
from portal.web.labels import translated
from portal.web.links import ticket_address
from portal.web.paging import pages
from portal.web.refusals import is_fragment
from portal.web.request import db, me

blueprint = Blueprint("notices", __name__)

ICONS = {
    Event.ASKED: "message-question",
    Event.TOLD: "circle-check",
    Event.URGED: "bell-ringing",
    Event.COMMENTED: "message",
    Event.CLOSED: "flag-check",
    Event.REOPENED: "rotate",
    Event.FIX_DEPLOYED: "rocket",
}


@blueprint.get("/notices")
@signed_in
def page() -> str:
    mine = select(Notice).where(Notice.person_id == me().id)
    cursor = pages(db().scalar(select(func.count()).select_from(mine.subquery())) or 0)
    rows = mine.options(selectinload(Notice.ticket)).order_by(Notice.read_at.is_not(None), Notice.id.desc())
    shown = list(db().scalars(rows.offset(cursor.offset).limit(cursor.per_page)))
    return render_template("notices/page.html", notices=shown, cursor=cursor, unread=unread_count())


def unread_count() -> int:
    unread = select(func.count()).where(Notice.person_id == me().id, Notice.read_at.is_(None))
    return db().scalar(unread) or 0


@blueprint.get("/notices/count")
@signed_in
def count() -> str:
    return render_template("notices/_count.html", unread=unread_count())


@blueprint.post("/notices/read")
@signed_in
def read() -> Response | str:
    """Mark one or, without an id, all as read; ``next`` leads on to what the notice tells of."""
    number = request.form.get("id", "")
    mark_read(db(), me(), [int(number)] if number.isdecimal() and len(number) < 18 else None)
    if is_fragment():
        return render_template("notices/_count.html", unread=unread_count())
    return redirect(local_path(request.form.get("next") or url_for("notices.page")))


@blueprint.app_template_global()
def notice_sentence(notice: Notice) -> str:
    """What the notice says, in the reader's language."""
    return bell.sentence(notice, staff=me().is_staff, translated=translated)


@blueprint.app_template_global()
def notice_icon(notice: Notice) -> str:
    return ICONS.get(Event(notice.event), "bell") if notice.event in set(Event) else "bell"


@blueprint.app_template_global()
def notice_address(notice: Notice) -> str:
    """Where the notice leads."""
    if notice.ticket is None and notice.values.get("announcement", "").isdecimal():
        return url_for("fault_pages.announcement", id=notice.values["announcement"])
    return ticket_address(notice.ticket, me()) if notice.ticket else url_for("notices.page")
