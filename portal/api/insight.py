"""Figures of the desk, as the manager's page shows them."""

from __future__ import annotations

from flask_smorest import Blueprint

from portal.api import callers

blueprint = Blueprint("api_insight", __name__, description="Figures of the desk")
blueprint.before_request(callers.check_call)
