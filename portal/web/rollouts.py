"""Which unit runs which version of a system and what is planned, and many deployments entered at once.

Everybody who works with records reads it; administrators enter, and engineers for their own systems. The
invariant: nothing is written before its preview was shown, and what was pasted stays in the field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as BaseResponse

from defects.models import Defect
from defects.queries import visible_defects
from defects.recurrence import GONE
from defects.signatures import version_key
from kb.flow import Refused
from kb.importing.cells import guarded
from portal.catalogue import deploying
from portal.catalogue.deploying import FATE_LABELS, Fate, Line
from portal.catalogue.models import Deployment, System
from portal.catalogue.queries import system_by_code, systems_in_order, today
from portal.catalogue.rollout import COMING_LABELS, Runs, progress_of, runs_of, shown_units
from portal.catalogue.systems import may_deploy
from portal.people.models import Unit
from portal.people.roles import Permission
from portal.tickets import administration
from portal.web.access import needs
from portal.web.labels import named
from portal.web.refusals import sentence_of
from portal.web.request import db, me, viewer

blueprint = Blueprint("rollouts", __name__)

READERS = (Permission.READ_STAFF_TEXTS, Permission.MANAGE_CATALOGUE)
ENTERING = (Permission.MANAGE_CATALOGUE, Permission.REPAIR_DEFECTS)
LARGEST_FILE = 1_000_000
MOST_RECORDS = 50


@dataclass(frozen=True, slots=True)
class InUse:
    """One system of the overview: its versions by how many units run them, and the next day of a plan."""

    system: System
    versions: Sequence[tuple[str, int]]
    next_on: date | None
    next_units: int


@dataclass(frozen=True, slots=True)
class Place:
    """One unit of a system's page."""

    unit: Unit
    version: str
    own: bool
    plans: Sequence[tuple[date, str]]


@blueprint.get("/defects/rollouts")
@needs(*READERS)
def overview() -> str:
    """Every system: which versions run in how many units."""
    units, rows = shown_units(db()), _rows()
    systems = systems_in_order(db())
    found = [_in_use(system, units, rows.get(system.id, {})) for system in systems]
    return render_template("rollouts/overview.html", rows=found, may_enter=_enters(systems))


def _rows() -> dict[int, dict[str, Deployment]]:
    found: dict[int, dict[str, Deployment]] = {}
    for row in db().scalars(select(Deployment).options(joinedload(Deployment.unit))):
        found.setdefault(row.system_id, {})[row.unit.path] = row
    return found


def _in_use(system: System, units: Sequence[Unit], rows: dict[str, Deployment]) -> InUse:
    runs = Runs(rows, system.version, today(db()))
    counted = Counter(runs.at(unit) or "—" for unit in units)
    plans = Counter(plan[0][0] for unit in units if (plan := runs.plans(unit)))
    first = min(plans, default=None)
    ordered = sorted(counted.items(), key=lambda pair: version_key(pair[0]), reverse=True)
    return InUse(system, ordered, first, plans[first] if first else 0)


def _enters(systems: Sequence[System]) -> bool:
    return any(may_deploy(me(), system) for system in systems)


@blueprint.get("/defects/rollouts/<code>")
@needs(*READERS)
def system(code: str) -> str:
    """One system: every unit with what runs and what is planned, and how far its repairs have come."""
    row = _system(code)
    runs, units = runs_of(db(), row), shown_units(db())
    records = db().scalars(
        visible_defects(viewer())
        .where(Defect.system == row.code, Defect.fixed_in.is_not(None), Defect.state.in_(GONE))
        .order_by(Defect.fixed_at.desc().nulls_last(), Defect.id.desc())
        .limit(MOST_RECORDS)
    )
    return render_template(
        "rollouts/system.html",
        system=row,
        places=[_place(unit, runs) for unit in units],
        progress=progress_of(runs, units, records),
        coming=COMING_LABELS,
        may_enter=may_deploy(me(), row),
    )


def _place(unit: Unit, runs: Runs) -> Place:
    return Place(unit, runs.at(unit), unit.path in runs.rows, runs.plans(unit))


def _system(code: str) -> System:
    row = system_by_code(db(), code)
    if row is None:
        abort(404)
    return row


@blueprint.get("/defects/rollouts/<code>/units.csv")
@needs(*READERS)
def table(code: str) -> Response:
    """What the page shows, in the columns in which it is entered again."""
    row = _system(code)
    runs = runs_of(db(), row)
    lines = [",".join((_("单位"), _("系统"), _("版本"), _("日期")))]
    for unit in shown_units(db()):
        lines.append(",".join(guarded(cell) for cell in (unit.code, row.code, runs.at(unit), "")))
        for day, version in runs.plans(unit):
            lines.append(",".join(guarded(cell) for cell in (unit.code, row.code, version, day.isoformat())))
    answer = Response("\ufeff" + "\r\n".join(lines) + "\r\n", mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="rollout-{row.code}.csv"'
    return answer


# ── many at once ─────────────────────────────────────────────────────────────────────────────────


@blueprint.route("/defects/rollouts/new", methods=["GET", "POST"])
@needs(*ENTERING)
def enter() -> BaseResponse | str | tuple[str, int]:
    """Paste, look, write: a table or a CSV file, a line for each unit."""
    only = system_by_code(db(), request.values.get("system") or None)
    if request.method == "GET":
        return _form(only)
    text = _brought()
    try:
        lines = deploying.read(db(), text, by=me(), only=only)
    except Refused as refusal:
        return _form(only, text=text, problem=sentence_of(refusal)), 422
    if request.form.get("step") != "save":
        return _form(only, text=text, lines=lines)
    wrong = [line for line in lines if line.fate == Fate.WRONG]
    if wrong and not request.form.get("skip"):
        return _form(only, text=text, lines=lines, problem=_wrong(len(wrong))), 422
    woken = administration.deploy_all(db(), lines, by=me())
    written = sum(line.fate in (Fate.RUNS, Fate.PLANNED) for line in lines)
    flash(_("已登记 %(n)s 行；%(woken)s 张挂起的工单已唤醒。", n=written, woken=len(woken)), "success")
    if only is not None:
        return redirect(url_for("rollouts.system", code=only.code))
    return redirect(url_for("rollouts.overview"))


def _wrong(many: int) -> str:
    return _("有 %(n)s 行有误，什么都没有登记。改好再来，或者只登记其余的行。", n=many)


def _brought() -> str:
    """What was pasted; a file goes before it, and is shown in the field like everything pasted."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return request.form.get("text", "").replace("\x00", "")
    content = file.read(LARGEST_FILE + 1)[:LARGEST_FILE]
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding).replace("\x00", "")
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", "replace").replace("\x00", "")


def _form(
    only: System | None, *, text: str = "", lines: Sequence[Line] | None = None, problem: str = ""
) -> str:
    mine = [row for row in systems_in_order(db()) if may_deploy(me(), row)]
    return render_template(
        "rollouts/enter.html",
        only=only,
        mine=mine,
        text=text,
        lines=lines,
        counts=Counter(line.fate for line in lines or ()),
        fates=FATE_LABELS,
        problem=problem,
        example=_example(only or next(iter(mine), None)),
    )


def _example(row: System | None) -> str:
    units = [unit for unit in shown_units(db()) if unit.kind == "province"][:2]
    version = (row.version if row else "") or "6.2.2"
    cells = [(named(unit), row.code if row else "", version, today(db()).isoformat()) for unit in units]
    return "\n".join("\t".join(cell for cell in line if cell) for line in cells)
