"""The history of a record: steps, changes word by word, words on how it goes; giving a field back.

The invariant: what is compared is text; the page escapes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects import library as verbs
from defects.changes import Entry, history, length_of
from defects.models import SEVERITY_LABELS, TYPE_LABELS, Defect, DefectChange, DefectType
from indexer.words import N_
from kb.compare import Change, Piece, compare, excerpt
from kb.flow import Refused
from portal.catalogue.models import System
from portal.catalogue.queries import systems_by_code
from portal.causes.keys.recipe import may_read
from portal.people.duties import defect_duties
from portal.people.models import Person
from portal.people.queries import holders_of, people_by_id
from portal.people.roles import Permission, Post
from portal.web.access import needs
from portal.web.defect_pages import blueprint
from portal.web.defect_record import named_in, seen
from portal.web.labels import named
from portal.web.paging import pages
from portal.web.refusals import sentence_of
from portal.web.request import db, me

PER_PAGE = 30
# fmt: off
FIELD_LABELS = {
    "title":           N_("标题"),
    "system":          N_("系统"),
    "module":          N_("模块"),
    "type":            N_("类型"),
    "severity":        N_("严重程度"),
    "key":             N_("重点问题"),
    "due_on":          N_("整改期限"),
    "symptoms":        N_("现象"),
    "codes":           N_("错误代码"),
    "affected":        N_("受影响的版本"),
    "fixed_in":        N_("修复版本"),
    "reproduce":       N_("怎样重现"),
    "cause":           N_("根因"),
    "workaround":      N_("规避方案"),
    "fix":             N_("永久修复"),
    "data_fix":        N_("数据怎样补救"),
    "shown_to_users":  N_("让用户看到现象和规避方案"),
    "owner_middle_id": N_("中台负责人"),
    "owner_back_id":   N_("后台负责人"),
}
# fmt: on
OWNERS = {"owner_middle_id": Post.EXPERT, "owner_back_id": Post.ENGINEER}
#: Long enough to be compared word by word.
TEXTS = frozenset(
    {
        *("title", "symptoms", "codes", "affected", "reproduce", "cause", "workaround", "fix"),
        "data_fix",
    }
)
#: Shown to those alone who may read it on the record's page.
RECIPE = "data_fix"


@dataclass(frozen=True, slots=True)
class Names:
    """What codes and ids in the history are called."""

    systems: Mapping[str, System]
    people: Mapping[int, Person]

    def of(self, field: str, value: Any) -> str:
        """A value of the history as people read it."""
        if isinstance(value, list):
            return "\n".join(str(line) for line in value)
        if value is None or value == "":
            return ""
        if isinstance(value, bool):
            return _("是") if value else _("否")
        return self._called(field, value)

    def _called(self, field: str, value: Any) -> str:
        match field:
            case "system":
                return named(self.systems[value]) if value in self.systems else str(value)
            case "module":
                found = (
                    row.name
                    for system in self.systems.values()
                    for row in system.modules
                    if row.code == value
                )
                return next(found, str(value))
            case "type":
                return _(TYPE_LABELS[DefectType(value)])
            case "severity":
                return _(SEVERITY_LABELS.get(value, str(value)))
            case "owner_middle_id" | "owner_back_id":
                return named(self.people[value]) if value in self.people else _("未指定")
        return str(value)


@dataclass(frozen=True, slots=True)
class Said:
    """One field of a change: what it is called, and what became of its words."""

    field: str
    label: str
    pieces: list[Piece]


@blueprint.get("/defects/<number>/history")
@needs(Permission.READ_STAFF_TEXTS)
def past(number: str) -> str:
    return _drawn(seen(number))


def _drawn(defect: Defect, *, problem: str = "") -> str:
    cursor = pages(length_of(db(), defect), per_page=PER_PAGE)
    entries = history(db(), defect, limit=cursor.per_page, offset=cursor.offset)
    people = people_by_id(db(), named_in(defect, entries))
    names = Names(systems_by_code(db()), people)
    return render_template(
        "defects/history.html",
        defect=defect,
        cursor=cursor,
        entries=entries,
        said={entry.change.id: _said(entry.change, names) for entry in entries if entry.change},
        people=people,
        may_restore=bool(defect_duties(me())),
        problem=problem,
    )


def _said(change: DefectChange, names: Names) -> list[Said]:
    shown = [name for name in FIELD_LABELS if name in change.fields and (name != RECIPE or may_read(me()))]
    return [Said(name, _(FIELD_LABELS[name]), _pieces(name, change.fields[name], names)) for name in shown]


def _pieces(field: str, pair: list[Any], names: Names) -> list[Piece]:
    """Texts word by word; a day, a version or a name as a whole."""
    before, after = (names.of(field, value) for value in pair)
    if field in TEXTS:
        return excerpt(compare(before, after))
    told = (
        Piece(Change.REMOVED, before or "—"),
        Piece(Change.SAME, " → "),
        Piece(Change.ADDED, after or "—"),
    )
    return list(told)


@blueprint.app_template_global()
def change_summary(entry: Entry) -> str:
    """Which fields a change touched, in one line; of fields one may not read, not even the name."""
    fields = entry.change.fields if entry.change else {}
    return _("、").join(
        _(FIELD_LABELS[name])
        for name in FIELD_LABELS
        if name in fields and (name != RECIPE or may_read(me()))
    )


@blueprint.post("/defects/<number>/changes/<int:change>/<field>/restore")
@needs(Permission.CURATE_DEFECTS, Permission.REPAIR_DEFECTS)
def restore(number: str, change: int, field: str) -> Response | tuple[str, int]:
    defect = seen(number)
    row = db().get(DefectChange, change)
    if row is None or row.defect_id != defect.id or field not in row.fields:
        abort(404)
    try:
        _check_owner(field, row.fields[field][0])
        verbs.restore(
            db(),
            defect,
            row,
            field,
            by=me().id,
            duties=defect_duties(me()),
            reason=request.form.get("reason", ""),
        )
    except Refused as refusal:
        db().rollback()
        return _drawn(seen(number), problem=sentence_of(refusal)), 422
    flash(_("“%(field)s”已恢复为改动前的内容。", field=_(FIELD_LABELS[field])), "success")
    return redirect(url_for("defect_pages.past", number=defect.number))


def _check_owner(field: str, value: Any) -> None:
    """Somebody who has left the post doesn't come back into it by the way of history."""
    post = OWNERS.get(field)
    if post is None or value is None:
        return
    if value not in {person.id for person in holders_of(db(), post)}:
        raise Refused(N_("原来的负责人已经不在这个岗位上，请在修改页另选一位。"))
