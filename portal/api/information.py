"""Information forms and taking the next ticket: the same verbs as the pages."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask.views import MethodView

from portal.api import callers
from portal.api.arguments import Blueprint
from portal.api.schemas.information import AnswerOut, AnswersIn, FormOut, TicketWholeOut, answers_on
from portal.api.tickets import seen
from portal.catalogue.queries import system_by_code
from portal.people.roles import Permission
from portal.tickets import informing
from portal.tickets.assignment import next_up
from portal.tickets.forms.sheets import Published, published_for
from portal.tickets.models import Ticket
from portal.web.access import needs, signed_in
from portal.web.request import db, me

blueprint = Blueprint("api_information", __name__, description="What systems want to know, and who is next")
blueprint.before_request(callers.check_call)


@blueprint.route("/catalogue/systems/<string:code>/forms")
class Forms(MethodView):
    @signed_in
    @blueprint.response(200, FormOut(many=True))
    def get(self, code: str) -> list[Published]:
        """The information forms of a system that are in force."""
        system = system_by_code(db(), code)
        if system is None or not system.active:
            abort(404)
        return published_for(db(), system)


@blueprint.route("/tickets/<string:ref>/answers")
class Answers(MethodView):
    @signed_in
    @blueprint.response(200, AnswerOut(many=True))
    def get(self, ref: str) -> list[dict[str, object]]:
        """What was answered on the ticket's information form, gaps included."""
        return answers_on(seen(ref))

    @signed_in
    @blueprint.arguments(AnswersIn)
    @blueprint.response(200, AnswerOut(many=True))
    def put(self, given: dict[str, Any], ref: str) -> list[dict[str, object]]:
        """Fill in the form; what is not named stays. 422 says why not, 409 that somebody was faster."""
        ticket = seen(ref)
        informing.inform(db(), ticket, given["answers"], by=me(), seen=given["version"])
        return answers_on(ticket)


@blueprint.route("/tickets/next")
class Next(MethodView):
    @needs(
        Permission.WORK_FRONT,
        Permission.WORK_LOCAL,
        Permission.WORK_MIDDLE,
        Permission.WORK_DISPATCH,
        Permission.WORK_BACK,
    )
    @blueprint.response(200, TicketWholeOut)
    @blueprint.alt_response(404, description="nothing waits for the caller")
    def post(self) -> Ticket:
        """Take the ticket that the caller should work on next."""
        ticket = next_up.take_next(db(), me())
        if ticket is None:
            abort(404)
        return ticket
