"""What the knowledge base does not answer, for scripts; decisions are taken on its page."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask.views import MethodView

from portal.api import callers
from portal.api.arguments import Blueprint
from portal.api.paging import after, cursor_of
from portal.api.schemas.gaps import GapOut, GapsIn
from portal.api.schemas.lists import listed
from portal.curation.gaps.lists import Wanted, gaps_listed
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.request import db

blueprint = Blueprint("api_gaps", __name__, description="What the knowledge base does not answer")
blueprint.before_request(callers.check_call)

MOST_OFFSET = 2_000


@blueprint.route("/insight/gaps")
class Gaps(MethodView):
    @needs(Permission.WRITE_ARTICLES, Permission.PUBLISH_ARTICLES, Permission.READ_ALL_TICKETS)
    @blueprint.arguments(GapsIn, location="query")
    @blueprint.response(200, listed(GapOut))
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What people asked in vain, grouped by meaning, by how many people; and whether it shrank since."""
        offset = after(asked["cursor"]) if asked["cursor"] else 0
        if offset > MOST_OFFSET:
            abort(400)
        wanted = Wanted(
            state=asked["state"],
            days=asked["days"],
            system=asked["system"],
            unit=asked["unit"],
            text=asked["q"],
            order=asked["order"],
        )
        found = gaps_listed(db(), wanted, limit=asked["limit"], offset=offset)
        end = offset + len(found.lines)
        return {"items": found.lines, "next_cursor": cursor_of(end) if end < found.total else None}
