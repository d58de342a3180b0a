"""The call console: who calls, what is heard, what answers it, and how the call ends.

The deeds are verbs of ``tickets.calls``; what the page shows is read in ``calling``. The invariant: a
refusal re-draws the same call with everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from defects.models import Defect
from indexer.words import N_
from kb.flow import Refused
from kb.models import Article
from portal.catalogue.queries import system_by_code
from portal.faults import board
from portal.faults.announcements import live_announcements
from portal.faults.models import Announcement
from portal.finder import suggest
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.people.roles import Permission
from portal.tickets import callers, calls, desk
from portal.tickets.models import Ticket
from portal.tickets.words import CATEGORY_LABELS, IMPACT_LABELS, URGENCY_LABELS, Category
from portal.web.access import needs
from portal.web.calling import (
    Heard,
    Screen,
    answered_so_far,
    heard,
    reading_of,
    remembered,
    rows_of,
    screen_of,
)
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, only_asks, write_now

blueprint = Blueprint("console", __name__)

NOBODY = N_("请先查到来电者，工单要提在他名下。")
CALLS = needs(Permission.WORK_FRONT, Permission.FILE_FOR_OTHERS)
#: The closed sets that the form offers, with their names.
WORDS: Mapping[str, Any] = {
    "categories": CATEGORY_LABELS,
    "impacts": IMPACT_LABELS,
    "urgencies": URGENCY_LABELS,
    "ending_labels": calls.ENDING_LABELS,
}


@blueprint.get("/console")
@CALLS
def page() -> str:
    call = Heard(caller=_number(request.args.get("caller", "")))
    found = callers.find_callers(db(), request.args.get("who", ""), by=me())
    return _page(screen_of(call), people=found, who=request.args.get("who", ""))


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _page(screen: Screen, *, people: list[Person] | None = None, who: str = "") -> str:
    template = "console/_console.html" if is_fragment() else "console/page.html"
    return render_template(template, screen=screen, call=screen.heard, people=people or [], who=who, **WORDS)


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
    return _caller(_served(number))


def _served(number: int | None) -> Person:
    """The caller, if I may file for them; for everybody else there is no such person."""
    found = callers.caller_of(db(), number, by=me())
    if found is None:
        abort(404)
    return found


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
    screen = answered_so_far(_heard()) if is_fragment() else screen_of(_heard())
    if screen.found is not None:
        write_now()
        screen = remembered(screen)
    if not is_fragment():
        return _page(screen)
    return render_template("console/_answers.html", screen=screen, call=screen.heard, swap=True, **WORDS)


def _heard() -> Heard:
    return heard(request.form, by_hand=not is_fragment())


@blueprint.post("/console/read/<kind>/<int:number>")
@CALLS
def read(kind: str, number: int) -> str:
    """One answer with its steps, to be read aloud; counted as opened."""
    call = _heard()
    reading = reading_of(kind, number, callers.caller_of(db(), call.caller, by=me()))
    if reading is None:
        abort(404)
    suggest.opened(db(), call.token, by=me(), kind=kind, id=number)
    if not is_fragment():
        return _page(screen_of(replace(call, reading=reading.key)))
    return render_template("console/_reading.html", reading=reading)


# ── the caller's open tickets ────────────────────────────────────────────────────────────────────


@blueprint.post("/console/tickets/<number>/urge")
@CALLS
def urge(number: str) -> Response:
    ticket = _ticket(number)
    return _beside(
        ticket, lambda: calls.urge_for(db(), ticket, by=me()), _("已替来电者催办，处理人会收到提醒。")
    )


@blueprint.post("/console/tickets/<number>/comment")
@CALLS
def comment(number: str) -> Response:
    ticket, text = _ticket(number), request.form.get("text", "")
    return _beside(ticket, lambda: desk.comment(db(), ticket, text, by=me()), _("留言已记到工单上。"))


def _ticket(number: str) -> Ticket:
    """A ticket of a caller whom I serve; any other one isn't there."""
    ticket = db().scalars(select(Ticket).where(Ticket.number == number)).first()
    if ticket is None or not callers.may_file_for(me(), ticket.requester):
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
    body = _caller(_served(person_id), problem=problem, said="" if problem else said)
    return make_response(body, 422 if problem else 200)


# ── ending the call ──────────────────────────────────────────────────────────────────────────────


@blueprint.post("/console/answered/<int:number>")
@CALLS
def answered(number: int) -> Response:
    """“Answered with this”: the consultation is filed, answered with the article and told in one go."""
    call, person = _heard(), _called()
    article = _read("article", number, Article)

    def deed() -> Ticket:
        asked = _request(call, person, fallback=Category.CONSULTATION, system=article.system)
        ticket = calls.answer_call(db(), asked, article, by=me(), words=call.note)
        suggest.solved_by(db(), call.token, by=me(), kind="article", id=number)
        return ticket

    return _ended(call, deed, N_("%(number)s 已用这篇知识答复%(name)s，等用户确认。"))


@blueprint.post("/console/attached/<int:number>")
@CALLS
def attached(number: int) -> Response:
    """The caller is hit by this defect: their ticket is filed and linked to the record."""
    call, person = _heard(), _called()
    defect = _read("defect", number, Defect)

    def deed() -> Ticket:
        asked = _request(call, person, fallback=Category.DEFECT, system=defect.system)
        shown = _probability(call, number)
        ticket = calls.attach_to_defect(db(), asked, defect, by=me(), probability=shown, note=call.note)
        suggest.filed(db(), call.token, by=me(), ticket=ticket)
        return ticket

    return _ended(call, deed, N_("%(number)s 已为%(name)s提单并关联到缺陷，交中台研判。"))


@blueprint.post("/console/wrap-up")
@CALLS
def wrap_up() -> Response:
    """The ticket from the notes, sent where the chosen ending says."""
    call, person = _heard(), _called()

    def deed() -> Ticket:
        if call.ending not in set(calls.Ending):
            raise Refused(N_("请选择怎样收尾。"))
        ending = calls.Ending(call.ending)
        ticket = calls.wrap_up(db(), _request(call, person), ending, by=me(), note=call.note)
        suggest.filed(db(), call.token, by=me(), ticket=ticket)
        return ticket

    return _ended(call, deed, N_("已为%(name)s提交工单 %(number)s。"))


@blueprint.post("/console/joined/<int:number>")
@CALLS
def joined(number: int) -> Response:
    """The caller is hit by an announced fault: counted, no ticket, told of the recovery."""
    call, person = _heard(), _called()
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

    return _ended(call, deed, N_("已把%(name)s计入这次故障，恢复后会通知，不用另外提单。"))


def _called() -> Person | None:
    """The caller of the form; one whom I don't serve isn't there, none at all is a refusal later."""
    number = _number(request.form.get("caller", ""))
    return _served(number) if number is not None else None


Kind = TypeVar("Kind", Article, Defect)


def _read(kind: str, number: int, model: type[Kind]) -> Kind:
    """The answer that ends the call; one that I may not read isn't there."""
    reading = reading_of(kind, number, None)
    if reading is None or not isinstance(reading.subject, model):
        abort(404)
    return reading.subject


def _probability(call: Heard, number: int) -> float | None:
    """How sure the finder was when the agent attached the caller."""
    consultation = suggest.consultation_of(db(), call.token, by=me())
    rows = consultation.shown if consultation else []
    return next((row.probability for row in rows if (row.kind, row.subject_id) == ("defect", number)), None)


def _request(
    call: Heard, person: Person | None, *, fallback: Category | None = None, system: str | None = None
) -> desk.Request:
    """What is filed; ``fallback`` and ``system`` are what the answer itself says of the call."""
    if person is None:
        raise Refused(NOBODY)
    found = system_by_code(db(), call.system or system)
    if found is None:
        raise Refused(N_("请选择是哪个系统的问题。"))
    category = Category(call.category) if call.category in set(Category) else fallback
    if category is None:
        raise Refused(N_("请选择请求类别。"))
    return desk.Request(
        text=call.notes,
        category=category,
        system=found,
        requester=person,
        sub=call.sub,
        module=call.module or None,
        impact=call.impact,
        urgency=call.urgency,
    )


def _ended(call: Heard, deed: Callable[[], Ticket | None], sentence: str) -> Response:
    """Do it and start a fresh call, or say why not with the same call still on the screen."""
    try:
        ticket = deed()
    except Refused as refusal:
        problem = sentence_of(refusal)
        db().rollback()
        return make_response(_page(screen_of(call, problem=problem)), 422)
    person = _called()
    said = _(sentence, number=ticket.number if ticket else "", name=person.name if person else "")
    if not is_fragment():
        flash(said, "success")
        return redirect(url_for("console.page"))
    fresh = make_response(
        render_template(
            "console/_console.html",
            screen=screen_of(Heard()),
            call=Heard(),
            people=[],
            who="",
            said=said,
            done=ticket,
            **WORDS,
        )
    )
    fresh.headers["HX-Trigger"] = "call-ended"
    return fresh
