"""The data-service catalogue for everybody: what can be done in the system itself, what needs a request."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from sqlalchemy import or_, select

from portal.catalogue.models import DataService
from portal.catalogue.queries import systems_in_order
from portal.web.access import signed_in
from portal.web.request import db

blueprint = Blueprint("services", __name__)


@blueprint.get("/services")
@signed_in
def page() -> str:
    """The services by system, narrowed by words and system."""
    wanted = select(DataService).order_by(DataService.system, DataService.self_service.desc(), DataService.id)
    system = request.args.get("system", "")[:64].replace("\x00", "")
    words = request.args.get("q", "").strip()[:100].replace("\x00", "")
    if system:
        wanted = wanted.where(DataService.system == system)
    if words:
        columns = (DataService.name, DataService.name_en, DataService.what, DataService.how)
        wanted = wanted.where(or_(*(column.icontains(words, autoescape=True) for column in columns)))
    rows = db().scalars(wanted.limit(500)).all()
    every = systems_in_order(db(), active_only=False)
    groups = [(row, [line for line in rows if line.system == row.code]) for row in every]
    general = [line for line in rows if not line.system]
    return render_template(
        "services/page.html",
        groups=[group for group in groups if group[1]],
        general=general,
        systems=every,
        system=system,
        words=words,
    )
