"""Countermeasures of key problems (整改措施): list, plan, finish, drop, take back."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask.views import MethodView
from sqlalchemy import select

from defects import countermeasures
from defects.countermeasures import Plan
from defects.models import Countermeasure, Defect
from indexer.words import N_
from kb.flow import Refused
from portal.api import callers
from portal.api.arguments import Blueprint
from portal.api.defects import KEEPERS, STAFF, seen
from portal.api.schemas.defects import MeasureIn, MeasureMoveIn, MeasureOut
from portal.causes.keys import charging
from portal.people.duties import defect_duties
from portal.people.models import Person
from portal.people.queries import people_by_id
from portal.web.access import needs
from portal.web.request import db, me

blueprint = Blueprint("api_measures", __name__, description="Countermeasures of key problems")
blueprint.before_request(callers.check_call)


def told(rows: list[Countermeasure]) -> list[dict[str, Any]]:
    """With logins in place of ids."""
    people = people_by_id(db(), [row.who_id for row in rows])
    return [{**_values(row), "who": people[row.who_id].login if row.who_id in people else ""} for row in rows]


def _values(row: Countermeasure) -> dict[str, Any]:
    return {name: getattr(row, name) for name in MeasureOut().fields if name != "who"}


@blueprint.route("/defects/<string:ref>/measures")
class Measures(MethodView):
    @needs(STAFF)
    @blueprint.response(200, MeasureOut(many=True))
    def get(self, ref: str) -> list[dict[str, Any]]:
        """Every measure of the record, by its day."""
        return told(list(countermeasures.measures_of(db(), seen(ref))))

    @needs(*KEEPERS)
    @blueprint.arguments(MeasureIn)
    @blueprint.response(201, MeasureOut)
    def post(self, given: dict[str, Any], ref: str) -> dict[str, Any]:
        """Plan a step."""
        defect, login = seen(ref), given["who"]
        who = db().scalar(select(Person).where(Person.login == login, Person.active))
        if who is None:
            raise Refused(N_("没有账号是“%(login)s”的同事。"), login=login)
        plan = Plan(given["what"], who.id, given["due_on"], given["done_when"])
        return told([charging.plan(db(), defect, plan, by=me())])[0]


@blueprint.route("/defects/<string:ref>/measures/<int:number>/moves")
class MeasureMoves(MethodView):
    @needs(*KEEPERS)
    @blueprint.arguments(MeasureMoveIn)
    @blueprint.response(200, MeasureOut)
    def post(self, given: dict[str, Any], ref: str, number: int) -> dict[str, Any]:
        """``finish`` with its result, ``drop`` with a reason, or ``take_back`` either."""
        measure, duties, note = _measure(seen(ref), number), defect_duties(me()), given["note"]
        match given["action"]:
            case "finish":
                countermeasures.finish(db(), measure, by=me().id, duties=duties, result=note)
            case "drop":
                countermeasures.drop(db(), measure, by=me().id, duties=duties, why=note)
            case _:
                countermeasures.take_back(db(), measure, duties=duties)
        return told([measure])[0]


def _measure(defect: Defect, number: int) -> Countermeasure:
    row = db().get(Countermeasure, number)
    if row is None or row.defect_id != defect.id:
        abort(404)
    return row
