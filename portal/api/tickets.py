"""Tickets: file, list, read, move, comment, attach, link, urge."""

from __future__ import annotations

from typing import Any

from flask import abort, request
from flask.views import MethodView
from flask_babel import gettext
from sqlalchemy import select

from kb.queries import readable_by_number
from portal.api import callers, schemas
from portal.api.arguments import Blueprint
from portal.api.paging import page_of
from portal.api.schemas.information import TicketWholeOut
from portal.api.ticket_lists import wanted_tickets
from portal.catalogue.queries import system_by_code
from portal.finder import suggest
from portal.people.models import Person
from portal.people.queries import person_by_login
from portal.tickets import attachments, desk, flow
from portal.tickets.filing import may_file_for
from portal.tickets.forms.answering import Answers
from portal.tickets.models import Ticket, TrailEntry
from portal.tickets.plain import NOTES_FOR_USER
from portal.tickets.queries import ticket_by_number
from portal.tickets.visibility import is_visible, serves
from portal.tickets.words import Action
from portal.web.access import signed_in
from portal.web.request import db, me, parts, viewer

blueprint = Blueprint("api_tickets", __name__, description="Tickets and everything that happens to them")
blueprint.before_request(callers.check_call)


#: What the system linked by itself, and what became of it: for colleagues only.
MACHINES_GUESS = frozenset({Action.AUTO_LINK, Action.AUTO_KEPT, Action.AUTO_UNDONE})


def seen(ref: str) -> Ticket:
    """The ticket of this number, when the caller may open it; 404 otherwise."""
    ticket = ticket_by_number(db(), ref)
    if ticket is None or not is_visible(db(), me(), ticket):
        abort(404)
    return ticket


@blueprint.route("/tickets")
class Tickets(MethodView):
    @signed_in
    @blueprint.arguments(schemas.TicketsIn, location="query")
    @blueprint.response(200, schemas.listed(schemas.TicketOut))
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Tickets the caller may open, newest first, by the filters and saved views of the queue."""
        wanted = wanted_tickets(asked)
        return page_of(db(), wanted, Ticket, limit=asked["limit"], cursor=asked["cursor"])

    @signed_in
    @blueprint.arguments(schemas.TicketIn)
    @blueprint.response(201, schemas.TicketOut)
    def post(self, given: dict[str, Any]) -> Ticket:
        """File a ticket, for oneself or, with the right to, for a caller."""
        system = system_by_code(db(), given.pop("system"))
        if system is None or not system.active:
            abort(422, description=gettext("没有这个系统。"))
        token = given.pop("session")
        requester = requester_of(given.pop("requester"))
        answers = Answers(given.pop("answers"))  # pictures can only follow: see /attachments
        filing = desk.Request(system=system, requester=requester, answers=answers, **given)
        ticket = desk.file(db(), filing, by=me())
        suggest.filed(db(), token, by=me(), ticket=ticket)
        return ticket


def requester_of(login: str | None) -> Person:
    """The caller, or the person they file for."""
    if login is None or login == me().login:
        return me()
    person = person_by_login(db(), login)
    if person is None or not may_file_for(me(), person):
        abort(404)
    return person


@blueprint.route("/tickets/<string:ref>")
class OneTicket(MethodView):
    @signed_in
    @blueprint.response(200, TicketWholeOut)
    def get(self, ref: str) -> Ticket:
        """One ticket, with the answers on its information form."""
        return seen(ref)


@blueprint.route("/tickets/<string:ref>/trail")
class Trail(MethodView):
    @signed_in
    @blueprint.response(200, schemas.TrailOut(many=True))
    def get(self, ref: str) -> list[dict[str, Any]]:
        """Every move; what colleagues wrote to each other only for those whose posts serve the ticket."""
        ticket = seen(ref)
        served = serves(me(), ticket)
        rows = db().scalars(select(TrailEntry).where(TrailEntry.ticket == ticket).order_by(TrailEntry.seq))
        return [_told(row, whole=served) for row in rows if served or row.action not in MACHINES_GUESS]


def _told(row: TrailEntry, *, whole: bool) -> dict[str, Any]:
    names = ("seq", "at", "action", "from_state", "from_tier", "to_state", "to_tier")
    note = row.note if whole or row.action in NOTES_FOR_USER else ""
    return {
        **{name: getattr(row, name) for name in names},
        "by": row.by.name if row.by else None,
        "note": note,
    }


@blueprint.route("/tickets/<string:ref>/moves")
class Moves(MethodView):
    @signed_in
    @blueprint.response(200, schemas.StepOut(many=True))
    def get(self, ref: str) -> list[dict[str, Any]]:
        """The moves open to the caller now."""
        ticket = seen(ref)
        rows = flow.open_to(desk.situation_of(ticket), desk.actor_of(me(), ticket))
        return [{"action": row.action, "label": gettext(row.label), "needs": row.needs} for row in rows]

    @signed_in
    @blueprint.arguments(schemas.MoveIn)
    @blueprint.response(200, schemas.TicketOut)
    def post(self, given: dict[str, Any], ref: str) -> Ticket:
        """Make one move; 422 says why it isn't open, 409 that somebody was faster."""
        ticket = seen(ref)
        article = readable(given["article"]) if given["article"] else None
        person = person_by_login(db(), given["person"]) if given["person"] else None
        desk.move(
            db(),
            ticket,
            given["action"],
            by=me(),
            given=desk.Given(
                note=given["note"],
                category=given["category"],
                sub=given["sub"],
                priority=given["priority"],
                rating=given["rating"],
                person=person,
                article=article,
            ),
            seen=given["version"],
        )
        return ticket


def readable(number: str) -> Any:
    return readable_by_number(db(), number, viewer()) or abort(404)


@blueprint.route("/tickets/<string:ref>/comments")
class Comments(MethodView):
    @signed_in
    @blueprint.response(200, schemas.CommentOut(many=True))
    def get(self, ref: str) -> list[Any]:
        """What was said, internal remarks only for those whose posts serve the ticket."""
        ticket = seen(ref)
        served = serves(me(), ticket)
        return [row for row in ticket.comments if served or not row.internal]

    @signed_in
    @blueprint.arguments(schemas.CommentIn)
    @blueprint.response(201, schemas.CommentOut)
    def post(self, given: dict[str, Any], ref: str) -> Any:
        """Say something."""
        return desk.comment(db(), seen(ref), given["text"], by=me(), internal=given["internal"])


@blueprint.route("/tickets/<string:ref>/attachments")
class Attachments(MethodView):
    @signed_in
    @blueprint.response(200, schemas.AttachmentOut(many=True))
    def get(self, ref: str) -> list[Any]:
        """The files of a ticket."""
        ticket = seen(ref)
        served = serves(me(), ticket)
        return [row for row in ticket.attachments if served or not row.internal]

    @signed_in
    @blueprint.response(201, schemas.AttachmentOut(many=True))
    def post(self, ref: str) -> list[Any]:
        """Hang files on a ticket: multipart/form-data, field ``files``, one or more."""
        limit = parts().settings.upload_limit_mb * 1024 * 1024
        uploads = [
            attachments.Upload(file.filename or "", file.stream.read(limit + 1))
            for file in request.files.getlist("files")
        ]
        if not uploads:
            abort(422)
        settings = parts().settings
        return attachments.attach(
            db(),
            seen(ref),
            uploads,
            by=me(),
            folder=settings.upload_dir,
            limit_mb=settings.upload_limit_mb,
            internal=request.form.get("internal") == "true",
            locked=bool(settings.virus_scan),
        )


@blueprint.route("/tickets/<string:ref>/urges")
class Urges(MethodView):
    @signed_in
    @blueprint.arguments(schemas.UrgeIn)
    @blueprint.response(204)
    def post(self, given: dict[str, Any], ref: str) -> None:
        """Ask where it stays; counted and limited."""
        desk.urge(db(), seen(ref), by=me(), words=given["words"])
