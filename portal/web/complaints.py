"""Complaining about a closed ticket: a small form behind a button on one's own page."""

from __future__ import annotations

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.tickets.complaints.bars import complaint_of, complaints_about
from portal.tickets.complaints.complaining import ABOUT_SERVICE, ABOUT_SYSTEM, complain, may_complain
from portal.tickets.models import Ticket
from portal.tickets.visibility import is_visible
from portal.web.access import signed_in
from portal.web.files import attach_to
from portal.web.mine import own_ticket
from portal.web.refusals import sentence_of
from portal.web.request import db, me

blueprint = Blueprint("complaints", __name__)


@blueprint.get("/my/tickets/<number>/complaint")
@signed_in
def page(number: str) -> str:
    """The form; one's own ticket only."""
    return _form(_mine(number))


def _mine(number: str) -> Ticket:
    ticket = own_ticket(number)
    if ticket.requester_id != me().id:
        abort(404)
    return ticket


def _form(ticket: Ticket, *, text: str = "", sub: str = ABOUT_SERVICE, problem: str = "") -> str:
    return render_template(
        "mine/complain.html",
        ticket=ticket,
        allowed=may_complain(db(), ticket, me()),
        former=complaints_about(db(), ticket),
        text=text,
        sub=sub,
        problem=problem,
    )


@blueprint.post("/my/tickets/<number>/complaint")
@signed_in
def file(number: str) -> Response:
    """File it; refused, with everything that was typed."""
    ticket, text = _mine(number), request.form.get("text", "")
    sub = ABOUT_SYSTEM if request.form.get("sub") == ABOUT_SYSTEM else ABOUT_SERVICE
    try:
        filed = complain(db(), ticket, text, by=me(), sub=sub)
        if brought := [storage for storage in request.files.getlist("files") if storage.filename]:
            attach_to(filed, brought)
    except Refused as refusal:
        db().rollback()
        problem = sentence_of(refusal)
        return make_response(_form(_mine(number), text=text, sub=sub, problem=problem), 422)
    flash(_("投诉已提交，编号 %(number)s。由服务台班长查清后书面答复您。", number=filed.number), "success")
    return redirect(url_for("mine.ticket", number=filed.number))


@blueprint.app_template_global()
def may_complain_about(ticket: Ticket) -> bool:
    return may_complain(db(), ticket, me())


@blueprint.app_template_global()
def complained_about(ticket: Ticket) -> Ticket | None:
    """The ticket that this complaint is about, for those who may open it."""
    complaint = complaint_of(ticket)
    return complaint.about if complaint and is_visible(db(), me(), complaint.about) else None


@blueprint.app_template_global()
def complaints_on(ticket: Ticket) -> list[Ticket]:
    """The complaints about a closed ticket, for its user."""
    return complaints_about(db(), ticket) if not ticket.is_open and ticket.requester_id == me().id else []
