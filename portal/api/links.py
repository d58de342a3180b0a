"""Links between tickets, defects and articles: told with who made them, judged by the desk's own verbs.

The invariant: whoever has no post that serves the ticket is told of no judgement on it but that of a person
on a record that everybody may read; a machine's guess is for colleagues.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort
from flask.views import MethodView
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from defects.models import Defect
from defects.queries import defect_by_number, is_public
from kb.queries import is_readable
from portal.api import callers, schemas
from portal.api.arguments import Blueprint
from portal.api.defects import seen as seen_defect
from portal.api.paging import page_of
from portal.api.schemas.links import TicketLinkOut, TicketLinksOut
from portal.api.tickets import readable, seen
from portal.people.queries import people_by_id
from portal.people.roles import Permission
from portal.tickets import desk, linking
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.visibility import served_by, serves
from portal.web.access import needs, signed_in
from portal.web.request import db, me, viewer

blueprint = Blueprint("api_links", __name__, description="What a ticket is tied to, and by whom")
blueprint.before_request(callers.check_call)

VERBS: dict[str, Callable[..., Any]] = {
    "linked": linking.link,
    "rejected": linking.reject,
    "undone": linking.undo,
}


@blueprint.route("/tickets/<string:ref>/links")
class TicketLinks(MethodView):
    @signed_in
    @blueprint.response(200, TicketLinksOut)
    def get(self, ref: str) -> dict[str, Any]:
        """The records a ticket was judged against and the articles it was answered with."""
        ticket = seen(ref)
        rows = _judgements(ticket)
        names = _names(rows)
        return {
            "defects": [_of_defect(row, names) for row in rows],
            "articles": [
                {"number": row.article.number, "title": row.article.title, "at": row.at}
                for row in ticket.article_links
                if is_readable(row.article, viewer())
            ],
        }

    @signed_in
    @blueprint.arguments(schemas.LinkIn)
    @blueprint.response(204)
    def post(self, given: dict[str, Any], ref: str) -> None:
        """Tie a ticket to an article, or judge it against one defect or all that were offered."""
        ticket = seen(ref)
        if given["article"]:
            if not serves(me(), ticket):
                abort(404)
            desk.link_article(db(), ticket, readable(given["article"]), by=me())
        if given["defect"]:
            VERBS[given["verdict"]](db(), ticket, _record(given["defect"]), by=me())
        if given["none_of"]:
            linking.none_of_these(db(), ticket, [_record(one) for one in given["none_of"]], by=me())


def _record(number: str) -> Defect:
    defect = defect_by_number(db(), number)
    if defect is None or not me().may(Permission.READ_STAFF_TEXTS):
        abort(404)
    return defect


def _judgements(ticket: Ticket) -> list[DefectLink]:
    standing = [row for row in ticket.defect_links if row.verdict != LinkVerdict.UNDONE]
    if serves(me(), ticket) and me().may(Permission.READ_STAFF_TEXTS):
        return standing
    return [row for row in standing if row.is_live and not row.is_automatic and is_public(row.defect)]


def _names(rows: list[DefectLink]) -> dict[int, str]:
    if not me().may(Permission.READ_STAFF_TEXTS):
        return {}
    return {number: person.name for number, person in people_by_id(db(), [row.by_id for row in rows]).items()}


def _of_defect(row: DefectLink, names: dict[int, str]) -> dict[str, Any]:
    defect = row.defect
    return {**_told(row, names), "number": defect.number, "title": defect.title, "state": defect.state}


def _told(row: DefectLink, names: dict[int, str]) -> dict[str, Any]:
    staff = me().may(Permission.READ_STAFF_TEXTS)
    return {
        "verdict": str(row.verdict),
        "at": row.at,
        "by": names.get(row.by_id or 0),
        "probability": row.probability if staff else None,
        "automatic": staff and linking.was_automatic(row),
        "confirmed": row.is_live and row.by_id is not None,
    }


@blueprint.route("/defects/<string:ref>/links")
class DefectLinks(MethodView):
    @needs(Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)
    @blueprint.arguments(schemas.Page, location="query")
    @blueprint.response(200, schemas.listed(TicketLinkOut))
    def get(self, asked: dict[str, Any], ref: str) -> dict[str, Any]:
        """The tickets of a record that the caller's posts serve, the latest link first."""
        wanted = (
            select(DefectLink)
            .join(Ticket, Ticket.id == DefectLink.ticket_id)
            .where(
                DefectLink.defect_id == seen_defect(ref).id,
                DefectLink.verdict == LinkVerdict.LINKED,
                served_by(me()),
            )
            .options(joinedload(DefectLink.ticket).options(selectinload(Ticket.defect_links)))
        )
        page = page_of(db(), wanted, DefectLink, limit=asked["limit"], cursor=asked["cursor"])
        names = _names(page["items"])
        return {**page, "items": [_of_ticket(row, names) for row in page["items"]]}


def _of_ticket(row: DefectLink, names: dict[int, str]) -> dict[str, Any]:
    ticket = row.ticket
    return {
        **_told(row, names),
        "ticket": ticket.number,
        "title": ticket.title,
        "unit": ticket.unit.code,
        "filed_at": ticket.filed_at,
    }
