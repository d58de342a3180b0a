"""Defect records: list, read, open, move. Employees see what is meant for them, staff everything."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask.views import MethodView
from flask_smorest import Blueprint

from defects import flow, library
from defects.flow import DefectAction
from defects.models import Defect
from defects.queries import defect_by_number, is_visible, visible_defects
from kb.flow import Refused
from portal.api import callers, schemas
from portal.api.paging import page_of
from portal.people.duties import defect_duties
from portal.people.roles import Permission
from portal.tickets import merging
from portal.web.access import needs, signed_in
from portal.web.labels import label
from portal.web.request import db, me, viewer

blueprint = Blueprint("api_defects", __name__, description="The defect library")
blueprint.before_request(callers.check_call)
KEEPERS = (Permission.CURATE_DEFECTS, Permission.REPAIR_DEFECTS)


def seen(ref: str) -> Defect:
    """The record, when the caller may see it; 404 otherwise."""
    defect = defect_by_number(db(), ref)
    if defect is None or not is_visible(defect, viewer()):
        abort(404)
    return defect


def told(defect: Defect) -> dict[str, Any]:
    """As much of a record as the caller may know."""
    schema = schemas.DefectOut if me().may(Permission.READ_STAFF_TEXTS) else schemas.DefectPublicOut
    content: dict[str, Any] = schema().dump(defect)
    return content


@blueprint.route("/defects")
class Defects(MethodView):
    @signed_in
    @blueprint.arguments(schemas.DefectsIn, location="query")
    @blueprint.alt_response(200, schema=schemas.listed(schemas.DefectOut))
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Records the caller may see, newest first."""
        wanted = visible_defects(viewer())
        for name in ("system", "state"):
            if asked[name]:
                wanted = wanted.where(getattr(Defect, name) == asked[name])
        page = page_of(db(), wanted, Defect, limit=asked["limit"], cursor=asked["cursor"])
        return {**page, "items": [told(defect) for defect in page["items"]]}

    @needs(Permission.CURATE_DEFECTS)
    @blueprint.arguments(schemas.DefectIn)
    @blueprint.response(201, schemas.DefectOut)
    def post(self, given: dict[str, Any]) -> Defect:
        """Open a record."""
        return library.open_record(db(), library.DefectText(**given), by=me().id)


@blueprint.route("/defects/<string:ref>")
class OneDefect(MethodView):
    @signed_in
    @blueprint.alt_response(200, schema=schemas.DefectOut)
    def get(self, ref: str) -> dict[str, Any]:
        """One record, or what everybody may know of it."""
        return told(seen(ref))


@blueprint.route("/defects/<string:ref>/moves")
class Moves(MethodView):
    @needs(*KEEPERS)
    @blueprint.response(200, schemas.StepOut(many=True))
    def get(self, ref: str) -> list[dict[str, Any]]:
        """The steps open to the caller now."""
        rows = flow.open_to(seen(ref).state, defect_duties(me()))
        return [{"action": row.action, "label": label(row.action), "needs": row.needs} for row in rows]

    @needs(*KEEPERS)
    @blueprint.arguments(schemas.DefectMoveIn)
    @blueprint.response(200, schemas.DefectOut)
    def post(self, given: dict[str, Any], ref: str) -> Defect:
        """Take one step of the record's life; ``merge`` names the surviving record."""
        defect, duties = seen(ref), defect_duties(me())
        if given["action"] == DefectAction.MERGE:
            into = defect_by_number(db(), given["into"] or "")
            if into is None or not is_visible(into, viewer()):
                raise Refused(flow.NEEDS["duplicate_of"])
            merging.merge(db(), defect, into, by=me().id, duties=duties, note=given["note"])
        else:
            library.move(db(), defect, given["action"], by=me().id, duties=duties, note=given["note"])
        return defect
