"""Recurrence alarms: list, read, and decide: confirm, dismiss, take the decision back.

Who may decide and what follows is in ``portal.causes.alarms``, for the page as for the API. The invariant:
an alarm is told to those who may see its record, and of its tickets only those that the caller may open.
"""

from __future__ import annotations

from typing import Any

from flask import abort
from flask.views import MethodView
from sqlalchemy import Select, select

from defects.models import Defect
from defects.queries import visible_defects
from indexer.words import N_
from kb.flow import Refused
from portal.api import callers, schemas
from portal.api.arguments import Blueprint
from portal.api.paging import page_of
from portal.api.schemas.alarms import AlarmMoveIn, AlarmOut, AlarmsIn
from portal.causes import alarms as verbs
from portal.causes.alarms import lists
from portal.people.roles import Permission
from portal.tickets.recurrence.models import RecurrenceAlarm
from portal.web.access import needs
from portal.web.request import db, me, viewer

blueprint = Blueprint("api_alarms", __name__, description="Repairs that seem not to hold")
blueprint.before_request(callers.check_call)


@blueprint.route("/alarms")
class Alarms(MethodView):
    @needs(Permission.READ_STAFF_TEXTS)
    @blueprint.arguments(AlarmsIn, location="query")
    @blueprint.response(200, schemas.listed(AlarmOut))
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Alarms of records that the caller may see, newest first."""
        wanted = _wanted(asked).options(*lists.WHOLE)
        page = page_of(db(), wanted, RecurrenceAlarm, limit=asked["limit"], cursor=asked["cursor"])
        return {**page, "items": lists.lines_of(db(), me(), page["items"])}


def _wanted(asked: dict[str, Any]) -> Select[RecurrenceAlarm]:
    records = visible_defects(viewer()).with_only_columns(Defect.id)
    for column, value in ((Defect.system, asked["system"]), (Defect.number, asked["defect"].upper())):
        records = records.where(column == value) if value else records
    wanted = select(RecurrenceAlarm).where(RecurrenceAlarm.defect_id.in_(records))
    return wanted.where(RecurrenceAlarm.state == asked["state"]) if asked["state"] else wanted


def _seen(number: int) -> RecurrenceAlarm:
    """The alarm, when the caller may see its record; 404 otherwise."""
    alarm = lists.one(db(), me(), number)
    if alarm is None:
        abort(404)
    return alarm


def _told(alarm: RecurrenceAlarm) -> lists.Line:
    return lists.lines_of(db(), me(), [alarm])[0]


@blueprint.route("/alarms/<int:number>")
class OneAlarm(MethodView):
    @needs(Permission.READ_STAFF_TEXTS)
    @blueprint.response(200, AlarmOut)
    def get(self, number: int) -> lists.Line:
        """One alarm with its tickets."""
        return _told(_seen(number))


@blueprint.route("/alarms/<int:number>/moves")
class AlarmMoves(MethodView):
    @needs(Permission.CURATE_DEFECTS)
    @blueprint.arguments(AlarmMoveIn)
    @blueprint.response(200, AlarmOut)
    def post(self, given: dict[str, Any], number: int) -> lists.Line:
        """``confirm`` that it has come back, ``dismiss`` with a reason, or ``undo`` either; 422 says why not,
        409 that it has changed since ``version``."""
        alarm, version = _seen(number), given["version"]
        match given["action"]:
            case "confirm":
                verbs.confirm(db(), alarm, by=me(), tickets=_chosen(alarm, given["tickets"]), seen=version)
            case "dismiss":
                verbs.dismiss(db(), alarm, given["reason"], by=me(), seen=version)
            case _:
                verbs.undo(db(), alarm, by=me(), seen=version)
        db().refresh(alarm, ["decided_by"])  # who was written down as an id
        return _told(alarm)


def _chosen(alarm: RecurrenceAlarm, named: list[str] | None) -> set[int] | None:
    """Those that were named, and those that the caller can't see and so has not judged."""
    if named is None:
        return None
    shown = {row.ticket.number: row.ticket_id for row in _told(alarm).shown}
    numbers = {number.strip().upper() for number in named}
    if lost := sorted(numbers - shown.keys()):
        raise Refused(N_("这条报警上没有工单 %(number)s。"), number=" ".join(lost))
    unseen = {row.ticket_id for row in alarm.sightings} - set(shown.values())
    return {*(shown[number] for number in numbers), *unseen}
