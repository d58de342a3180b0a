"""Defect records: list, read, open, change, move, and what hangs on them. Employees see what is meant for
them, staff the whole record, the data-fix recipe only those who may read it."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask.views import MethodView
from sqlalchemy import select

from defects import changes, flow, library
from defects.models import Defect
from defects.queries import defect_by_number, is_visible, visible_by_number, visible_defects
from defects.texts import DefectText
from indexer.words import N_
from kb.flow import Refused
from portal.api import callers, schemas
from portal.api.arguments import Blueprint
from portal.api.paging import page_of
from portal.api.schemas import defects as defect_schemas
from portal.catalogue.queries import today
from portal.causes import life
from portal.causes.keys.recipe import may_read
from portal.causes.life import Given
from portal.causes.listing import NOBODY, Wanted
from portal.people.duties import defect_duties
from portal.people.models import Person
from portal.people.queries import people_by_id
from portal.people.roles import Permission, Post
from portal.web.access import needs, signed_in
from portal.web.labels import label
from portal.web.request import db, me, viewer

blueprint = Blueprint("api_defects", __name__, description="The defect library")
blueprint.before_request(callers.check_call)
KEEPERS = (Permission.CURATE_DEFECTS, Permission.REPAIR_DEFECTS)
STAFF = Permission.READ_STAFF_TEXTS
MOST_CHANGES = 200


def seen(ref: str) -> Defect:
    """The record, when the caller may see it; 404 otherwise."""
    return visible_by_number(db(), ref, viewer()) or abort(404)


def told(defect: Defect) -> dict[str, Any]:
    """As much of a record as the caller may know."""
    schema: type[Any] = schemas.DefectPublicOut
    if me().may(STAFF):
        schema = defect_schemas.DefectExpertOut if may_read(me()) else schemas.DefectOut
    content: dict[str, Any] = schema().dump(defect)
    return content


def written(given: dict[str, Any], *, default: int | None = None) -> DefectText:
    """The values of a record as the library takes them; owners come as logins and hold the post."""
    middle = _holder(given.pop("owner_middle"), Post.EXPERT)
    back = _holder(given.pop("owner_back"), Post.ENGINEER)
    return DefectText(**given, owner_middle_id=middle or default, owner_back_id=back)


def _holder(login: str, post: Post) -> int | None:
    if not login:
        return None
    person = _person(login)
    if person is None or not any(row.post == post for row in person.posts):
        raise Refused(N_("%(login)s 不在负责缺陷的岗位上。"), login=login)
    return person.id


def _person(login: str) -> Person | None:
    return db().scalar(select(Person).where(Person.login == login, Person.active))


def _own_post() -> int | None:
    """Whoever opens a record from the middle is in charge of it unless they say who else."""
    return me().id if any(row.post == Post.EXPERT for row in me().posts) else None


@blueprint.route("/defects")
class Defects(MethodView):
    @signed_in
    @blueprint.arguments(schemas.DefectsIn, location="query")
    @blueprint.alt_response(200, schema=schemas.listed(schemas.DefectOut))
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Records the caller may see, newest first."""
        records = visible_defects(viewer())
        wanted = _wanted(asked).narrow(records, today=today(db()))
        page = page_of(db(), wanted, Defect, limit=asked["limit"], cursor=asked["cursor"])
        return {**page, "items": [told(defect) for defect in page["items"]]}

    @needs(Permission.CURATE_DEFECTS)
    @blueprint.arguments(schemas.DefectIn)
    @blueprint.response(201, defect_schemas.DefectExpertOut)
    def post(self, given: dict[str, Any]) -> Defect:
        """Open a record."""
        return library.open_record(db(), written(given, default=_own_post()), by=me().id)


def _wanted(asked: dict[str, Any]) -> Wanted:
    """What only staff know of a record narrows the list for staff alone."""
    plain = Wanted(state=asked["state"] or "", system=asked["system"])
    if not me().may(STAFF):
        return plain
    owners = {"": None, "me": me().id, "none": NOBODY}
    login = asked["owner"]
    found = _person(login) if login not in owners else None
    return Wanted(
        state=plain.state,
        system=plain.system,
        module=asked["module"],
        type=asked["type"],
        severity=asked["severity"],
        key=asked["key"],
        overdue=asked["overdue"],
        recurred=asked["recurred"],
        owner=owners.get(login, found.id if found else -1),
        text=asked["q"][:200],
    )


@blueprint.route("/defects/<string:ref>")
class OneDefect(MethodView):
    @signed_in
    @blueprint.alt_response(200, schema=schemas.DefectOut)
    def get(self, ref: str) -> dict[str, Any]:
        """One record, or what everybody may know of it."""
        return told(seen(ref))

    @needs(*KEEPERS)
    @blueprint.arguments(defect_schemas.DefectChangeIn)
    @blueprint.response(200, defect_schemas.DefectExpertOut)
    def put(self, given: dict[str, Any], ref: str) -> Defect:
        """Change what a record says; ``version`` is the one that was read. The former words stay in
        ``revisions``."""
        version, reason = given.pop("version"), given.pop("reason")
        defect = seen(ref)
        text = written(given)
        return library.describe(
            db(), defect, text, seen=version, by=me().id, duties=defect_duties(me()), reason=reason
        )


@blueprint.route("/defects/<string:ref>/revisions")
class Revisions(MethodView):
    @needs(STAFF)
    @blueprint.response(200, defect_schemas.DefectChangeOut(many=True))
    def get(self, ref: str) -> list[dict[str, Any]]:
        """What was changed in the record, newest first: each field with what it said before and after."""
        defect = seen(ref)
        rows = db().scalars(changes.changes_of(defect).limit(MOST_CHANGES)).all()
        people = people_by_id(db(), [row.by_id for row in rows])
        hidden = set() if may_read(me()) else {"data_fix"}
        return [
            {
                "id": row.id,
                "at": row.at,
                "by": people[row.by_id].login if row.by_id in people else None,
                "reason": row.reason,
                "fields_": {name: pair for name, pair in row.fields.items() if name not in hidden},
            }
            for row in rows
        ]


@blueprint.route("/defects/<string:ref>/moves")
class Moves(MethodView):
    @needs(*KEEPERS)
    @blueprint.response(200, schemas.StepOut(many=True))
    def get(self, ref: str) -> list[dict[str, Any]]:
        """The steps open to the caller now."""
        defect = seen(ref)
        rows = flow.open_to(defect.state, defect_duties(me()))
        return [
            {"action": row.action, "label": label(row.action), "needs": row.wants(key=defect.key)}
            for row in rows
        ]

    @needs(*KEEPERS)
    @blueprint.arguments(schemas.DefectMoveIn)
    @blueprint.response(200, defect_schemas.DefectExpertOut)
    def post(self, given: dict[str, Any], ref: str) -> Defect:
        """Take one step of the record's life; ``merge`` names the surviving record."""
        defect = seen(ref)
        life.move(
            db(),
            defect,
            given["action"],
            by=me(),
            given=Given(
                note=given["note"],
                seen=given["version"],
                cause=given["cause"],
                fixed_in=given["fixed_in"],
                evidence=given["evidence"],
                into=_into(given["into"]),
            ),
        )
        return defect


def _into(number: str | None) -> Defect | None:
    if not number:
        return None
    into = defect_by_number(db(), number)
    if into is None or not is_visible(into, viewer()):
        raise Refused(flow.NEEDS["duplicate_of"])
    return into
