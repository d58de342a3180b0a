"""Systems, units and data services."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from sqlalchemy import select

from portal.api import callers, schemas
from portal.api.arguments import Blueprint
from portal.catalogue.models import DataService
from portal.catalogue.queries import systems_in_order
from portal.people.queries import units_in_order
from portal.web.access import signed_in
from portal.web.request import db

blueprint = Blueprint("api_catalogue", __name__, description="Systems, units, data services")
blueprint.before_request(callers.check_call)


@blueprint.route("/catalogue/systems")
class Systems(MethodView):
    @signed_in
    @blueprint.response(200, schemas.SystemOut(many=True))
    def get(self) -> list[Any]:
        """Every system in use, with its modules."""
        return list(systems_in_order(db()))


@blueprint.route("/catalogue/units")
class Units(MethodView):
    @signed_in
    @blueprint.response(200, schemas.UnitOut(many=True))
    def get(self) -> list[Any]:
        """Every organisation unit, parents first."""
        return [unit for unit in units_in_order(db()) if unit.active]


@blueprint.route("/catalogue/services")
class Services(MethodView):
    @signed_in
    @blueprint.response(200, schemas.ServiceOut(many=True))
    def get(self) -> list[Any]:
        """The data-service catalogue."""
        return list(db().scalars(select(DataService).order_by(DataService.id)))
