"""The call console: who calls, what is heard, what answers it, and how the call ends.

The deeds are verbs of ``tickets.calls``; what the page shows is read in ``calling``. The invariant: a
refusal re-draws the same call with everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from defects.models import Defect
from indexer.words import N_
from kb.flow import Refused
from kb.models import Article
from portal.faults import board
from portal.faults.models import Announcement
from portal.faults.readers import live_announcements
from portal.finder import suggest
from portal.finder.sending.links import send_link
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.people.roles import Permission
from portal.tickets import callers, calls, desk
from portal.tickets.filing import may_file_for
from portal.tickets.models import Ticket
from portal.tickets.words import Category
from portal.web.access import needs
from portal.web.call_endings import (
    NOBODY,
    WORDS,
    called,
    drawn,
    ended,
    heard_now,
    probability_shown,
    read_answer,
    request_from,
    served_caller,
)
from portal.web.calling import answered_so_far, remembered, rows_of, screen_of
from portal.web.hearing import Heard, number_in
from portal.web.labels import named
from portal.web.reading_aloud import reading_of
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, only_asks, write_now

blueprint = Blueprint("console", __name__)

CALLS = needs(Permission.WORK_FRONT, Permission.FILE_FOR_OTHERS)


@blueprint.get("/console")
@CALLS
def page() -> str:
    call = Heard(caller=number_in(request.args.get("caller", "")))
    found = callers.find_callers(db(), request.args.get("who", ""), by=me())
    return drawn(screen_of(call), people=found, who=request.args.get("who", ""))


# ── looking up ───────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/console/callers")
@CALLS
def find() -> str:
    who = request.args.get("who", "")
    return render_template(
        "console/_callers.html", people=callers.find_callers(db(), who, by=me()), who=who.strip()
    )


@blueprint.get("/console/callers/<int:number>")
@CALLS
def caller(number: int) -> str:
    return _caller(served_caller(number))


def _caller(person: Person, *, problem: str = "", said: str = "") -> str:
    return render_template(
        "console/_caller.html",
        caller=person,
        rows=rows_of(person),
        history=callers.history_of(db(), person, by=me()),
        problem=problem,
        said=said,
    )


@blueprint.get("/console/waiting")
@CALLS
def waiting() -> str:
    return render_template("console/_waiting.html", waiting=callers.waiting_for(db(), me()))


@blueprint.post("/console/answers")
@CALLS
@only_asks
def answers() -> str:
    """At typing speed: answers, proposals and announcements for what is heard so far."""
    screen = answered_so_far(heard_now()) if is_fragment() else screen_of(heard_now())
    if screen.found is not None:
        write_now()
        screen = remembered(screen)
    if not is_fragment():
        return drawn(screen)
    return render_template("console/_answers.html", screen=screen, call=screen.heard, swap=True, **WORDS)


@blueprint.post("/console/read/<kind>/<int:number>")
@CALLS
def read(kind: str, number: int) -> str:
    """One answer with its steps, to be read aloud; counted as opened."""
    call = heard_now()
    reading = reading_of(kind, number, callers.caller_of(db(), call.caller, by=me()))
    if reading is None:
        abort(404)
    suggest.opened(db(), call.token, by=me(), kind=kind, id=number)
    if not is_fragment():
        return drawn(screen_of(replace(call, reading=reading.key)))
    return render_template("console/_reading.html", reading=reading)


@blueprint.post("/console/send/<int:number>")
@CALLS
def send(number: int) -> Response:
    """The link goes to the caller's bell, and by mail as they wish; the call goes on."""
    call, person = heard_now(), called()
    article, problem = read_answer("article", number, Article), ""
    try:
        if person is None:
            raise Refused(NOBODY)
        send_link(db(), article, to=person, by=me(), token=call.token)
    except Refused as refusal:
        problem = sentence_of(refusal)
        db().rollback()
    if is_fragment():
        page = render_template("console/_sent.html", caller=person, problem=problem, number=number)
        return make_response(page, 422 if problem else 200)
    if not problem and person is not None:
        flash(_("已把链接发给%(name)s。", name=named(person)), "success")
    screen = screen_of(replace(call, reading=f"article:{number}"), problem=problem)
    return make_response(drawn(screen), 422 if problem else 200)


# ── the caller's open tickets ────────────────────────────────────────────────────────────────────


@blueprint.post("/console/tickets/<number>/urge")
@CALLS
def urge(number: str) -> Response:
    ticket = _ticket(number)
    return _beside(
        ticket, lambda: calls.urge_for(db(), ticket, by=me()), _("已替来电者催办，负责的同事会收到提醒。")
    )


@blueprint.post("/console/tickets/<number>/comment")
@CALLS
def comment(number: str) -> Response:
    ticket, text = _ticket(number), request.form.get("text", "")
    return _beside(ticket, lambda: desk.comment(db(), ticket, text, by=me()), _("留言已记到工单上。"))


def _ticket(number: str) -> Ticket:
    """A ticket of a caller whom I serve; any other one isn't there."""
    ticket = db().scalars(select(Ticket).where(Ticket.number == number)).first()
    if ticket is None or not may_file_for(me(), ticket.requester):
        abort(404)
    return ticket


def _beside(ticket: Ticket, deed: Callable[[], object], said: str) -> Response:
    """A deed on a ticket during the call: the caller's column is drawn anew, the call goes on."""
    person_id, problem = ticket.requester_id, ""
    try:
        deed()
    except Refused as refusal:
        problem = sentence_of(refusal)
        db().rollback()
    if not is_fragment():
        flash(problem or said, "danger" if problem else "success")
        return redirect(url_for("console.page", caller=person_id))
    body = _caller(served_caller(person_id), problem=problem, said="" if problem else said)
    return make_response(body, 422 if problem else 200)


# ── ending the call ──────────────────────────────────────────────────────────────────────────────


@blueprint.post("/console/answered/<int:number>")
@CALLS
def answered(number: int) -> Response:
    """“Answered with this”: the consultation is filed, answered with the article and told in one go."""
    call, person = heard_now(), called()
    article = read_answer("article", number, Article)

    def deed() -> Ticket:
        asked = request_from(call, person, fallback=Category.CONSULTATION, system=article.system)
        ticket = calls.answer_call(db(), asked, article, by=me(), words=call.note)
        suggest.solved_by(db(), call.token, by=me(), kind="article", id=number, ticket=ticket)
        return ticket

    return ended(call, deed, N_("%(number)s 已用这篇知识答复%(name)s，等用户确认。"))


@blueprint.post("/console/attached/<int:number>")
@CALLS
def attached(number: int) -> Response:
    """The caller is hit by this defect: their ticket is filed and linked to the record."""
    call, person = heard_now(), called()
    defect = read_answer("defect", number, Defect)

    def deed() -> Ticket:
        asked = request_from(call, person, fallback=Category.DEFECT, system=defect.system)
        shown = probability_shown(call, number)
        ticket = calls.attach_to_defect(db(), asked, defect, by=me(), probability=shown, note=call.note)
        suggest.filed(db(), call.token, by=me(), ticket=ticket)
        return ticket

    return ended(call, deed, N_("%(number)s 已为%(name)s提单并挂到缺陷，已告诉用户现在怎么做。"))


@blueprint.post("/console/wrap-up")
@CALLS
def wrap_up() -> Response:
    """The ticket from the notes, sent where the chosen ending says."""
    call, person = heard_now(), called()

    def deed() -> Ticket:
        if call.ending not in set(calls.Ending):
            raise Refused(N_("请选择怎样收尾。"))
        ending = calls.Ending(call.ending)
        asked = request_from(call, person, partly=ending == calls.Ending.ANSWER)
        ticket = calls.wrap_up(db(), asked, ending, by=me(), note=call.note)
        suggest.filed(db(), call.token, by=me(), ticket=ticket)
        return ticket

    return ended(call, deed, N_("已为%(name)s提交工单 %(number)s。"))


@blueprint.post("/console/joined/<int:number>")
@CALLS
def joined(number: int) -> Response:
    """The caller is hit by an announced fault: counted, no ticket, told of the recovery."""
    call, person = heard_now(), called()
    live = live_announcements(viewer_of(person or me())).where(Announcement.id == number)
    announcement = db().scalars(live).first()
    if announcement is None or announcement.fault is None:
        abort(404)
    fault = announcement.fault

    def deed() -> None:
        if person is None:
            raise Refused(NOBODY)
        board.me_too(db(), fault, by=person)
        suggest.solved_by(db(), call.token, by=me(), kind="announcement", id=number)

    return ended(call, deed, N_("已把%(name)s计入这次故障，恢复后会通知，不用另外提单。"))
