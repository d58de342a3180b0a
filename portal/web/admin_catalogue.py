"""Administration of units, systems, modules, deployments and data services, and the audit.

People are in ``admin``; both share one blueprint.
"""

from __future__ import annotations

from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from kb.flow import Refused
from portal.catalogue import systems as catalogue
from portal.catalogue.models import DataService, Deployment, Module, System
from portal.catalogue.queries import system_by_code, system_names, systems_in_order, today
from portal.people import audit, units
from portal.people.models import AuditEntry, Person, Unit
from portal.people.queries import unit_by_code, units_in_order
from portal.people.roles import Permission
from portal.tickets import administration
from portal.web.access import needs
from portal.web.labels import named
from portal.web.paging import pages
from portal.web.refusals import sentence_of
from portal.web.request import db, me

blueprint = Blueprint("admin", __name__)
PER_PAGE = 50
SUBJECTS = (
    *("person", "token", "unit", "system", "module", "deployment", "service", "webhook"),
    *("level", "calendar", "learning", "form"),
    "sampling_rule",
    "score_sheet",
    "follow_up",
    "inspection",
    "bulk",
    "list",
)


def unit_choices(keep: Unit | None = None) -> list[tuple[str, str]]:
    """(code, indented name) of every active unit, and of one that is kept although it is closed."""
    return [
        (unit.code, "　" * (len(unit.ancestry) - 1) + named(unit))
        for unit in units_in_order(db())
        if unit.active or (keep is not None and unit.id == keep.id)
    ]


def _word(name: str, limit: int = 200) -> str:
    return request.form.get(name, "").strip()[:limit].replace("\x00", "")


# ── units ────────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/admin/units")
@needs(Permission.MANAGE_PEOPLE)
def unit_tree() -> str:
    """The organisation as a tree; one unit open for change."""
    return _units_page()


def _units_page(problem: str = "") -> str:
    every = units_in_order(db())
    chosen = next((unit for unit in every if unit.code == request.args.get("unit")), None)
    return render_template(
        "admin/units.html",
        units=every,
        chosen=chosen,
        people=units.people_in(db()),
        kinds=units.KINDS,
        problem=problem,
    )


@blueprint.post("/admin/units")
@needs(Permission.MANAGE_PEOPLE)
def add_unit() -> Response | tuple[str, int]:
    above = _unit(_word("above"))
    try:
        unit = units.add(db(), _word("code"), _word("name"), kind=_word("kind"), above=above, by=me())
    except Refused as refusal:
        db().rollback()
        return _units_page(sentence_of(refusal)), 422
    return _to_unit(unit, _("已添加 %(name)s。", name=unit.name))


@blueprint.post("/admin/units/<code>")
@needs(Permission.MANAGE_PEOPLE)
def change_unit(code: str) -> Response:
    """Rename, move, close or reopen; the button says which."""
    unit = _unit(code)
    match request.form.get("deed"):
        case "rename":
            units.rename(db(), unit, _word("name"), name_en=_word("name_en"), by=me())
        case "move":
            units.move(db(), unit, _unit(_word("above")), by=me())
        case "close":
            units.close(db(), unit, by=me())
        case "reopen":
            units.reopen(db(), unit, by=me())
        case _:
            abort(400)
    return _to_unit(unit, _("已保存。"))


def _unit(code: str) -> Unit:
    unit = unit_by_code(db(), code)
    if unit is None:
        abort(404)
    return unit


def _to_unit(unit: Unit, sentence: str) -> Response:
    flash(sentence, "success")
    return redirect(url_for("admin.unit_tree", unit=unit.code))


# ── systems, modules, versions ───────────────────────────────────────────────────────────────────


@blueprint.get("/admin/systems")
@needs(Permission.MANAGE_CATALOGUE)
def systems() -> str:
    return render_template("admin/systems.html", systems=systems_in_order(db(), active_only=False))


@blueprint.post("/admin/systems")
@needs(Permission.MANAGE_CATALOGUE)
def add_system() -> Response | tuple[str, int]:
    try:
        system = catalogue.add_system(db(), _word("code"), _system_text(), by=me())
    except Refused as refusal:
        db().rollback()
        every = systems_in_order(db(), active_only=False)
        return render_template("admin/systems.html", systems=every, problem=sentence_of(refusal)), 422
    return _to_system(system, _("已添加 %(name)s。", name=system.name))


def _system_text() -> catalogue.SystemText:
    return catalogue.SystemText(_word("name"), _word("name_en"), _word("group"), _word("version", 40))


@blueprint.get("/admin/systems/<code>")
@needs(Permission.MANAGE_CATALOGUE)
def system(code: str) -> str:
    """One system: its words, its modules, which unit runs which version."""
    row = _system(code)
    deployed = db().scalars(
        select(Deployment)
        .where(Deployment.system_id == row.id)
        .join(Unit)
        .options(joinedload(Deployment.unit))
        .order_by(Unit.path)
    )
    history = db().scalars(audit.entries(subject=catalogue.DEPLOYMENT).where(_about(row)).limit(20)).all()
    names = {unit.code: named(unit) for unit in units_in_order(db())}
    return render_template(
        "admin/system.html",
        system=row,
        deployed=deployed.all(),
        history=history,
        names=names,
        units=unit_choices(),
    )


def _about(system: System) -> ColumnElement[bool]:
    return AuditEntry.subject_id.startswith(f"{system.code}/", autoescape=True)


def _system(code: str) -> System:
    row = system_by_code(db(), code)
    if row is None:
        abort(404)
    return row


@blueprint.post("/admin/systems/<code>")
@needs(Permission.MANAGE_CATALOGUE)
def change_system(code: str) -> Response:
    """Rename, retire, revive; add or change a module; deploy a version. The button says which."""
    row = _system(code)
    match request.form.get("deed"):
        case "change":
            catalogue.change_system(db(), row, _system_text(), by=me())
        case "retire" | "revive" as deed:
            catalogue.set_system_active(db(), row, deed == "revive", by=me())
        case "module":
            catalogue.add_module(db(), row, _word("code"), name=_word("name"), by=me())
        case "change_module":
            active = request.form.get("active") == "1"
            catalogue.change_module(db(), _module(row), name=_word("name"), active=active, by=me())
        case "deploy":
            return _deploy(row)
        case _:
            abort(400)
    return _to_system(row, _("已保存。"))


def _module(system: System) -> Module:
    found = next((module for module in system.modules if module.code == _word("code")), None)
    if found is None:
        abort(404)
    return found


def _deploy(row: System) -> Response:
    unit = _unit(_word("unit"))
    version = _word("version", 40)
    since = _day(_word("since"))
    woken = administration.deploy(db(), row, unit, version=version, since=since, by=me())
    if since is not None and since > today(db()):
        return _to_system(row, _("已登记计划：到启用日期自动算作运行，挂起的工单届时唤醒。"))
    words = {"unit": unit.name, "version": version, "n": len(woken)}
    return _to_system(row, _("已登记：%(unit)s运行 %(version)s；%(n)s 张挂起的工单已唤醒。", **words))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        abort(400)


def _to_system(row: System, sentence: str) -> Response:
    flash(sentence, "success")
    return redirect(url_for("admin.system", code=row.code))


# ── data services ────────────────────────────────────────────────────────────────────────────────


class ServiceForm(FlaskForm):
    name = StringField(_l("名称"), validators=[InputRequired(_l("请填写名称。")), Length(max=200)])
    name_en = StringField(_l("英文名称"), validators=[Length(max=200)])
    system = SelectField(_l("系统"))
    what = TextAreaField(
        _l("能得到什么"), validators=[InputRequired(_l("请写明能得到什么。")), Length(max=4000)]
    )
    self_service = BooleanField(_l("用户可以在系统里自己办理"))
    how = TextAreaField(_l("怎样办理"), validators=[InputRequired(_l("请写明怎样办理。")), Length(max=4000)])
    approver = StringField(_l("谁审批"), validators=[Length(max=200)])
    working_days = IntegerField(
        _l("工作日"), default=0, validators=[NumberRange(0, 250, _l("工作日数在 0 到 250 之间。"))]
    )

    def text(self) -> catalogue.ServiceText:
        """What was typed, as the verb wants it."""
        return catalogue.ServiceText(
            name=str(self.name.data),
            what=str(self.what.data),
            how=str(self.how.data),
            self_service=bool(self.self_service.data),
            name_en=str(self.name_en.data or ""),
            system=self.system.data or None,
            approver=str(self.approver.data or ""),
            working_days=int(self.working_days.data or 0),
        )


@blueprint.get("/admin/services")
@needs(Permission.MANAGE_CATALOGUE)
def services() -> str:
    rows = db().scalars(select(DataService).order_by(DataService.system, DataService.id)).all()
    return render_template("admin/services.html", rows=rows, names=system_names(db()))


@blueprint.route("/admin/services/new", methods=["GET", "POST"])
@needs(Permission.MANAGE_CATALOGUE)
def new_service() -> Response | str | tuple[str, int]:
    return _service(None)


@blueprint.route("/admin/services/<int:number>", methods=["GET", "POST"])
@needs(Permission.MANAGE_CATALOGUE)
def service(number: int) -> Response | str | tuple[str, int]:
    row = db().get(DataService, number)
    if row is None:
        abort(404)
    return _service(row)


def _service(row: DataService | None) -> Response | str | tuple[str, int]:
    form = ServiceForm(obj=row)
    every = systems_in_order(db(), active_only=False)
    form.system.choices = [("", _("不限系统")), *((item.code, named(item)) for item in every)]
    if request.method == "GET":
        return render_template("admin/service.html", form=form, row=row)
    if not form.validate():
        return render_template("admin/service.html", form=form, row=row), 422
    number = row.id if row is not None else 0
    try:
        catalogue.save_service(db(), form.text(), by=me(), service=row)
    except Refused as refusal:
        db().rollback()
        kept = db().get(DataService, number) if number else None
        return render_template("admin/service.html", form=form, row=kept, problem=sentence_of(refusal)), 422
    flash(_("已保存。"), "success")
    return redirect(url_for("admin.services"))


@blueprint.post("/admin/services/<int:number>/remove")
@needs(Permission.MANAGE_CATALOGUE)
def remove_service(number: int) -> Response:
    row = db().get(DataService, number)
    if row is None:
        abort(404)
    catalogue.remove_service(db(), row, by=me())
    flash(_("已从目录移除“%(name)s”。", name=row.name), "success")
    return redirect(url_for("admin.services"))


# ── the audit ────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/admin/audit")
@needs(Permission.MANAGE_PEOPLE)
def audit_page() -> str:
    """What administrators did, newest first."""
    subject = request.args.get("subject", "")
    wanted = audit.entries(subject=subject if subject in SUBJECTS else "")
    total = db().scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    cursor = pages(total, per_page=PER_PAGE)
    lines = db().scalars(wanted.limit(PER_PAGE).offset(cursor.offset)).all()
    actors = select(Person.id, Person.name).where(Person.id.in_({line.by_id for line in lines}))
    return render_template(
        "admin/audit.html",
        lines=lines,
        cursor=cursor,
        actors=dict(db().execute(actors).all()),
        subjects=SUBJECTS,
    )
