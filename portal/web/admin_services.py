"""Administration of data services: what can be had, how and from whom.

What users read of them is ``services``. The invariant: a refused form comes back with what was typed.
"""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from kb.flow import Refused
from portal.catalogue import systems as catalogue
from portal.catalogue.models import DataService
from portal.catalogue.queries import system_names, systems_in_order
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.admin_units import blueprint
from portal.web.forms import Form
from portal.web.labels import named
from portal.web.refusals import sentence_of
from portal.web.request import db, me


class ServiceForm(Form):
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
