"""Announcements for everybody affected, fault events for those who work on them."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from sqlalchemy import select

from portal.api import callers, schemas
from portal.api.paging import page_of
from portal.faults.board import live_announcements
from portal.faults.models import FaultEvent
from portal.people.roles import Permission
from portal.web.access import needs, signed_in
from portal.web.request import db, viewer

blueprint = Blueprint("api_faults", __name__, description="Faults and announcements")
blueprint.before_request(callers.check_call)


@blueprint.route("/announcements")
class Announcements(MethodView):
    @signed_in
    @blueprint.response(200, schemas.AnnouncementOut(many=True))
    def get(self) -> list[Any]:
        """Live announcements for the caller, faults first."""
        return list(db().scalars(live_announcements(viewer())))


@blueprint.route("/faults")
class Faults(MethodView):
    @needs(Permission.WORK_MIDDLE, Permission.WORK_DISPATCH, Permission.WORK_BACK, Permission.READ_FIGURES)
    @blueprint.arguments(schemas.Page, location="query")
    @blueprint.response(200, schemas.listed(schemas.FaultOut))
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Fault events, newest first."""
        return page_of(db(), select(FaultEvent), FaultEvent, limit=asked["limit"], cursor=asked["cursor"])
