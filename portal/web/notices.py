"""What the desk has told me: the page, the bell of every page, reading and taking that back.

The bell is asked, it doesn't listen: no connection is held open, and an unchanged count is answered 304
from one look into an index. What a person wishes to hear is in ``notice_wishes``.
"""

from __future__ import annotations

from datetime import datetime

from flask import (
    Blueprint,
    Response,
    abort,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import get_locale
from werkzeug.wrappers import Response as BaseResponse

from kb.counting import count_of
from portal.tickets import bell
from portal.tickets.models import Notice
from portal.tickets.notices import Event
from portal.web.access import signed_in
from portal.web.auth import local_path
from portal.web.labels import translated
from portal.web.links import ticket_address
from portal.web.paging import pages
from portal.web.request import db, me, write_now

blueprint = Blueprint("notices", __name__)

ICONS = {
    Event.ASKED: "message-question",
    Event.TOLD: "circle-check",
    Event.URGED: "bell-ringing",
    Event.COMMENTED: "message",
    Event.MENTIONED: "at",
    Event.CLOSED: "flag-check",
    Event.REOPENED: "rotate",
    Event.FIX_DEPLOYED: "rocket",
    Event.RECURRED: "bug",
    Event.KEY_DUE: "flag-3",
    Event.KEY_OVERDUE: "flag-3",
    Event.RECORD_MERGED: "git-merge",
    Event.NO_RECURRENCE: "bug-off",
    Event.RECOVERED: "heartbeat",
    Event.COMPLAINED: "mood-sad",
    Event.DUE_SOON: "clock",
    Event.OVERDUE: "clock-exclamation",
    Event.LINK_SENT: "book-2",
    Event.ARTICLE_DUE: "book",
    Event.BURST: "chart-bar",
    Event.CAUSES_REPORT: "report",
    Event.ARTICLE_ENDS: "hourglass",
    Event.ARTICLE_ENTRUSTED: "book-upload",
    Event.ARTICLE_OVER: "book-off",
    Event.ARTICLE_BACK: "book",
    Event.GAP_ASSIGNED: "puzzle",
    Event.ARTICLE_CHANGED: "bell-ringing",
    Event.ARTICLE_REPLACED: "replace",
    Event.ARTICLE_GONE: "book-off",
}
#: What these tell of is the record; the ticket is named in the sentence.
ABOUT_DEFECTS = frozenset(
    {
        *(Event.RECURRED, Event.NO_RECURRENCE),
        *(Event.KEY_DUE, Event.KEY_OVERDUE, Event.RECORD_MERGED),
    }
)


@blueprint.get("/notices")
@signed_in
def page() -> str:
    unread_only = request.args.get("show") == "unread"
    wanted = bell.notices_of(me(), unread_only=unread_only)
    total = count_of(db(), wanted)
    cursor = pages(total)
    return render_template(
        "notices/page.html",
        notices=bell.listed(db(), wanted, limit=cursor.per_page, offset=cursor.offset),
        cursor=cursor,
        unread=bell.unread(db(), me()).count,
        unread_only=unread_only,
        undo=_moment(request.args.get("undo", "")),
    )


@blueprint.get("/notices/live")
@signed_in
def live() -> Response:
    """How many are unread, and what pops up: what is newer than ``after``."""
    state = bell.unread(db(), me())
    after = _number(request.args.get("after", ""))
    tag = f"{state.count}-{state.newest}-{get_locale()}"
    if tag in request.if_none_match:
        return Response(status=304, headers={"ETag": f'"{tag}"'})
    urgent = bell.urgent_since(db(), me(), after) if state.newest > after else []
    told = jsonify(unread=state.count, newest=state.newest, urgent=[_pops_up(row) for row in urgent])
    told.set_etag(tag)
    return told


def _pops_up(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.id,
        "text": notice_sentence(notice),
        "icon": notice_icon(notice),
        "href": url_for("notices.lead", number=notice.id),
    }


@blueprint.get("/notices/<int:number>")
@signed_in
def lead(number: int) -> BaseResponse:
    """From a mail or a pop-up to what the notice tells of; it is read then."""
    notice = db().get(Notice, number)
    if notice is None or notice.person_id != me().id:
        abort(404)
    address = notice_address(notice)
    if notice.read_at is None:
        bell.mark_read(write_now(), me(), [number])
    return redirect(address)


@blueprint.post("/notices/read")
@signed_in
def read() -> BaseResponse:
    """Mark one, or without an id all, as read; ``next`` leads on to what the notice tells of."""
    number = _number(request.form.get("id", ""))
    moment = bell.mark_read(db(), me(), [number] if number else None)
    if number:
        return redirect(local_path(request.form.get("next") or url_for("notices.page")))
    return redirect(url_for("notices.page", undo=moment.isoformat()))


@blueprint.post("/notices/unread")
@signed_in
def unread() -> BaseResponse:
    """Take back what was marked at one moment."""
    moment = _moment(request.form.get("moment", ""))
    if moment is not None:
        bell.unread_again(db(), me(), moment)
    return redirect(url_for("notices.page"))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


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
    if notice.values.get("inspection", "").isdecimal():
        return url_for("quality.inspection", number=notice.values["inspection"])
    if notice.ticket is None and notice.values.get("announcement", "").isdecimal():
        return url_for("fault_pages.announcement", id=notice.values["announcement"])
    if (number := notice.values.get("report", "")).isdecimal():
        return url_for("voice.report", number=number)
    if reports := notice.values.get("reports", ""):
        rhythm, _slash, first = reports.partition("/")
        return url_for("voice.page", rhythm=rhythm, first=first)
    if notice.values.get("burst", "").isdecimal():
        return url_for("bursts.page", _anchor=f"b-{notice.values['burst']}")
    if (gap := notice.values.get("gap", "")).isdecimal():
        return url_for("gaps.record", number=gap)
    if number := notice.values.get("article", ""):
        return url_for("reading.article", number=number)
    if notice.event in ABOUT_DEFECTS and (number := notice.values.get("defect", "")):
        return url_for("defect_pages.record", number=number)
    return ticket_address(notice.ticket, me()) if notice.ticket else url_for("notices.page")
