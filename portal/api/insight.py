"""Figures for scripts: deflection, by the verbs of the page and within what the caller's posts serve."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_babel import gettext as _

from portal.api import callers
from portal.api.arguments import Blueprint
from portal.api.schemas.insight import DeflectionIn, DeflectionOut
from portal.insight.deflection import deflection
from portal.insight.deflection_lines import by_article, by_system, by_unit, by_week
from portal.insight.deflection_words import MEANINGS
from portal.insight.periods import Scope, last_days
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.request import db, me

blueprint = Blueprint("api_insight", __name__, description="Figures")
blueprint.before_request(callers.check_call)

#: Articles that one answer tells of at most.
MOST_ARTICLES = 200


@blueprint.route("/insight/deflection")
class Deflection(MethodView):
    @needs(Permission.READ_FIGURES)
    @blueprint.arguments(DeflectionIn, location="query")
    @blueprint.response(200, DeflectionOut)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """How questions ended, and what answers prevented, with intervals; null where data don't suffice."""
        scope = Scope(me(), system=asked["system"], unit=asked["unit"])
        period = last_days(db(), asked["days"])
        return {
            "since": period.since,
            "until": period.until,
            "found": deflection(db(), scope, period),
            "weeks": by_week(db(), scope, period),
            "systems": by_system(db(), scope, period),
            "units": by_unit(db(), scope, period),
            "articles": by_article(db(), scope, period, limit=MOST_ARTICLES)[0],
            "definitions": {key: _(meaning) for key, (_name, meaning) in MEANINGS.items()},
        }
