"""The staff's page of one ticket: everything to decide on one screen, and every deed from there.

Its own users see their tickets in ``mine``; whoever has a part in a ticket but no post that serves it
is sent there. What is open to whom the table of steps says, here it is only drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, lazyload, selectinload
from werkzeug.wrappers import Response

from defects.models import Defect
from defects.queries import defect_by_number, is_visible
from indexer.words import N_
from kb.flow import Refused
from kb.models import Article
from kb.queries import article_by_number, is_readable
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.people.roles import Permission
from portal.tickets import desk, linking, queries
from portal.tickets.flow import closed_to, open_to
from portal.tickets.models import Comment, DefectLink, LinkVerdict, Ticket, TrailEntry
from portal.tickets.rail import rail_of
from portal.tickets.visibility import is_party, permissions_on, serves
from portal.tickets.words import Action
from portal.web.access import needs, signed_in
from portal.web.files import shown_of
from portal.web.labels import label
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, parts, viewer
from portal.web.ticket_moves import (
    LOOKS,
    PLAIN,
    Button,
    MoveForm,
    buttons_of,
    offer_people,
    offer_rulings,
    starting_text,
)

blueprint = Blueprint("ticket_pages", __name__)

#: Moves whose note is said to the user, or by the user: they belong to the conversation.
SAID = (Action.ASK, Action.SUPPLY, Action.ANSWER, Action.TELL, Action.REOPEN)
#: Moves whose note the next one may want to take over.
QUOTED = (Action.REPLY, Action.PASS, Action.FINISH, Action.LOCAL_DONE, Action.DEPLOYED, Action.PARK)
ANSWERS = 5


@dataclass(frozen=True, slots=True)
class Panel:
    """The form of one open move."""

    button: Button
    form: MoveForm
    article: Article | None = None
    error: str = ""
    status: int = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """What somebody typed and could not send any more."""

    sentence: str
    words: str = ""
    comment: bool = False
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance of the conversation, a comment or the note of a move."""

    at: datetime
    by: Person | None
    text: str
    action: Action | None = None
    internal: bool = False


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def served_ticket(number: str) -> Ticket:
    """A ticket that my posts serve, with all that its page shows; any other one isn't there."""
    wanted = select(Ticket).where(Ticket.number == number).options(*WHOLE)
    ticket = db().scalars(wanted.execution_options(populate_existing=True)).first()
    if ticket is None or not serves(me(), ticket):
        abort(404)
    return ticket


def _named(attribute: Any) -> Any:
    return joinedload(attribute).options(lazyload(Person.posts), lazyload(Person.unit))


WHOLE = (
    joinedload(Ticket.holder).lazyload(Person.posts),
    joinedload(Ticket.requester).options(lazyload(Person.posts)),
    joinedload(Ticket.filed_by).options(lazyload(Person.posts)),
    selectinload(Ticket.trail).options(_named(TrailEntry.by)),
    selectinload(Ticket.comments).options(_named(Comment.by)),
    selectinload(Ticket.attachments),
    selectinload(Ticket.defect_links),
    selectinload(Ticket.article_links),
)


@blueprint.get("/tickets/<number>")
@signed_in
def page(number: str) -> Response | str:
    found = queries.ticket_by_number(db(), number)
    if found is not None and not serves(me(), found) and is_party(db(), me(), found):
        return redirect(url_for("mine.ticket", number=found.number))
    return _page(served_ticket(found.number if found else number))


def _page(ticket: Ticket, *, panel: Panel | None = None, kept: Kept | None = None) -> str:
    return render_template("tickets/page.html", **shown(ticket, panel=panel, kept=kept))


def shown(ticket: Ticket, *, panel: Panel | None = None, kept: Kept | None = None) -> dict[str, Any]:
    """Everything that ``tickets/_ticket.html`` draws; other pages of the staff may include it, too."""
    at, by = desk.situation_of(ticket), desk.actor_of(me(), ticket)
    return {
        "ticket": ticket,
        "rail": rail_of(ticket, ticket.trail),
        "clock": desk.clock_of(db(), ticket),
        "module": next((m.name for m in ticket.system.modules if m.code == ticket.module), ticket.module),
        "buttons": buttons_of(open_to(at, by)),
        "closed": _not_now(ticket),
        "panel": panel,
        "kept": kept,
        "conversation": _conversation(ticket),
        "attachments": shown_of(ticket),
        "others": queries.other_tickets(db(), me(), ticket),
        "urgings": ticket.urges,
        "may_link": Permission.LINK_DEFECTS in permissions_on(me(), ticket),
        "defects": _likely(ticket),
        "judged": {link.defect_id: link for link in ticket.defect_links if _stands(link)},
        "rejected": _rejected(ticket),
        "defect_page": "defect_pages.record" if "defect_pages.record" in current_app.view_functions else "",
    }


def _not_now(ticket: Ticket) -> list[tuple[Action, str]]:
    """What would be mine to do, with the sentence why not now; who holds it speaks for itself."""
    at, by = desk.situation_of(ticket), desk.actor_of(me(), ticket)
    return [
        (step.action, sentence_of(Refused(reason, holder=at.holder_name)))
        for step, reason in closed_to(at, by)
        if step.action not in (Action.TAKE, Action.RELEASE, Action.REASSIGN)
    ]


def _conversation(ticket: Ticket) -> list[Said]:
    comments = [Said(row.at, row.by, row.text, internal=row.internal) for row in ticket.comments]
    moves = [
        Said(row.at, row.by, row.note, action=row.action)
        for row in ticket.trail
        if row.action in SAID and row.note
    ]
    return sorted([*comments, *moves], key=lambda said: said.at)


def _likely(ticket: Ticket) -> Any:
    if not me().may(Permission.READ_STAFF_TEXTS):
        return ()
    return parts().finder.likely_defects(db(), me(), ticket)


def _stands(link: DefectLink) -> bool:
    return link.verdict != LinkVerdict.UNDONE


def _rejected(ticket: Ticket) -> list[Defect]:
    latest = {link.defect_id: link for link in ticket.defect_links if _stands(link)}
    return [link.defect for link in latest.values() if link.verdict == LinkVerdict.REJECTED]


# ── moves ────────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/tickets/<number>/moves/<action>")
@needs(Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)
def panel(number: str, action: str) -> Response | str:
    """The form of one move: a fragment for htmx, the whole page with the form open without."""
    ticket = served_ticket(number)
    opened = _opened(ticket, _action(action), MoveForm(seen=ticket.version))
    if opened is None:
        return redirect(url_for("ticket_pages.page", number=number))
    if is_fragment():
        return render_template("tickets/_panel.html", **_for_panel(ticket, opened))
    return _page(ticket, panel=opened)


def _action(name: str) -> Action:
    if name not in set(Action):
        abort(404)
    return Action(name)


def _opened(ticket: Ticket, action: Action, form: MoveForm) -> Panel | None:
    """The panel of a move that is open to me now."""
    steps = open_to(desk.situation_of(ticket), desk.actor_of(me(), ticket))
    step = next((row for row in steps if row.action == action), None)
    if step is None:
        return None
    if action in (Action.RULE, Action.CLASSIFY):
        offer_rulings(form, ticket)
    if action == Action.REASSIGN:
        people = queries.successors(db(), ticket)
        offer_people(form, people, queries.load_of(db(), people))
    article = _answering(ticket, request.values.get("article"))
    if form.note.data is None:
        form.note.data = starting_text(article) if article else _start_of(ticket, action)
    return Panel(Button(step, LOOKS.get(action, PLAIN)), form, article)


def _start_of(ticket: Ticket, action: Action) -> str:
    """Words to begin with where the desk knows them already."""
    if action == Action.PARK and ticket.defect is not None:
        return ticket.defect.workaround
    if action == Action.TELL and (last := _quotes(ticket)) and last[-1].action == Action.REPLY:
        return last[-1].note
    return ""


def _quotes(ticket: Ticket) -> list[TrailEntry]:
    """What the tiers behind have written for this step, the latest last."""
    return [entry for entry in ticket.trail if entry.action in QUOTED and entry.note][-2:]


def _answering(ticket: Ticket, number: str | None) -> Article | None:
    """An article that the ticket's user may be answered with: one that they may read themselves."""
    article = article_by_number(db(), number) if number else None
    return article if article is not None and _for_user(article, ticket) else None


def _for_user(article: Article, ticket: Ticket) -> bool:
    return is_readable(article, viewer_of(ticket.requester))


def _for_panel(ticket: Ticket, opened: Panel) -> dict[str, Any]:
    return {"ticket": ticket, "panel": opened, "quotes": _quotes(ticket), "answers": _answers(ticket, opened)}


def _answers(ticket: Ticket, opened: Panel) -> Any:
    return _found(ticket, ticket.title) if opened.button.look.answers else None


def _found(ticket: Ticket, text: str) -> dict[str, Any]:
    """Articles about this text that the ticket's user may read, each with the words to start from."""
    near = {"system": ticket.system.code, "category": ticket.category}
    found = parts().finder.search(db(), me(), text, kinds=("article",), near=near, limit=3 * ANSWERS)
    fitting = [
        (row, row.subject)
        for row in found.results
        if isinstance(row.subject, Article) and _for_user(row.subject, ticket)
    ][:ANSWERS]
    texts = {row.id: starting_text(article) for row, article in fitting}
    return {"mode": found.mode, "results": [row for row, _article in fitting], "text": texts}


@blueprint.get("/tickets/<number>/answers")
@needs(Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)
def answers(number: str) -> str:
    """Articles for the note of an answer, as a fragment."""
    ticket = served_ticket(number)
    text = request.args.get("q", "").strip() or ticket.title
    return render_template("tickets/_answers.html", ticket=ticket, answers=_found(ticket, text))


@blueprint.post("/tickets/<number>/moves/<action>")
@needs(Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)
def move(number: str, action: str) -> Response:
    ticket, deed, form = served_ticket(number), _action(action), MoveForm()
    try:
        desk.move(db(), ticket, deed, by=me(), given=_given(ticket, form), seen=form.seen.data)
    except Refused as refusal:
        return _refused(number, deed, refusal)
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
        article=_answering(ticket, form.article.data),
    )


def _refused(number: str, deed: Action, refusal: Refused) -> Response:
    """The same page with the sentence and everything typed; after a colleague's move with the new state."""
    sentence = sentence_of(refusal)
    db().rollback()
    ticket = served_ticket(number)
    form = MoveForm()
    form.seen.process_data(ticket.version)
    opened = _opened(ticket, deed, form)
    status = 409 if isinstance(refusal, desk.Overtaken) else 422
    if opened is None:
        return make_response(_page(ticket, kept=Kept(sentence, form.note.data or "")), status)
    opened = Panel(opened.button, opened.form, opened.article, error=sentence, status=status)
    return make_response(_page(ticket, panel=opened), status)


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
    """Take what is due first of what nobody holds, and open it."""
    ticket = queries.next_takeable(db(), me())
    if ticket is None:
        flash(_("没有等着领取的工单。"), "info")
        return redirect(url_for("queues.page"))
    desk.move(db(), ticket, Action.TAKE, by=me())
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
    return _back(number)


def _defect(number: str) -> Defect:
    defect = defect_by_number(db(), number)
    if defect is None or not is_visible(defect, viewer()):
        abort(404)
    return defect


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
    defect = defect_by_number(db(), request.form.get("defect", ""))
    if defect is None or not is_visible(defect, viewer()):
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
