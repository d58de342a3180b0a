"""Announcements as people meet them: the bar above every page, one announcement, the list, "me too".

Writing them is ``announcement_writing``'s, what happens to the outage itself ``fault_pages``'; all share one
blueprint. The invariant: a live announcement can be folded to a pill, never away.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, session
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from kb.columns import now
from kb.counting import count_of
from portal.catalogue.queries import systems_in_order
from portal.faults import board, readers
from portal.faults.models import Announcement, FaultEvent
from portal.faults.promises import is_late
from portal.faults.scope import is_visible
from portal.people.models import Unit
from portal.people.roles import Permission
from portal.web.access import signed_in
from portal.web.auth import local_path
from portal.web.labels import named
from portal.web.paging import pages
from portal.web.refusals import is_fragment
from portal.web.request import db, me, parts, person_or_none, viewer

blueprint = Blueprint("fault_pages", __name__)
FOLDED = "announcements_folded"
KEPT_FOLDED = 50
LOCAL = "%Y-%m-%dT%H:%M"
PROMISED = timedelta(hours=1)


# ── the bar ──────────────────────────────────────────────────────────────────────────────────────


def announcement_bar() -> Markup:
    """The live announcements for whoever is looking; nothing while the database is away."""
    if person_or_none() is None:
        return Markup("")
    try:
        with db().no_autoflush:
            live = readers.bar(db(), viewer())
    except SQLAlchemyError:  # the page that says so must not fail over the bar above it
        return Markup("")
    folded = set(session.get(FOLDED, ()))
    shown = [row for row in live if row.key not in folded]
    return Markup(render_template("faults/_bar.html", shown=shown, folded=len(live) - len(shown), live=live))  # noqa: S704


@blueprint.post("/announcements/fold")
@signed_in
def fold() -> Response | str:
    """Fold what is shown now to a pill, or unfold everything."""
    keys = [row.key for row in readers.bar(db(), viewer())]
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
    told = readers.live_announcements(viewer()).where(Announcement.fault_id == fault.id)
    return db().scalar(told.limit(1)) is not None or is_visible(db(), me(), fault)


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/announcements")
@signed_in
def announcements() -> str:
    """Every announcement this reader may know of, live ones first."""
    wanted = readers.readable_announcements(viewer())
    total = count_of(db(), wanted)
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
    if row is None or not (readers.is_readable(row, viewer()) or may_edit(row)):
        abort(404)
    return shown(row)


@blueprint.app_template_global()
def in_an_hour() -> str:
    """The next update that is usually promised, as a browser's field takes it."""
    local = now(db()).astimezone(parts().settings.zone) + PROMISED
    return local.strftime(LOCAL)


def shown(row: Announcement, *, problem: str = "", words: str = "", until: str = "") -> str:
    live = next((line for line in readers.bar(db(), viewer()) if line.id == row.id), None)
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


def may_edit(row: Announcement | None, fault: FaultEvent | None = None) -> bool:
    """Does the verb layer let this person speak about it?"""
    return board.may_announce(db(), me(), row.fault if row is not None else fault)
