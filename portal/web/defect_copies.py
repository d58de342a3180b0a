"""The list of records as files for programs: what another desk imports, and what Jira's importer takes.

The spreadsheet for people is in ``defect_lists``. The invariant: a file holds what the list shows to this
person, by its filters, and the data-fix recipe only for those who may read it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import IO

from flask import Blueprint, abort, request
from sqlalchemy import select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response

from defects.exporting import RECIPE, columns_for, defect_rows
from defects.models import Defect
from defects.queries import visible_defects
from kb.exporting.files import write_jsonl
from portal.causes.keys.recipe import may_read
from portal.causes.trackers import jira_shape
from portal.people import audit
from portal.people.queries import people_by_id
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.defect_lists import asked_for
from portal.web.defect_record import today
from portal.web.request import db, me, only_asks, viewer, write_now
from portal.web.taken_away import CSV, taken

blueprint = Blueprint("defect_copies", __name__)

MOST = 20_000


@blueprint.post("/defects/copies/<kind>")
@needs(Permission.EXPORT)
@only_asks
def copy(kind: str) -> Response:
    if kind not in KINDS:
        abort(404)
    write, ending, media = KINDS[kind]
    wanted = asked_for(request.form).narrow(visible_defects(viewer()), today=today())
    ids = list(db().scalars(wanted.with_only_columns(Defect.id).order_by(Defect.id).limit(MOST)))
    file = taken(media, lambda held: write(held, ids))
    audit.record(write_now(), "export", "defects", subject_id=kind, by=me(), records=file.count)
    return file.called(f"defects-{today():%Y%m%d}{ending}")


def _records(ids: Sequence[int]) -> list[Defect]:
    wanted = select(Defect).where(Defect.id.in_(ids)).options(selectinload(Defect.duplicate_of))
    return list(db().scalars(wanted.order_by(Defect.id)))


def _for_import(file: IO[bytes], ids: Sequence[int]) -> int:
    """Lines that ``tierdesk import defects`` reads."""
    wanted = select(Defect).where(Defect.id.in_(ids))
    owned = db().execute(wanted.with_only_columns(Defect.owner_middle_id, Defect.owner_back_id)).all()
    people = people_by_id(db(), {number for row in owned for number in row})
    logins = {number: person.login for number, person in people.items()}
    hidden = frozenset() if may_read(me()) else RECIPE
    return write_jsonl(file, columns_for(hidden), defect_rows(db(), wanted, logins=logins))


def _for_jira(file: IO[bytes], ids: Sequence[int]) -> int:
    return jira_shape.write(file, _records(ids))


Write = Callable[[IO[bytes], Sequence[int]], int]
#: kind → (its writer, the file's ending, media type)
KINDS: dict[str, tuple[Write, str, str]] = {
    "jsonl": (_for_import, ".jsonl", "application/x-ndjson; charset=utf-8"),
    "jira": (_for_jira, "-jira.csv", CSV),
}
