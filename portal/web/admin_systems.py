"""Administration of systems: their words, their modules, which unit runs which version.

What a version does to parked tickets is ``tickets.administration``. The invariant: a system or a module is
retired, never removed.
"""

from __future__ import annotations

from datetime import date

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.catalogue import systems as catalogue
from portal.catalogue.models import Deployment, Module, System
from portal.catalogue.queries import system_by_code, systems_in_order, today
from portal.people import audit
from portal.people.models import AuditEntry, Unit
from portal.people.queries import units_in_order
from portal.people.roles import Permission
from portal.tickets import administration
from portal.web.access import needs
from portal.web.admin_units import blueprint, known_unit, unit_choices, word
from portal.web.labels import named
from portal.web.refusals import sentence_of
from portal.web.request import db, me


@blueprint.get("/admin/systems")
@needs(Permission.MANAGE_CATALOGUE)
def systems() -> str:
    return render_template("admin/systems.html", systems=systems_in_order(db(), active_only=False))


@blueprint.post("/admin/systems")
@needs(Permission.MANAGE_CATALOGUE)
def add_system() -> Response | tuple[str, int]:
    try:
        system = catalogue.add_system(db(), word("code"), _system_text(), by=me())
    except Refused as refusal:
        db().rollback()
        every = systems_in_order(db(), active_only=False)
        return render_template("admin/systems.html", systems=every, problem=sentence_of(refusal)), 422
    return _to_system(system, _("已添加 %(name)s。", name=system.name))


def _system_text() -> catalogue.SystemText:
    return catalogue.SystemText(word("name"), word("name_en"), word("group"), word("version", 40))


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
            catalogue.add_module(db(), row, word("code"), name=word("name"), by=me())
        case "change_module":
            active = request.form.get("active") == "1"
            catalogue.change_module(db(), _module(row), name=word("name"), active=active, by=me())
        case "deploy":
            return _deploy(row)
        case _:
            abort(400)
    return _to_system(row, _("已保存。"))


def _module(system: System) -> Module:
    found = next((module for module in system.modules if module.code == word("code")), None)
    if found is None:
        abort(404)
    return found


def _deploy(row: System) -> Response:
    unit = known_unit(word("unit"))
    version = word("version", 40)
    since = _day(word("since"))
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
