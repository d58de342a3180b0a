"""Who the caller is."""

from __future__ import annotations

from flask.views import MethodView

from portal.api import callers, schemas
from portal.api.arguments import Blueprint
from portal.people.models import Person
from portal.web.access import signed_in
from portal.web.request import me

blueprint = Blueprint("api_people", __name__, description="The caller")
blueprint.before_request(callers.check_call)


@blueprint.route("/people/me")
class Me(MethodView):
    @signed_in
    @blueprint.response(200, schemas.MeOut)
    def get(self) -> Person:
        """The person behind this token or session, with posts and permissions."""
        return me()
