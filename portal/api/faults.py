"""Announcements for everybody affected, fault events for those who work on them."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask.views import MethodView
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.api import callers, schemas
from portal.api.arguments import Blueprint
from portal.api.paging import page_of
from portal.faults import board, readers
from portal.faults.models import Announcement, FaultEvent
from portal.faults.scope import is_visible, visible_faults
from portal.people.roles import Permission
from portal.web.access import needs, signed_in
from portal.web.request import db, me, viewer

blueprint = Blueprint("api_faults", __name__, description="Faults and announcements")
blueprint.before_request(callers.check_call)
READERS = (
    Permission.WORK_FRONT,
    Permission.WORK_MIDDLE,
    Permission.WORK_DISPATCH,
    Permission.WORK_BACK,
    Permission.READ_FIGURES,
)


@blueprint.route("/announcements")
class Announcements(MethodView):
    @signed_in
    @blueprint.response(200, schemas.AnnouncementWholeOut(many=True))
    def get(self) -> list[Any]:
        """Live announcements for the caller, faults first."""
        live = readers.live_announcements(viewer()).options(selectinload(Announcement.updates))
        return list(db().scalars(live))


@blueprint.route("/announcements/<int:id>")
class OneAnnouncement(MethodView):
    @signed_in
    @blueprint.response(200, schemas.AnnouncementWholeOut)
    def get(self, id: int) -> Announcement:
        """One announcement that the caller may read, also after its end."""
        row = db().get(Announcement, id)
        if row is None or not readers.is_readable(row, viewer()):
            abort(404)
        return row


@blueprint.route("/faults")
class Faults(MethodView):
    @needs(*READERS)
    @blueprint.arguments(schemas.Page, location="query")
    @blueprint.response(200, schemas.listed(schemas.FaultOut))
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The fault events that the caller's posts serve, newest first."""
        return page_of(db(), visible_faults(me()), FaultEvent, limit=asked["limit"], cursor=asked["cursor"])


@blueprint.route("/faults/<string:ref>")
class OneFault(MethodView):
    @needs(*READERS)
    @blueprint.response(200, schemas.FaultWholeOut)
    def get(self, ref: str) -> FaultEvent:
        """One fault event with its trail and how long each stretch took."""
        fault = _fault(ref)
        if fault is None or not is_visible(db(), me(), fault):
            abort(404)
        return fault


def _fault(ref: str) -> FaultEvent | None:
    return db().scalar(select(FaultEvent).where(FaultEvent.number == ref))


@blueprint.route("/faults/<string:ref>/me-too")
class MeToo(MethodView):
    @signed_in
    @blueprint.response(204)
    def post(self, ref: str) -> None:
        """The caller is hit as well: no ticket, and they hear of the recovery."""
        fault = _fault(ref)
        live = readers.live_announcements(viewer()).where(Announcement.fault_id == (fault.id if fault else 0))
        if fault is None or db().scalar(live.limit(1)) is None:
            abort(404)
        board.me_too(db(), fault, by=me())
