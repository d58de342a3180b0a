"""How a call ends: what is filed from its form, and the screen after it, refused or done.

The deeds themselves are verbs of ``tickets.calls``. The invariant: a refusal rolls everything back and
draws the same call with everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects.models import Defect
from indexer.words import N_
from kb.flow import Refused
from kb.models import Article
from portal.catalogue.queries import system_by_code
from portal.finder import suggest
from portal.people.models import Person
from portal.tickets import callers, calls, desk
from portal.tickets.flow import NEEDS
from portal.tickets.models import Ticket
from portal.tickets.words import CATEGORY_LABELS, IMPACT_LABELS, URGENCY_LABELS, Category
from portal.web.calling import Screen, screen_of
from portal.web.files import attach_to
from portal.web.hearing import Heard, heard, number_in
from portal.web.information import answers_from, asked_about
from portal.web.labels import named
from portal.web.reading_aloud import subject_of
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me

NOBODY = N_("请先查到来电者，工单要提在他名下。")
NO_SYSTEM = N_("请选择是哪个系统的问题。")
NO_CATEGORY = N_("请选择请求类别。")
#: What a refusal asks for, as the field of the console that takes it.
WANTED = {NOBODY: "who", NO_SYSTEM: "chip-system", NO_CATEGORY: "chip-category", NEEDS["note"]: "note"}
#: The console has a field for notes and one for what the next one must know: say which is meant.
CLEARER = {NEEDS["note"]: N_("请写收尾说明：问清了什么、怎样答复的，或者为什么要转。")}
#: The closed sets that the form offers, with their names.
WORDS: Mapping[str, Any] = {
    "categories": CATEGORY_LABELS,
    "impacts": IMPACT_LABELS,
    "urgencies": URGENCY_LABELS,
    "ending_labels": calls.ENDING_LABELS,
}


def drawn(screen: Screen, *, people: list[Person] | None = None, who: str = "") -> str:
    template = "console/_console.html" if is_fragment() else "console/page.html"
    return render_template(template, screen=screen, call=screen.heard, people=people or [], who=who, **WORDS)


def served_caller(number: int | None) -> Person:
    """The caller, if I may file for them; for everybody else there is no such person."""
    found = callers.caller_of(db(), number, by=me())
    if found is None:
        abort(404)
    return found


def heard_now() -> Heard:
    return heard(request.form, by_hand=not is_fragment())


def called() -> Person | None:
    """The caller of the form; one whom I don't serve isn't there, none at all is a refusal later."""
    number = number_in(request.form.get("caller", ""))
    return served_caller(number) if number is not None else None


Kind = TypeVar("Kind", Article, Defect)


def read_answer(kind: str, number: int, model: type[Kind]) -> Kind:
    """The answer that ends the call; one that I may not read isn't there."""
    subject = subject_of(kind, number)
    if not isinstance(subject, model):
        abort(404)
    return subject


def probability_shown(call: Heard, number: int) -> float | None:
    """How sure the finder was when the agent attached the caller."""
    consultation = suggest.consultation_of(db(), call.token, by=me())
    rows = consultation.shown if consultation else []
    return next((row.probability for row in rows if (row.kind, row.subject_id) == ("defect", number)), None)


def request_from(
    call: Heard,
    person: Person | None,
    *,
    fallback: Category | None = None,
    system: str | None = None,
    partly: bool = True,
) -> desk.Request:
    """What is filed; ``fallback`` and ``system`` are what the answer itself says of the call.

    ``partly``: an answer ends the matter, so that nobody needs to be asked what filing else demands.
    """
    if person is None:
        raise Refused(NOBODY)
    found = system_by_code(db(), call.system or system)
    if found is None:
        raise Refused(NO_SYSTEM)
    category = Category(call.category) if call.category in set(Category) else fallback
    if category is None:
        raise Refused(NO_CATEGORY)
    module, sub = call.module, call.sub
    asked = asked_about(found, category, module=module, sub=sub, typed=call.typed, offering=False)
    return desk.Request(
        text=call.told,
        category=category,
        system=found,
        requester=person,
        sub=call.sub,
        module=call.module or None,
        impact=call.impact,
        urgency=call.urgency,
        answers=answers_from(asked, partly=partly),
    )


def _bring_files(ticket: Ticket | None) -> None:
    """What the caller sent meanwhile hangs on the ticket of the call."""
    brought = [storage for storage in request.files.getlist("files") if storage.filename]
    if ticket is not None and brought:
        attach_to(ticket, brought)


def ended(call: Heard, deed: Callable[[], Ticket | None], sentence: str) -> Response:
    """Do it and start a fresh call, or say why not with the same call still on the screen."""
    try:
        ticket = deed()
        _bring_files(ticket)
    except Refused as refusal:
        clearer = CLEARER.get(refusal.sentence)
        problem = _(clearer) if clearer else sentence_of(refusal)
        db().rollback()
        wants = WANTED.get(refusal.sentence, "notes")
        return make_response(drawn(screen_of(call, problem=problem, wants=wants)), 422)
    person = called()
    said = _(sentence, number=ticket.number if ticket else "", name=named(person) if person else "")
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
