"""The list of defect records and the same list as a file, within the viewer's rights.

What a list may be narrowed to stands in ``causes.listing``. The invariant: an export holds what the list
shows to this person, the data-fix recipe only for those who may read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, render_template, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from defects.flow import OPEN, DefectState
from defects.models import SEVERITY_LABELS, Defect, DefectType
from defects.queries import visible_defects
from indexer.words import N_
from kb.columns import now
from kb.counting import count_of
from portal.catalogue.models import System
from portal.catalogue.queries import systems_by_code
from portal.causes.keys import overview
from portal.causes.keys.recipe import may_read
from portal.causes.listing import NOBODY, SORT_LABELS, Sort, Wanted, counted, in_charge, owners_of
from portal.people import audit
from portal.people.models import Person
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.defect_pages import blueprint
from portal.web.defect_record import today
from portal.web.labels import label, named
from portal.web.paging import pages
from portal.web.request import db, me, only_asks, parts, viewer, write_now
from portal.web.taken_away import TYPES, table

PER_PAGE = 30
MOST_ROWS = {"csv": 20_000, "xlsx": 10_000}


@blueprint.get("/defects")
@needs(Permission.READ_STAFF_TEXTS)
def library() -> str:
    wanted, sort = asked_for(request.args), _sort(request.args)
    records = wanted.narrow(visible_defects(viewer()), today=today())
    total = count_of(db(), records)
    cursor = pages(total, per_page=PER_PAGE)
    rows = db().execute(counted(records, sort).limit(cursor.per_page).offset(cursor.offset)).all()
    return render_template(
        "defects/library.html",
        rows=rows,
        cursor=cursor,
        wanted=wanted,
        sort=sort,
        sorts=SORT_LABELS,
        owners=owners_of(db(), [row[0] for row in rows]),
        in_charge=in_charge(db()),
        nobody=NOBODY,
        systems=systems_by_code(db()),
        states=DefectState,
        types=DefectType,
        severities=SEVERITY_LABELS,
        open_states=OPEN,
        sums=overview.sums_of(db(), visible_defects(viewer()), today=today()),
        asked={name: text for name, text in request.args.items() if text and name != "page"},
        today=today(),
    )


def asked_for(given: MultiDict[str, str]) -> Wanted:
    """What the address asks for; nonsense narrows nothing."""
    kind, severity, owner = given.get("type", ""), given.get("severity", ""), given.get("owner", "")
    return Wanted(
        state=given.get("state", "open"),
        system=given.get("system", ""),
        module=given.get("module", ""),
        type=DefectType(kind) if kind in set(DefectType) else None,
        severity=int(severity) if severity in ("1", "2", "3", "4") else None,
        key=bool(given.get("key")),
        overdue=bool(given.get("overdue")),
        recurred=bool(given.get("recurred")),
        owner=_owner(owner),
        text=given.get("q", "").strip()[:200],
    )


def _owner(given: str) -> int | None:
    if given == "me":
        return me().id
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None


def _sort(given: MultiDict[str, str]) -> Sort:
    asked = given.get("sort", "")
    return Sort(asked) if asked in set(Sort) else Sort.TICKETS


# ── as a file ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Row:
    """One record with what its columns are written from."""

    defect: Defect
    tickets: int
    systems: Mapping[str, System]
    people: Mapping[int, Person]

    @property
    def system(self) -> str:
        found = self.systems.get(self.defect.system)
        return named(found) if found else self.defect.system

    @property
    def module(self) -> str:
        found = self.systems.get(self.defect.system)
        modules = {row.code: row.name for row in found.modules} if found else {}
        return modules.get(self.defect.module or "", self.defect.module or "")

    def person(self, number: int | None) -> str:
        found = self.people.get(number or 0)
        return named(found) if found else ""


# fmt: off
COLUMNS: tuple[tuple[str, Callable[[Row], object]], ...] = (
    (N_("编号"),         lambda row: row.defect.number),
    (N_("标题"),         lambda row: row.defect.title),
    (N_("系统"),         lambda row: row.system),
    (N_("模块"),         lambda row: row.module),
    (N_("类型"),         lambda row: label(row.defect.type)),
    (N_("严重程度"),     lambda row: _(SEVERITY_LABELS[row.defect.severity])),
    (N_("状态"),         lambda row: label(row.defect.state)),
    (N_("重点问题"),     lambda row: _("是") if row.defect.key else ""),
    (N_("整改期限"),     lambda row: row.defect.due_on),
    (N_("工单"),         lambda row: row.tickets),
    (N_("复发"),         lambda row: row.defect.recurrences),
    (N_("中台负责人"),   lambda row: row.person(row.defect.owner_middle_id)),
    (N_("后台负责人"),   lambda row: row.person(row.defect.owner_back_id)),
    (N_("现象"),         lambda row: "\n".join(row.defect.symptoms)),
    (N_("错误代码"),     lambda row: ", ".join(row.defect.codes)),
    (N_("受影响的版本"), lambda row: ", ".join(row.defect.affected)),
    (N_("修复版本"),     lambda row: row.defect.fixed_in),
    (N_("规避方案"),     lambda row: row.defect.workaround),
    (N_("根因"),         lambda row: row.defect.cause),
    (N_("永久修复"),     lambda row: row.defect.fix),
    (N_("登记"),         lambda row: row.defect.created_at),
    (N_("更新"),         lambda row: row.defect.updated_at),
)
RECIPE: tuple[tuple[str, Callable[[Row], object]], ...] = (
    (N_("数据怎样补救"), lambda row: row.defect.data_fix),
)
# fmt: on


@blueprint.post("/defects/export/<kind>")
@needs(Permission.EXPORT)
@only_asks
def export(kind: str) -> Response:
    if kind not in TYPES:
        abort(404)
    moment = now(db())
    columns = [(_(name), cell) for name, cell in (COLUMNS + RECIPE if may_read(me()) else COLUMNS)]
    names = [name for name, _cell in columns]
    file = table(kind, names, _rows(columns, MOST_ROWS[kind]))
    audit.record(write_now(), "export", "defects", subject_id=kind, by=me(), records=file.count)
    name = f"defects-{moment.astimezone(parts().settings.zone):%Y%m%d-%H%M}.{kind}"
    return file.called(name)


def _rows(columns: list[tuple[str, Callable[[Row], object]]], limit: int) -> Iterator[dict[str, Any]]:
    records = asked_for(request.form).narrow(visible_defects(viewer()), today=today())
    found = db().execute(counted(records, _sort(request.form)).limit(limit)).all()
    systems, people = systems_by_code(db()), owners_of(db(), [row[0] for row in found])
    for defect, tickets in found:
        row = Row(defect, tickets, systems, people)
        yield {name: cell(row) for name, cell in columns}
