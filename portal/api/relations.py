"""What a ticket is tied to: duplicates, parent and children, related tickets, watchers; the desk's own verbs.

The second ticket or person of a deed is looked up as the caller may see it, and answers 404 otherwise.
"""

from __future__ import annotations

from typing import Any

from flask import abort
from flask.views import MethodView

from indexer.words import N_
from kb.flow import Refused
from portal.api import callers
from portal.api.arguments import Blueprint
from portal.api.schemas import PersonOut, TicketOut
from portal.api.schemas.relations import RelationIn, RelationKind, RelationsOut, WatcherIn
from portal.api.tickets import seen
from portal.catalogue.queries import system_by_code
from portal.people.models import Person
from portal.people.queries import person_by_login
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.relations.panel import Tied, relations_of
from portal.tickets.relations.watchers import may_invite, watchers_of
from portal.tickets.visibility import serves
from portal.tickets.words import Action
from portal.web.access import signed_in
from portal.web.request import db, me

blueprint = Blueprint("api_relations", __name__, description="What a ticket is tied to")
blueprint.before_request(callers.check_call)


@blueprint.route("/tickets/<string:ref>/relations")
class Relations(MethodView):
    @signed_in
    @blueprint.response(200, RelationsOut)
    def get(self, ref: str) -> dict[str, Any]:
        """The tickets that this one is tied to, as far as the caller may open them."""
        found = relations_of(db(), me(), seen(ref))
        return {
            "survivor": _one(found.survivor),
            "parent": _one(found.parent),
            "duplicates": _many(found.duplicates),
            "children": _many(found.children),
            "related": _many(found.related),
        }

    @signed_in
    @blueprint.arguments(RelationIn)
    @blueprint.response(200, TicketOut)
    def post(self, given: dict[str, Any], ref: str) -> Ticket:
        """Tie two tickets, or untie them; answers with the other ticket, of ``unmerge`` with this one."""
        ticket = seen(ref)
        if not serves(me(), ticket):
            abort(404)
        return DEEDS[given["kind"]](ticket, given)


def _one(tied: Tied | None) -> Ticket | None:
    return tied.ticket if tied is not None and tied.seen else None


def _many(rows: list[Tied]) -> list[Ticket]:
    return [row.ticket for row in rows if row.seen]


def _other(given: dict[str, Any]) -> Ticket:
    if not given["other"]:
        raise Refused(N_("请写明是哪一张工单。"))
    return seen(given["other"])


def _merge(ticket: Ticket, given: dict[str, Any]) -> Ticket:
    settled = desk.Given(note=given["note"], other=_other(given))
    desk.move(db(), ticket, Action.MERGE, by=me(), given=settled, seen=given["version"])
    assert ticket.survivor is not None  # the step has just set it
    return ticket.survivor


def _unmerge(ticket: Ticket, given: dict[str, Any]) -> Ticket:
    settled = desk.Given(note=given["note"])
    desk.move(db(), ticket, Action.UNMERGE, by=me(), given=settled, seen=given["version"])
    return ticket


def _ask(ticket: Ticket, given: dict[str, Any]) -> Ticket:
    if given["other"]:
        child = _other(given)
        desk.attach(db(), ticket, child, by=me(), note=given["note"], seen=given["version"])
        return child
    system = system_by_code(db(), given["system"])
    if system is None or not system.active:
        raise Refused(N_("请选择要协同的系统。"))
    wanted = desk.Help(system=system, text=given["text"], title=given["title"])
    return desk.ask(db(), ticket, wanted, by=me(), seen=given["version"])


def _detach(ticket: Ticket, given: dict[str, Any]) -> Ticket:
    child = _other(given)
    desk.detach(db(), ticket, child, by=me(), note=given["note"], seen=given["version"])
    return child


def _attach_to(ticket: Ticket, given: dict[str, Any]) -> Ticket:
    parent = _other(given)
    if not serves(me(), parent):
        abort(404)
    desk.attach(db(), parent, ticket, by=me(), note=given["note"])
    return parent


def _relate(ticket: Ticket, given: dict[str, Any]) -> Ticket:
    other = _other(given)
    desk.relate(db(), ticket, other, by=me())
    return other


def _unrelate(ticket: Ticket, given: dict[str, Any]) -> Ticket:
    other = _other(given)
    desk.unrelate(db(), ticket, other, by=me())
    return other


DEEDS = {
    RelationKind.MERGE: _merge,
    RelationKind.UNMERGE: _unmerge,
    RelationKind.CHILD: _ask,
    RelationKind.DETACH: _detach,
    RelationKind.PARENT: _attach_to,
    RelationKind.RELATED: _relate,
    RelationKind.UNRELATED: _unrelate,
}


@blueprint.route("/tickets/<string:ref>/watchers")
class Watchers(MethodView):
    @signed_in
    @blueprint.response(200, PersonOut(many=True))
    def get(self, ref: str) -> list[Person]:
        """Who follows the ticket; whoever only follows it themselves sees no others."""
        ticket = seen(ref)
        rows = watchers_of(db(), ticket)
        return rows if may_invite(me(), ticket) else [row for row in rows if row.id == me().id]

    @signed_in
    @blueprint.arguments(WatcherIn)
    @blueprint.response(204)
    def post(self, given: dict[str, Any], ref: str) -> None:
        """Let somebody follow the ticket, or no longer; without a login it is the caller."""
        ticket, login = seen(ref), given["login"]
        if not login or login == me().login:
            desk.watch(db(), ticket, by=me(), on=given["on"])
            return
        person = person_by_login(db(), login)
        if given["on"]:
            desk.invite(db(), ticket, person, by=me())
        else:
            desk.uninvite(db(), ticket, person, by=me())
