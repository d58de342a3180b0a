"""Letting a colleague follow one's own ticket, and no longer following somebody else's."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.people.queries import person_by_login, person_called
from portal.tickets import desk
from portal.tickets.visibility import is_party
from portal.web.access import signed_in
from portal.web.labels import named
from portal.web.mine import Kept, own_ticket, refused
from portal.web.refusals import sentence_of
from portal.web.request import db, me

blueprint = Blueprint("followers", __name__)


@blueprint.post("/my/tickets/<number>/watchers")
@signed_in
def invite(number: str) -> Response:
    """Let a colleague follow this ticket; they read what I read."""
    ticket, login = own_ticket(number), request.form.get("login", "")
    try:
        person = person_called(db(), login)
        desk.invite(db(), ticket, person, by=me())
    except Refused as refusal:
        return refused(number, Kept("watchers", sentence_of(refusal), login))
    if person is not None:
        told = _("%(name)s（%(unit)s）现在能看到这张工单了。", name=named(person), unit=named(person.unit))
        flash(told, "success")
    return redirect(url_for("mine.ticket", number=number) + "#watchers")


@blueprint.post("/my/tickets/<number>/watchers/<login>/remove")
@signed_in
def uninvite(number: str, login: str) -> Response:
    """They no longer follow it; I may be the one who stops."""
    ticket = own_ticket(number)
    try:
        desk.uninvite(db(), ticket, person_by_login(db(), login), by=me())
    except Refused as refusal:
        return refused(number, Kept("watchers", sentence_of(refusal)))
    told = _("已取消关注。") if login.lower() == me().login else _("对方不再能看到这张工单。")
    flash(told, "success")
    if is_party(db(), me(), ticket):
        return redirect(url_for("mine.ticket", number=number) + "#watchers")
    return redirect(url_for("mine.tickets", show="watched"))
