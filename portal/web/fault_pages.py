"""Fault events: the board, one event, and the deeds on it. Announcements are in ``announcing``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from kb.columns import now
from kb.flow import Refused
from portal.faults import board as verbs
from portal.faults import flow, likeness, reports
from portal.faults.durations import stretches_of
from portal.faults.flow import FaultAction, FaultState
from portal.faults.following import LEADERS
from portal.faults.models import FaultEvent
from portal.faults.promises import is_late
from portal.faults.scope import is_visible, permissions_on
from portal.people.queries import people_by_id
from portal.people.roles import Permission
from portal.tickets.models import Ticket
from portal.tickets.visibility import permissions_on as ticket_permissions
from portal.tickets.visibility import serves, visible_tickets
from portal.web.access import needs
from portal.web.announcement_writing import blueprint
from portal.web.announcing import may_edit, system_names, unit_names
from portal.web.refusals import sentence_of
from portal.web.request import db, me

__all__ = ["blueprint"]

P = Permission
READERS = (
    P.WORK_FRONT,
    P.WORK_MIDDLE,
    P.WORK_DISPATCH,
    P.WORK_BACK,
    P.PUBLISH_ANNOUNCEMENTS,
    P.READ_FIGURES,
)
COLUMNS = (FaultState.GATHERING, FaultState.SUBMITTED, FaultState.DECLARED, FaultState.RECOVERED)
LATELY = timedelta(days=30)
#: Moves whose button must stand out: the road that the reports wait for.
FORWARD = frozenset({FaultAction.SUBMIT, FaultAction.DECLARE, FaultAction.RECOVER, FaultAction.VERIFY})


def minutes_since(start: datetime | None, end: datetime | None = None) -> int:
    """Minutes round the clock, as faults count them."""
    return int(((end or now(db())) - start).total_seconds() // 60) if start else 0


@blueprint.get("/faults")
@needs(*READERS)
def board() -> str:
    """Every outage this person sees, by state; what may be gathered; what was over lately."""
    columns: dict[FaultState, list[reports.Card]] = defaultdict(list)
    for card in reports.cards(db(), me(), ended_since=now(db()) - LATELY):
        columns[card.fault.state].append(card)
    return render_template(
        "faults/board.html",
        columns=[(state, columns[state]) for state in COLUMNS],
        over=columns[FaultState.VERIFIED] + columns[FaultState.DISMISSED],
        suggestions=reports.suggestions(db(), me()),
        alike=_reports_alike(),
        names=system_names(),
        since=minutes_since,
    )


def _reports_alike() -> list[likeness.AlikeReports]:
    """What may be an outage; what the middle has ruled a fault already is proposed above it."""
    ruled = {ticket.id for group in reports.suggestions(db(), me()) for ticket in group.tickets}
    alike = likeness.reports_alike(db(), me())
    return [group for group in alike if any(row.id not in ruled for row in group.tickets)]


@blueprint.post("/faults")
@needs(P.WORK_MIDDLE)
def gather() -> Response | tuple[str, int]:
    """Tickets become one event, or join one that is going on."""
    tickets = _asked_tickets()
    try:
        fault = _gathered(tickets)
    except Refused as refusal:
        db().rollback()
        flash(sentence_of(refusal), "danger")
        return board(), 422
    return redirect(url_for("fault_pages.event", number=fault.number))


def _gathered(tickets: list[Ticket]) -> FaultEvent:
    number = request.form.get("fault", "")
    if not number:
        return verbs.gather(db(), tickets, title=request.form.get("title", ""), by=me())
    fault = _seen(number)
    verbs.add_reports(db(), fault, tickets, by=me())
    return fault


def _asked_tickets() -> list[Ticket]:
    """The tickets that were ticked; one that this person may not see is not there."""
    numbers = request.form.getlist("tickets")[:200]
    wanted = visible_tickets(me()).where(Ticket.number.in_(numbers)).order_by(Ticket.filed_at)
    found = list(db().scalars(wanted))
    if len(found) < len(set(numbers)):
        abort(404)
    return found


@blueprint.get("/faults/<number>")
@needs(*READERS)
def event(number: str) -> str:
    """One outage: where it stands, what may be done, its reports and its trail."""
    return _event_page(_seen(number))


def _event_page(fault: FaultEvent, *, problem: str = "", note: str = "", words: str = "") -> str:
    every = reports.reported_tickets(db(), fault)
    tickets = [ticket for ticket in every if serves(me(), ticket)]
    held = permissions_on(db(), me(), fault)
    return render_template(
        "faults/event.html",
        fault=fault,
        names=system_names(),
        units=unit_names(fault.units),
        tickets=tickets,
        elsewhere=len(every) - len(tickets),
        by_unit=reports.by_unit(db(), fault),
        steps=flow.open_to(fault.state, held),
        forward=FORWARD,
        stragglers=reports.stragglers(fault, tickets),
        may_lead=bool(LEADERS & held),
        may_gather=P.WORK_MIDDLE in held,
        to_tell=_to_tell(fault, tickets),
        may_announce=may_edit(None, fault),
        announceable=fault.state in flow.ANNOUNCEABLE,
        late=[row.id for row in fault.announcements if is_late(row, now(db()))],
        more=_more(fault, every),
        people=people_by_id(db(), {fault.opened_by, *(move.by_id for move in fault.moves)}),
        stretches=stretches_of(fault),
        since=minutes_since,
        problem=problem,
        note=note,
        words=words,
    )


def _to_tell(fault: FaultEvent, tickets: list[Ticket]) -> list[Ticket]:
    return reports.waiting_for_feedback(tickets, me()) if fault.state == FaultState.VERIFIED else []


def _more(fault: FaultEvent, every: list[Ticket]) -> list[Ticket]:
    """Reports that nobody has gathered: ruled faults of these systems, and what is alike to the event's."""
    if not verbs.takes_reports(db(), fault) or P.WORK_MIDDLE not in permissions_on(db(), me(), fault):
        return []
    groups = reports.suggestions(db(), me())
    ruled = [ticket for group in groups if group.system in fault.systems for ticket in group.tickets]
    known = {ticket.id for ticket in ruled}
    return ruled + [row for row in likeness.resembling(db(), me(), fault, every) if row.id not in known]


@blueprint.post("/faults/<number>/moves")
@needs(P.WORK_MIDDLE, P.WORK_DISPATCH, P.WORK_BACK)
def move(number: str) -> Response | tuple[str, int]:
    """Take one step; what was typed is kept when it is refused."""
    note, action = request.form.get("note", ""), _asked_action()
    return _done(number, lambda fault: verbs.move(db(), fault, action, by=me(), note=note), note=note)


def _done(
    number: str, deed: Callable[[FaultEvent], object], *, note: str = "", words: str = ""
) -> Response | tuple[str, int]:
    """Do it and show the event again; refused, with everything that was typed."""
    try:
        deed(_seen(number))
    except Refused as refusal:
        db().rollback()
        return _event_page(_seen(number), problem=sentence_of(refusal), note=note, words=words), 422
    return redirect(url_for("fault_pages.event", number=number))


@blueprint.post("/faults/<number>/catch-up")
@needs(P.WORK_MIDDLE, P.WORK_DISPATCH, P.WORK_BACK)
def catch_up(number: str) -> Response | tuple[str, int]:
    """Tickets that lag behind come to where their event is."""

    def deed(fault: FaultEvent) -> None:
        moved = verbs.catch_up(db(), fault, by=me())
        flash(_("%(n)s 张工单已经跟上。", n=moved), "success")

    return _done(number, deed)


@blueprint.post("/faults/<number>/tickets/<ticket>/leave")
@needs(P.WORK_MIDDLE)
def leave(number: str, ticket: str) -> Response | tuple[str, int]:
    """A ticket that was gathered wrongly leaves the event."""
    row = db().scalar(visible_tickets(me()).where(Ticket.number == ticket))
    if row is None:
        abort(404)
    note = request.form.get("note", "")
    return _done(number, lambda fault: verbs.take_out(db(), fault, row, by=me(), note=note), note=note)


def _asked_action() -> FaultAction:
    asked = request.form.get("action", "")
    if asked not in set(FaultAction):
        abort(400)
    return FaultAction(asked)


@blueprint.post("/faults/<number>/tell")
@needs(P.WORK_FRONT)
def tell(number: str) -> Response | tuple[str, int]:
    """The front tells every reporter at once."""
    words = request.form.get("words", "")
    return _done(number, lambda fault: _tell(fault, words), words=words)


def _tell(fault: FaultEvent, words: str) -> None:
    told, left = verbs.tell_all(db(), fault, words, by=me())
    flash(_("已告知 %(told)s 位报障人。", told=told), "success")
    if left:
        flash(_("还有 %(left)s 张在同事手里或属于其他单位，由他们告知。", left=left), "warning")


@dataclass(frozen=True, slots=True)
class Nearby:
    """What a ticket has to do with outages, for its page."""

    inside: FaultEvent | None = None
    going_on: tuple[FaultEvent, ...] = ()
    may_gather: bool = False


@blueprint.app_template_global()
def outages_of(ticket: Ticket) -> Nearby:
    """The event a ticket belongs to, else those of its system that go on."""
    inside = reports.fault_of(db(), ticket)
    if inside is not None:
        return Nearby(inside if is_visible(db(), me(), inside) else None)
    if not ticket.is_open or ticket.category in likeness.UNLIKELY:
        return Nearby()
    near = tuple(reports.going_on_with(db(), me(), ticket))
    return Nearby(None, near, bool(near) and P.WORK_MIDDLE in ticket_permissions(me(), ticket))


def _seen(number: str) -> FaultEvent:
    """The event, or 404 when there is none or it is not this person's to see."""
    fault = db().scalar(
        select(FaultEvent)
        .where(FaultEvent.number == number)
        .options(selectinload(FaultEvent.moves), selectinload(FaultEvent.announcements))
    )
    if fault is None or not is_visible(db(), me(), fault):
        abort(404)
    return fault
