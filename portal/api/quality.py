"""Follow-ups and inspections within the caller's rights; reading only: a score is given on its page."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import joinedload, lazyload

from portal.api import callers
from portal.api.arguments import Blueprint
from portal.api.paging import page_of
from portal.api.schemas.lists import listed
from portal.api.schemas.quality import FollowUpOut, FollowUpsIn, InspectionOut, InspectionsIn
from portal.catalogue.models import System
from portal.people.models import Person
from portal.people.roles import Permission
from portal.quality.models import FollowUp, Inspection
from portal.quality.scope import visible_follow_ups, visible_inspections
from portal.tickets.models import Ticket
from portal.web.access import needs
from portal.web.request import db, me

blueprint = Blueprint("api_quality", __name__, description="Follow-ups and inspections")
blueprint.before_request(callers.check_call)

P = Permission


def _named(model: Any) -> tuple[Any, ...]:
    """What one row needs, in a number of queries that doesn't grow."""
    return (
        joinedload(model.agent).options(lazyload(Person.posts), lazyload(Person.unit)),
        joinedload(model.ticket).joinedload(Ticket.system).lazyload(System.modules),
    )


@blueprint.route("/quality/follow-ups")
class FollowUps(MethodView):
    @needs(P.FOLLOW_UP, P.READ_QUALITY)
    @blueprint.arguments(FollowUpsIn, location="query")
    @blueprint.response(200, listed(FollowUpOut))
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Users to be called after the close, and what they said; newest first."""
        wanted = visible_follow_ups(me()).options(*_named(FollowUp), joinedload(FollowUp.new_ticket))
        if asked.get("state"):
            wanted = wanted.where(FollowUp.state == asked["state"])
        return page_of(db(), wanted, FollowUp, limit=asked["limit"], cursor=asked["cursor"])


@blueprint.route("/quality/inspections")
class Inspections(MethodView):
    @needs(P.INSPECT, P.READ_QUALITY, P.DECIDE_APPEALS, P.WORK_FRONT)
    @blueprint.arguments(InspectionsIn, location="query")
    @blueprint.response(200, listed(InspectionOut))
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Inspections within the caller's units; of one's own work only what has a score."""
        wanted = visible_inspections(me()).options(*_named(Inspection), joinedload(Inspection.appeal))
        if asked.get("state"):
            wanted = wanted.where(Inspection.state == asked["state"])
        return page_of(db(), wanted, Inspection, limit=asked["limit"], cursor=asked["cursor"])
