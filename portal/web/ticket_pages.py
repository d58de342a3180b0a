"""The staff's page of one ticket: everything to decide on one screen, and every deed from there.

Its own users see their tickets in ``mine``; whoever has a part in a ticket but no post that serves it
is sent there. What is open to whom the table of steps says, here it is only drawn.
"""

from __future__ import annotations

from dataclasses import replace

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects.models import Defect
from defects.queries import visible_by_number
from indexer.words import N_
from kb.flow import Refused
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets import desk, informing, linking, queries
from portal.tickets.assignment import next_up
from portal.tickets.models import Ticket
from portal.tickets.visibility import is_party, serves
from portal.tickets.words import Action
from portal.web.access import needs, signed_in
from portal.web.information import Shown, given_on, information_of, typed_in
from portal.web.inline_answers import record_cited
from portal.web.labels import label
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, viewer
from portal.web.ticket_moves import MoveForm
from portal.web.ticket_screen import (
    SAID,
    Kept,
    Panel,
    answering,
    articles_for,
    for_panel,
    opened,
    served_ticket,
    shown,
)

blueprint = Blueprint("ticket_pages", __name__)


@blueprint.get("/tickets/<number>")
@signed_in
def page(number: str) -> Response | str:
    """The ticket as its tiers see it; its own users have a page of their own."""
    found = queries.ticket_by_number(db(), number)
    if found is not None and not serves(me(), found) and is_party(db(), me(), found):
        return redirect(url_for("mine.ticket", number=found.number))
    return _page(served_ticket(found.number if found else number))


def _page(
    ticket: Ticket,
    *,
    panel: Panel | None = None,
    kept: Kept | None = None,
    information: Shown | None = None,
) -> str:
    return render_template(
        "tickets/page.html", **shown(ticket, panel=panel, kept=kept, information=information)
    )


# ── moves ────────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/tickets/<number>/moves/<action>")
@needs(Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)
def panel(number: str, action: str) -> Response | str:
    """The form of one move: a fragment for htmx, the whole page with the form open without."""
    ticket = served_ticket(number)
    form_open = opened(ticket, _action(action), MoveForm(seen=ticket.version))
    if form_open is None:
        return _back(number)
    if is_fragment():
        return render_template("tickets/_panel.html", **for_panel(ticket, form_open))
    return _page(ticket, panel=form_open)


def _action(name: str) -> Action:
    if name not in set(Action):
        abort(404)
    return Action(name)


@blueprint.get("/tickets/<number>/answers")
@needs(Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)
def answers(number: str) -> str:
    """Articles for the note of an answer, as a fragment."""
    ticket = served_ticket(number)
    text = request.args.get("q", "").strip() or ticket.title
    return render_template("tickets/_answers.html", ticket=ticket, answers=articles_for(ticket, text))


@blueprint.post("/tickets/<number>/moves/<action>")
@needs(Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)
def move(number: str, action: str) -> Response:
    ticket, deed, form = served_ticket(number), _action(action), MoveForm()
    try:
        desk.move(db(), ticket, deed, by=me(), given=_given(ticket, form), seen=form.seen.data)
    except Refused as refusal:
        return _refused(number, deed, refusal)
    if deed in SAID:
        record_cited(ticket, form.note.data or "")
    flash(_("“%(deed)s”已完成。", deed=label(deed)), "success")
    return _back(number)


def _given(ticket: Ticket, form: MoveForm) -> desk.Given:
    category, sub = form.ruled
    return desk.Given(
        note=form.note.data or "",
        category=category,
        sub=sub,
        priority=form.priority.data,
        person=db().get(Person, form.person.data) if form.person.data else None,
        article=answering(ticket, form.article.data),
    )


def _refused(number: str, deed: Action, refusal: Refused) -> Response:
    """The same page with the sentence and everything typed; after a colleague's move with the new state."""
    sentence = sentence_of(refusal)
    db().rollback()
    ticket = served_ticket(number)
    form = MoveForm()
    form.seen.process_data(ticket.version)
    form_open = opened(ticket, deed, form)
    status = 409 if isinstance(refusal, desk.Overtaken) else 422
    if form_open is None:
        return make_response(_page(ticket, kept=Kept(sentence, form.note.data or "")), status)
    return make_response(_page(ticket, panel=replace(form_open, error=sentence)), status)


def _back(number: str) -> Response:
    return redirect(url_for("ticket_pages.page", number=number))


@blueprint.post("/tickets/take-next")
@needs(
    Permission.WORK_FRONT,
    Permission.WORK_LOCAL,
    Permission.WORK_MIDDLE,
    Permission.WORK_DISPATCH,
    Permission.WORK_BACK,
)
def take_next() -> Response:
    """Take the ticket that this person should work on next, and open it."""
    ticket = next_up.take_next(db(), me())
    if ticket is None:
        flash(_("没有等着领取的工单。"), "info")
        return redirect(url_for("queues.page"))
    return _back(ticket.number)


# ── beside the moves ─────────────────────────────────────────────────────────────────────────────


@blueprint.post("/tickets/<number>/comments")
@needs(Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)
def comment(number: str) -> Response:
    ticket = served_ticket(number)
    text, internal = request.form.get("text", ""), bool(request.form.get("internal"))
    try:
        desk.comment(db(), ticket, text, by=me(), internal=internal)
    except Refused as refusal:
        kept = Kept(sentence_of(refusal), text, comment=True, internal=internal)
        db().rollback()
        return make_response(_page(served_ticket(number), kept=kept), 422)
    if not internal:
        record_cited(ticket, text)
    return _back(number)


@blueprint.post("/tickets/<number>/information")
@needs(Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)
def inform(number: str) -> Response:
    """Keep what was filled into the information form."""
    ticket, typed = served_ticket(number), typed_in(request.form)
    seen = request.form.get("seen", type=int)
    try:
        kept = informing.inform(db(), ticket, given_on(ticket, typed), by=me(), seen=seen)
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        ticket = served_ticket(number)
        again = information_of(ticket, typed=typed, problem=sentence)
        status = 409 if isinstance(refusal, desk.Overtaken) else 422
        return make_response(_page(ticket, information=again), status)
    flash(_("信息表已保存。") if kept else _("没有改动。"), "success")
    return _back(number)


def _defect(number: str) -> Defect:
    return visible_by_number(db(), number, viewer()) or abort(404)


@blueprint.post("/tickets/<number>/defects/<qx>")
@needs(Permission.LINK_DEFECTS)
def link(number: str, qx: str) -> Response:
    ticket, defect = served_ticket(number), _defect(qx)
    linking.link(db(), ticket, defect, by=me(), probability=_probability())
    flash(_("已关联到缺陷 %(number)s。", number=defect.number), "success")
    return _back(number)


@blueprint.post("/tickets/<number>/defects/<qx>/reject")
@needs(Permission.LINK_DEFECTS)
def reject(number: str, qx: str) -> Response:
    ticket, defect = served_ticket(number), _defect(qx)
    linking.reject(db(), ticket, defect, by=me(), probability=_probability())
    flash(_("已标记 %(number)s 不是这张工单的根因，不再推荐。", number=defect.number), "success")
    return _back(number)


@blueprint.post("/tickets/<number>/defects/<qx>/undo")
@needs(Permission.LINK_DEFECTS)
def undo_link(number: str, qx: str) -> Response:
    ticket, defect = served_ticket(number), _defect(qx)
    linking.undo(db(), ticket, defect, by=me())
    flash(_("已撤销对缺陷 %(number)s 的判断。", number=defect.number), "success")
    return _back(number)


@blueprint.post("/tickets/<number>/defects")
@needs(Permission.LINK_DEFECTS)
def link_by_number(number: str) -> Response:
    """Link the defect whose number was typed."""
    ticket = served_ticket(number)
    defect = visible_by_number(db(), request.form.get("defect", ""), viewer())
    if defect is None:
        raise Refused(N_("没有这个编号的缺陷，请核对后再关联。"))
    linking.link(db(), ticket, defect, by=me())
    flash(_("已关联到缺陷 %(number)s。", number=defect.number), "success")
    return _back(number)


def _probability() -> float | None:
    """What the page showed beside the defect when the judgement was made."""
    try:
        shown_then = float(request.form.get("probability", ""))
    except ValueError:
        return None
    return shown_then if 0.0 <= shown_then <= 1.0 else None
