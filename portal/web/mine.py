"""My tickets, in plain words: the list, one ticket, and what its owner may do with it.

Whoever filed a ticket, is its user or watches it sees it here, staff too; work on other people's tickets
has pages of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import aliased, selectinload
from werkzeug.wrappers import Response
from wtforms import IntegerField, TextAreaField
from wtforms.validators import Optional

from defects.models import Defect
from defects.queries import is_public
from indexer.words import N_
from kb.counting import count_of
from kb.flow import Refused
from portal.tickets import desk, informing
from portal.tickets.flow import ENDED, STEPS, Who, open_to
from portal.tickets.models import Comment, Ticket, TrailEntry, Watcher
from portal.tickets.plain import STATES, Standing, question_of, story_of
from portal.tickets.rail import Stop, rail_of
from portal.tickets.relations.standing import goes_on
from portal.tickets.service_levels import Clock
from portal.tickets.visibility import is_party
from portal.tickets.words import Action, State
from portal.web.access import signed_in
from portal.web.files import attach_to, shown_of
from portal.web.forms import Form
from portal.web.information import Shown, given_on, information_of, typed_in
from portal.web.labels import translated
from portal.web.mine_page import Around, around, standing_on_page
from portal.web.paging import pages
from portal.web.refusals import sentence_of
from portal.web.remarks import amendable
from portal.web.request import db, me, parts

blueprint = Blueprint("mine", __name__)

#: The moves that the table of steps gives to whoever filed a ticket; nothing else is done here.
USER_DEEDS = frozenset(step.action for step in STEPS if step.by == Who.REQUESTER)
#: A list names whoever has a ticket in hand, its own or the one that it was merged into.
LISTED = (
    selectinload(Ticket.holder),
    selectinload(Ticket.survivor).options(selectinload(Ticket.holder), selectinload(Ticket.defect_links)),
)
DONE = N_("已记录。")
#: What the user is told after a deed of theirs.
THANKS = {
    Action.SUPPLY: N_("已补充，处理人会接着处理。"),
    Action.CONFIRM: N_("谢谢您的确认和评价，工单已办结。"),
    Action.REOPEN: N_("已重新打开，服务台会接着处理。"),
    Action.CANCEL: N_("工单已撤销。"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket in a list."""

    ticket: Ticket
    rail: tuple[Stop, ...]
    clock: Clock | None
    standing: Standing
    goes_on: bool


class MoveForm(Form):
    """What a user gives with a move; which of it is needed, the table of steps says."""

    note = TextAreaField()
    rating = IntegerField(validators=[Optional()])
    seen = IntegerField(validators=[Optional()])


@dataclass(frozen=True, slots=True)
class Kept:
    """A refused deed: what was typed stays in its own form, with the sentence above it."""

    deed: str
    sentence: str
    words: str = ""
    rating: int | None = None


def my_tickets(*, open_only: bool = False) -> Select[Ticket]:
    """Tickets whose user I am, whoever filed them; what an agent files for callers isn't the agent's."""
    wanted = select(Ticket).where(Ticket.requester_id == me().id).options(*LISTED)
    return wanted.where(~has_ended()) if open_only else wanted


def has_ended() -> ColumnElement[bool]:
    """Over for its user: a merged one goes on as long as what it was merged into."""
    survivor = aliased(Ticket)
    elsewhere = exists().where(survivor.id == Ticket.survivor_id, survivor.closed_at.is_(None))
    return Ticket.state.in_(ENDED) & ~elsewhere


def lines_of(tickets: list[Ticket]) -> list[Line]:
    return [line_of(ticket) for ticket in tickets]


def line_of(ticket: Ticket) -> Line:
    worked_on = ticket.survivor or ticket
    clock = desk.clock_of(db(), worked_on)
    standing = standing_on_page(ticket, clock)
    return Line(ticket, rail_of(worked_on, plain=True), clock, standing, goes_on(ticket))


@blueprint.get("/my/tickets")
@signed_in
def tickets() -> str:
    scope = request.args.get("show", "")
    wanted = _listed(scope)
    total = count_of(db(), wanted)
    cursor = pages(total)
    waits_for_me = Ticket.state.in_([State.CONFIRMING, State.WAITING]).desc()
    rows = wanted.order_by(has_ended(), waits_for_me, Ticket.updated_at.desc())
    shown = list(db().scalars(rows.offset(cursor.offset).limit(cursor.per_page)))
    return render_template("mine/tickets.html", lines=lines_of(shown), cursor=cursor, scope=scope)


def _listed(scope: str) -> Select[Ticket]:
    if scope == "watched":
        watched = select(Watcher.ticket_id).where(Watcher.person_id == me().id)
        return select(Ticket).where(Ticket.id.in_(watched)).options(*LISTED)
    wanted = my_tickets()
    return wanted.where(has_ended()) if scope == "ended" else wanted


def own_ticket(number: str) -> Ticket:
    """A ticket that the person signed in has a part in; any other one isn't there."""
    ticket = db().scalar(select(Ticket).where(Ticket.number == number))
    if ticket is None or not is_party(db(), me(), ticket):
        abort(404)
    return ticket


@blueprint.get("/my/tickets/<number>")
@signed_in
def ticket(number: str) -> str:
    return _page(own_ticket(number))


def _page(row: Ticket, kept: Kept | None = None, *, information: Shown | None = None) -> str:
    trail = list(
        db().scalars(
            select(TrailEntry)
            .where(TrailEntry.ticket_id == row.id)
            .order_by(TrailEntry.seq)
            .options(selectinload(TrailEntry.by))
        )
    )
    remarks, surroundings, deeds = _remarks(row), around(row), open_deeds(row)
    return render_template(
        "mine/ticket.html",
        ticket=row,
        around=surroundings,
        rail=surroundings.rail,
        clock=surroundings.clock,
        standing=surroundings.standing,
        story=story_of(row, trail, remarks),
        amendable=amendable(remarks),
        question=question_of(row, trail),
        deeds=deeds,
        information=information or information_of(row),
        attachments=shown_of(row),
        workaround=_workaround(row),
        confirm_days=parts().settings.confirm_after_days,
        kept=kept,
        homeless=kept is not None and not _has_form(kept.deed, deeds, surroundings),
    )


def _has_form(deed: str, deeds: set[Action], surroundings: Around) -> bool:
    """Whether the page still has a form for this deed: it is gone when the ticket has moved on meanwhile."""
    if deed == "watchers":
        return surroundings.may_invite or bool(surroundings.watchers)
    if deed in ("comment", "urge"):
        return surroundings.goes_on and (deed == "comment" or not surroundings.waits_for_me)
    return deed in deeds


def _remarks(row: Ticket) -> list[Comment]:
    wanted = select(Comment).where(Comment.ticket_id == row.id, Comment.internal.is_(False))
    return list(db().scalars(wanted.order_by(Comment.id).options(selectinload(Comment.by))))


def _workaround(row: Ticket) -> Defect | None:
    """The known problem behind the ticket, when everybody may read of it and a person has said that it is."""
    live = next((link for link in row.defect_links if link.is_live), None)
    if live is None or live.is_automatic or not row.is_open:
        return None
    return live.defect if is_public(live.defect) else None


def open_deeds(row: Ticket) -> set[Action]:
    """What the user may do now; the table of steps says so."""
    steps = open_to(desk.situation_of(row), desk.actor_of(me(), row))
    return {step.action for step in steps if step.by == Who.REQUESTER}


@blueprint.post("/my/tickets/<number>/moves/<action>")
@signed_in
def move(number: str, action: str) -> Response:
    row, form = own_ticket(number), MoveForm()
    if action not in USER_DEEDS:
        abort(404)
    deed = Action(action)
    given = desk.Given(note=form.note.data or "", rating=form.rating.data)
    try:
        desk.move(db(), row, deed, by=me(), given=given, seen=form.seen.data)
        _bring_files(row)
    except Refused as refusal:
        return refused(number, Kept(deed, sentence_of(refusal), given.note, given.rating))
    flash(_(THANKS.get(deed, DONE)), "success")
    return redirect(url_for("mine.ticket", number=number))


def _bring_files(row: Ticket) -> None:
    files = [storage for storage in request.files.getlist("files") if storage.filename]
    if files:
        attach_to(row, files)


def refused(number: str, kept: Kept) -> Response:
    """The same page with everything typed still there."""
    db().rollback()
    return make_response(_page(own_ticket(number), kept), 422)


@blueprint.post("/my/tickets/<number>/comments")
@signed_in
def comment(number: str) -> Response:
    row, words = own_ticket(number), request.form.get("text", "")
    try:
        desk.comment(db(), row, words, by=me())
        _bring_files(row)
    except Refused as refusal:
        return refused(number, Kept("comment", sentence_of(refusal), words))
    flash(_("留言已发出，处理人会看到。"), "success")
    return redirect(url_for("mine.ticket", number=number) + "#story")


@blueprint.post("/my/tickets/<number>/information")
@signed_in
def inform(number: str) -> Response:
    """What the user fills into the information form while the desk may still ask."""
    row, typed = own_ticket(number), typed_in(request.form)
    seen = request.form.get("seen", type=int)
    try:
        informing.inform(db(), row, given_on(row, typed), by=me(), seen=seen)
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        row = own_ticket(number)
        return make_response(_page(row, information=information_of(row, typed=typed, problem=sentence)), 422)
    flash(_("已保存，处理人会看到。"), "success")
    return redirect(url_for("mine.ticket", number=number) + "#information")


@blueprint.post("/my/tickets/<number>/urges")
@signed_in
def urge(number: str) -> Response:
    row, words = own_ticket(number), request.form.get("words", "")
    try:
        desk.urge(db(), row, by=me(), words=words)
    except Refused as refusal:
        return refused(number, Kept("urge", sentence_of(refusal), words))
    flash(_("已催办，负责的同事会收到提醒。"), "success")
    return redirect(url_for("mine.ticket", number=number))


@blueprint.app_template_filter()
def plain_state(state: State) -> str:
    """A state as the ticket's owner would name it."""
    return translated(STATES[state])
