"""Shift hand-over (交接班) and being away: what I hold and give on, what was given to me.

The deeds are verbs of ``tickets.assignment``. A lead does the same for somebody they lead. The invariant: a
refused hand-over brings back the tickets that were chosen and every word that was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.people.models import Person
from portal.people.queries import person_by_login
from portal.people.roles import Permission
from portal.tickets import desk
from portal.tickets.assignment import handing_over, presence
from portal.tickets.assignment.handing_over import Handing
from portal.tickets.assignment.models import REASON_LABELS, HandOver, Reason
from portal.tickets.models import Ticket
from portal.tickets.selection import is_open
from portal.web.access import needs
from portal.web.auth import local_path
from portal.web.labels import named
from portal.web.refusals import sentence_of
from portal.web.request import db, me, parts

blueprint = Blueprint("handover", __name__)

WORKS = needs(
    Permission.WORK_FRONT,
    Permission.WORK_LOCAL,
    Permission.WORK_MIDDLE,
    Permission.WORK_DISPATCH,
    Permission.WORK_BACK,
    Permission.REASSIGN,
)
QUEUE = "queue"


@dataclass(frozen=True, slots=True)
class Typed:
    """What was chosen and written; comes back when it is refused."""

    chosen: frozenset[str] = frozenset()  # numbers
    to: str = ""
    note: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@blueprint.get("/handover")
@WORKS
def page() -> str:
    return _page(_giver(request.args.get("person", "")))


def _giver(login: str) -> Person:
    """Whose tickets: mine, or those of somebody I lead; anybody else isn't there."""
    if not login or login == me().login:
        return me()
    person = person_by_login(db(), login)
    if person is None or not presence.leads(me(), person):
        abort(404)
    return person


def _page(giver: Person, typed: Typed | None = None) -> str:
    held = [row for row in handing_over.held_by(db(), giver) if handing_over.can_be_handed_over(row)]
    return render_template(
        "handover/page.html",
        giver=giver,
        held=[(ticket, desk.clock_of(db(), ticket)) for ticket in held],
        candidates=handing_over.candidates_for(db(), held, giver=giver),
        received=handing_over.received_by(db(), giver),
        given=handing_over.given_by(db(), giver),
        absence=presence.absence_of(db(), giver),
        reasons=REASON_LABELS,
        led=_led(),
        typed=typed or Typed(),
        queue=QUEUE,
    )


def _led() -> list[Person]:
    """The people I lead who hold something."""
    if not me().may(Permission.REASSIGN):
        return []
    holders = select(Ticket.holder_id).where(is_open(), Ticket.holder_id.is_not(None))
    people = db().scalars(select(Person).where(Person.id.in_(holders), Person.active).order_by(Person.name))
    return [person for person in people if person.id != me().id and presence.leads(me(), person)]


@blueprint.post("/handover")
@WORKS
def hand_over() -> Response | tuple[str, int]:
    """Give the chosen tickets on."""
    giver, typed = _giver(request.form.get("person", "")), _typed()
    try:
        record = handing_over.hand_over(db(), giver, _handing(giver, typed), by=me())
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        kept = Typed(typed.chosen, typed.to, typed.note, typed.notes, sentence)
        return _page(_giver(request.form.get("person", "")), kept), 422
    count = len(record.items)
    if record.receiver is None:
        told = ngettext("%(num)s 张工单已放回队列。", "%(num)s 张工单已放回队列。", count)
    else:
        name = named(record.receiver)
        told = ngettext("%(num)s 张工单已交给%(name)s。", "%(num)s 张工单已交给%(name)s。", count, name=name)
    flash(told, "success")
    return redirect(url_for("handover.page", person=giver.login if giver.id != me().id else None))


def _typed() -> Typed:
    notes = {
        name.removeprefix("note-"): value
        for name, value in request.form.items()
        if name.startswith("note-") and value.strip()
    }
    chosen = frozenset(request.form.getlist("ticket"))
    return Typed(chosen, request.form.get("to", ""), request.form.get("note", ""), notes)


def _handing(giver: Person, typed: Typed) -> Handing:
    tickets = list(
        db().scalars(
            select(Ticket)
            .where(Ticket.number.in_(typed.chosen), Ticket.holder_id == giver.id, is_open())
            .order_by(Ticket.close_due, Ticket.id)
        )
    )
    if len(tickets) < len(typed.chosen):
        raise Refused(N_("选中的工单里有的已经不在手里了，请看最新的清单再交接。"))
    to = person_by_login(db(), typed.to) if typed.to not in ("", QUEUE) else None
    if to is None and typed.to != QUEUE:
        raise Refused(N_("请选择交给谁，或者放回队列。"))
    words = {ticket.id: typed.notes.get(ticket.number, "") for ticket in tickets}
    return Handing(tickets, to, typed.note, words)


@blueprint.post("/handover/<int:number>/acknowledge")
@WORKS
def acknowledge(number: int) -> Response:
    """The receiver has read the list."""
    record = db().get(HandOver, number)
    if record is None or record.to_id != me().id:
        abort(404)
    handing_over.acknowledge(db(), record, by=me())
    flash(_("已接班，这些工单现在由您处理。"), "success")
    return redirect(url_for("queues.page"))


# ── away and back ────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/presence")
@WORKS
def away_or_back() -> Response:
    """Mark somebody away, or back: oneself, or a person one leads."""
    person = _giver(request.form.get("person", ""))
    if request.form.get("deed") == "back":
        presence.come_back(db(), person, by=me())
        flash(_("%(name)s回到岗位，可以领工单了。", name=named(person)), "success")
    else:
        reason = request.form.get("reason", "")
        if reason not in set(Reason):
            abort(400)
        presence.go_away(db(), person, Reason(reason), by=me(), until=_until(request.form.get("until", "")))
        flash(_("%(name)s已标记为不在岗，期间不会收到工单。", name=named(person)), "success")
    return redirect(local_path(request.form.get("next") or url_for("handover.page")))


def _until(text: str) -> datetime | None:
    """The next time the clock says so, in the desk's zone."""
    try:
        hour = time.fromisoformat(text) if text else None
    except ValueError:
        abort(400)
    if hour is None:
        return None
    here = now(db()).astimezone(parts().settings.zone)
    moment = datetime.combine(here.date(), hour.replace(tzinfo=None), parts().settings.zone)
    return moment if moment > here else moment + timedelta(days=1)


@blueprint.app_context_processor
def _duty() -> dict[str, object]:
    return {"waiting_hand_overs": lambda: handing_over.waiting_for(db(), me())}
