"""One defect record: its page, opening one, and changing what it says.

Lists are in ``defect_lists``, deeds in ``defect_deeds``, history in ``defect_history``, key problems in
``key_problems``: each adds its views to this blueprint. Staff see the whole record; anybody else the plain
page of one whose workaround is meant for them, and 404 for every other. The invariant: whatever is refused,
what was typed comes back, a colleague's newer words beside it.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects import library as verbs
from defects.flow import DefectDuty
from defects.models import Defect
from defects.signatures import codes_in
from defects.texts import DefectText, text_of
from defects.versions import read
from kb.audience import Audience
from kb.flow import Refused
from portal.catalogue.models import System
from portal.catalogue.queries import systems_by_code
from portal.people.duties import defect_duties
from portal.people.roles import Permission
from portal.tickets import linking
from portal.tickets.models import Ticket
from portal.tickets.visibility import visible_tickets
from portal.web.access import needs, signed_in
from portal.web.defect_forms import DefectForm, differences, filled, lines_of
from portal.web.defect_record import plain_page, seen, seen_or_survivor, whole_page
from portal.web.refusals import sentence_of
from portal.web.request import db, me, viewer

blueprint = Blueprint("defect_pages", __name__)


# ── one record ───────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/defects/<number>")
@signed_in
def record(number: str) -> str | Response:
    defect = seen_or_survivor(number)
    if defect.number != number.strip().upper():
        return redirect(url_for("defect_pages.record", number=defect.number))
    if Audience.STAFF not in viewer().levels:
        return render_template("defects/plain.html", **plain_page(defect))
    return render_template("defects/record.html", **whole_page(defect))


# ── writing ─────────────────────────────────────────────────────────────────────────────────────


@blueprint.route("/defects/new", methods=["GET", "POST"])
@needs(Permission.CURATE_DEFECTS)
def new() -> Response | str | tuple[str, int]:
    systems = systems_by_code(db())
    if request.method == "GET":
        ticket = _ticket(request.args.get("ticket", ""))
        form = filled(_text_from(ticket)).offer(systems.values())
        form.ticket.data = ticket.number if ticket else ""
        return _form_page(form, systems, ticket=ticket)
    form = DefectForm().offer(systems.values())
    ticket = _ticket(form.ticket.data or "")
    if not form.validate():
        return _form_page(form, systems, ticket=ticket), 422
    try:
        defect = verbs.open_record(db(), form.text(), by=me().id)
        if ticket is not None:
            linking.link(db(), ticket, defect, by=me())
    except Refused as refusal:
        db().rollback()
        return _form_page(form, systems, problem=sentence_of(refusal)), 422
    flash(_("已登记 %(number)s。", number=defect.number), "success")
    return redirect(url_for("defect_pages.record", number=defect.number, saved=1))


def _ticket(number: str) -> Ticket | None:
    """The ticket a record is opened from; one that may not be seen is as if it were not there."""
    if not number:
        return None
    ticket = db().scalar(visible_tickets(me()).where(Ticket.number == number.strip().upper()))
    if ticket is None:
        abort(404)
    return ticket


def _text_from(ticket: Ticket | None) -> DefectText:
    empty = DefectText(title="", system="", owner_middle_id=me().id)
    if ticket is None:
        return replace(empty, system=request.args.get("system", ""))
    return replace(
        empty,
        title=ticket.title,
        system=ticket.system.code,
        module=ticket.module,
        symptoms=lines_of(ticket.text),
        codes=codes_in(ticket.text),
        affected=(ticket.running_version,) if read(ticket.running_version) else (),
    )


@blueprint.route("/defects/<number>/edit", methods=["GET", "POST"])
@needs(Permission.CURATE_DEFECTS, Permission.REPAIR_DEFECTS)
def edit(number: str) -> Response | str | tuple[str, int]:
    defect = seen(number)
    systems = systems_by_code(db())
    if request.method == "GET":
        form = filled(text_of(defect)).offer(systems.values())
        form.seen.data = str(defect.version)
        return _form_page(form, systems, defect=defect)
    form = DefectForm().offer(systems.values())
    if not form.validate():
        return _form_page(form, systems, defect=defect), 422
    version = form.seen.data or ""
    looked_at = int(version) if version.isdecimal() and len(version) < 10 else None
    try:
        verbs.describe(
            db(),
            defect,
            _as_far_as_mine(form.text(), defect),
            seen=looked_at,
            by=me().id,
            duties=defect_duties(me()),
            reason=form.reason.data or "",
        )
    except Refused as refusal:
        return _refused(form, systems, number, sentence_of(refusal), looked_at)
    flash(_("已保存。"), "success")
    return redirect(url_for("defect_pages.record", number=defect.number, saved=1))


def _as_far_as_mine(text: DefectText, defect: Defect) -> DefectText:
    """What the form doesn't draw for this person is not read from it."""
    if DefectDuty.CURATE in defect_duties(me()):
        return text
    return replace(text, **{name: getattr(defect, name) for name in verbs.OF_THE_MIDDLE})


def _refused(
    form: DefectForm, systems: dict[str, System], number: str, problem: str, looked_at: int | None
) -> tuple[str, int]:
    """What was typed stays; what the colleague wrote meanwhile stands beside it."""
    db().rollback()
    defect = seen(number)
    theirs = []
    if looked_at != defect.version:
        theirs = differences(form, defect)
        form.seen.data = str(defect.version)  # saving again is a decision, not an accident
    return _form_page(form, systems, defect=defect, problem=problem, theirs=theirs), 422


def _form_page(
    form: DefectForm,
    systems: dict[str, System],
    *,
    defect: Defect | None = None,
    ticket: Ticket | None = None,
    problem: str = "",
    theirs: list[tuple[str, str]] | None = None,
) -> str:
    return render_template(
        "defects/form.html",
        form=form,
        systems=systems,
        defect=defect,
        ticket=ticket,
        problem=problem,
        theirs=theirs or [],
        duties=defect_duties(me()),
        curates=DefectDuty.CURATE in defect_duties(me()),
    )
