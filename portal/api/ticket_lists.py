"""Lists of tickets over the API: the same filters and saved views as the staff's queue, read by one parser.

Newest first, a page at a time; bulk deeds are for pages alone. The invariant: neither a filter nor a view
shows a caller what they may not open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import abort, request
from flask.views import MethodView
from sqlalchemy import Select

from kb.columns import now
from portal.api import callers
from portal.api.arguments import Blueprint
from portal.api.schemas.lists import listed
from portal.api.schemas.tickets import ViewOut
from portal.tickets.models import Ticket
from portal.tickets.queries import NAMES
from portal.tickets.selection import Filter, conditions
from portal.tickets.views import asking, shelf
from portal.tickets.views.models import SavedView
from portal.tickets.visibility import served_by, visible_tickets
from portal.web.access import signed_in
from portal.web.list_asked import latest, today
from portal.web.request import db, me

blueprint = Blueprint("api_ticket_lists", __name__, description="Saved views of lists of tickets")
blueprint.before_request(callers.check_call)


def wanted_tickets(asked: Mapping[str, Any]) -> Select[Ticket]:
    """What the address asks for, within what the caller may open."""
    view = _view(asked["view"])
    filed = _filter(view)
    wanted = visible_tickets(me()).where(*conditions(filed, me(), now(db()))).options(*NAMES)
    if view is not None or filed.tab is not None:  # piles and views are of what one's posts serve
        wanted = wanted.where(served_by(me()))
    if asked["mine"]:
        wanted = wanted.where(Ticket.requester_id == me().id)
    return wanted


def _view(number: int | None) -> SavedView | None:
    if number is None:
        return None
    return shelf.view_for(db(), me(), number) or abort(404)


def _filter(view: SavedView | None) -> Filter:
    """Over a view the arguments of the address count; without one, ended tickets are listed, too."""
    given = latest(request.args)
    filed = asking.asked({**(view.arguments if view else {}), **given}, today())
    asks_for_everything = view is None and filed.tab is None and filed.open is None
    return replace(filed, everything=True) if asks_for_everything else filed


@blueprint.route("/tickets/views")
class Views(MethodView):
    @signed_in
    @blueprint.response(200, listed(ViewOut))
    def get(self) -> dict[str, Any]:
        """The saved views the caller may choose: their own and those shared with their posts."""
        return {"items": shelf.views_of(db(), me()), "next_cursor": None}
