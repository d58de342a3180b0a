"""The panel 关联 of the staff's ticket page: duplicates, parent and children, see-also, watchers.

Every deed names a second ticket or person: that one is looked up as the person signed in may see it, and is
"not there" otherwise. A refusal shows the same page with the sentence and what was typed.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.catalogue.queries import system_by_code, systems_in_order
from portal.people.models import Person
from portal.people.queries import person_by_login, person_called
from portal.people.roles import Permission
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.queries import ticket_by_number
from portal.tickets.relations.merging import NOT_THERE
from portal.tickets.relations.panel import relations_of
from portal.tickets.visibility import is_visible
from portal.tickets.words import Action
from portal.web.access import needs
from portal.web.labels import named
from portal.web.refusals import sentence_of
from portal.web.request import db, me
from portal.web.ticket_screen import served_ticket, shown

blueprint = Blueprint("relations", __name__)
STAFF = (Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)


def other_ticket(number: str) -> Ticket:
    """The second ticket of a deed; one that I may not open is not there."""
    found = ticket_by_number(db(), number)
    if found is None or not is_visible(db(), me(), found):
        raise Refused(NOT_THERE)
    return found


def seen_version() -> int | None:
    text = request.form.get("seen", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _word(name: str) -> str:
    return request.form.get(name, "").strip()


def _done(number: str, sentence: str) -> Response:
    flash(sentence, "success")
    return redirect(url_for("ticket_pages.page", number=number) + "#relations")


def _tried(number: str, deed: Callable[[Ticket], str]) -> Response:
    """Do it and say so, or show the page again with the reason and everything typed."""
    try:
        return _done(number, deed(served_ticket(number)))
    except Refused as refusal:
        sentence = sentence_of(refusal)
        status = 409 if isinstance(refusal, desk.Overtaken) else 422
    db().rollback()
    ticket = served_ticket(number)
    kept = {**request.form.to_dict(), "sentence": sentence, "deed": request.endpoint or ""}
    return make_response(render_template("tickets/page.html", **shown(ticket), tying=kept), status)


# ── duplicates ───────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/tickets/<number>/merge")
@needs(*STAFF)
def merge(number: str) -> Response:
    """Let this ticket end as a duplicate of another one."""

    def deed(ticket: Ticket) -> str:
        given = desk.Given(note=_word("note"), other=other_ticket(_word("other")))
        desk.move(db(), ticket, Action.MERGE, by=me(), given=given, seen=seen_version())
        survivor = ticket.survivor.number if ticket.survivor else ""
        return _("已并入 %(number)s，用户会继续收到进展。", number=survivor)

    return _tried(number, deed)


@blueprint.post("/tickets/<number>/unmerge")
@needs(*STAFF)
def unmerge(number: str) -> Response:
    def deed(ticket: Ticket) -> str:
        given = desk.Given(note=_word("note"))
        desk.move(db(), ticket, Action.UNMERGE, by=me(), given=given, seen=seen_version())
        return _("已撤销并单，这张工单恢复单独处理。")

    return _tried(number, deed)


# ── parent and children ──────────────────────────────────────────────────────────────────────────


@blueprint.get("/tickets/<number>/help")
@needs(*STAFF)
def help_form(number: str) -> str:
    """The form that asks another system for help."""
    return _help_page(served_ticket(number))


def _help_page(ticket: Ticket, *, sentence: str = "") -> str:
    return render_template(
        "tickets/help.html",
        ticket=ticket,
        systems=[row for row in systems_in_order(db()) if row.id != ticket.system_id],
        typed=request.form.to_dict(),
        sentence=sentence,
        relations=relations_of(db(), me(), ticket),
    )


@blueprint.post("/tickets/<number>/help")
@needs(*STAFF)
def ask(number: str) -> Response:
    """File a child for another system, or tie an existing ticket."""
    ticket = served_ticket(number)
    try:
        child = _tied_child(ticket) if _word("other") else _asked(ticket)
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return make_response(_help_page(served_ticket(number), sentence=sentence), 422)
    return _done(
        number, _("已请%(system)s协同：%(number)s。", system=named(child.system), number=child.number)
    )


def _tied_child(ticket: Ticket) -> Ticket:
    child = other_ticket(_word("other"))
    desk.attach(db(), ticket, child, by=me(), note=_word("note"), seen=seen_version())
    return child


def _asked(ticket: Ticket) -> Ticket:
    system = system_by_code(db(), _word("system"))
    if system is None or not system.active:
        raise Refused(_("请选择要协同的系统。"))
    wanted = desk.Help(system=system, text=_word("text"), title=_word("title"))
    return desk.ask(db(), ticket, wanted, by=me(), seen=seen_version())


@blueprint.post("/tickets/<number>/children/<other>/detach")
@needs(*STAFF)
def detach(number: str, other: str) -> Response:
    def deed(ticket: Ticket) -> str:
        child = ticket_by_number(db(), other)
        if child is None or child.parent_id != ticket.id:
            raise Refused(NOT_THERE)
        desk.detach(db(), ticket, child, by=me(), note=_word("note"), seen=seen_version())
        return _("已解除与 %(number)s 的协同。", number=child.number)

    return _tried(number, deed)


# ── see also ─────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/tickets/<number>/related")
@needs(*STAFF)
def relate(number: str) -> Response:
    def deed(ticket: Ticket) -> str:
        other = other_ticket(_word("other"))
        desk.relate(db(), ticket, other, by=me())
        return _("已关联 %(number)s。", number=other.number)

    return _tried(number, deed)


@blueprint.post("/tickets/<number>/related/<other>/undo")
@needs(*STAFF)
def unrelate(number: str, other: str) -> Response:
    def deed(ticket: Ticket) -> str:
        second = other_ticket(other)
        desk.unrelate(db(), ticket, second, by=me())
        return _("已取消与 %(number)s 的关联。", number=second.number)

    return _tried(number, deed)


# ── watchers ─────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/tickets/<number>/watch")
@needs(*STAFF)
def watch(number: str) -> Response:
    """Begin to follow this ticket, or stop."""
    on = _word("on") != "0"

    def deed(ticket: Ticket) -> str:
        desk.watch(db(), ticket, by=me(), on=on)
        return _("已关注，进展会通知您。") if on else _("已取消关注。")

    return _tried(number, deed)


@blueprint.post("/tickets/<number>/watchers")
@needs(*STAFF)
def invite(number: str) -> Response:
    """Let a colleague follow this ticket."""

    def deed(ticket: Ticket) -> str:
        person = person_called(db(), _word("login"))
        desk.invite(db(), ticket, person, by=me())
        return _("已请%(name)s关注。", name=named(person) if person else "")

    return _tried(number, deed)


@blueprint.post("/tickets/<number>/watchers/<login>/remove")
@needs(*STAFF)
def uninvite(number: str, login: str) -> Response:
    def deed(ticket: Ticket) -> str:
        person = somebody(login)
        desk.uninvite(db(), ticket, person, by=me())
        return _("%(name)s不再关注这张工单。", name=named(person) if person else "")

    return _tried(number, deed)


def somebody(login: str) -> Person | None:
    return person_by_login(db(), login)
