"""What the last verifications of the trails found; the operator runs them: ``tierdesk trail verify``."""

from __future__ import annotations

from flask import Blueprint, render_template

from portal.people.roles import Permission
from portal.tickets.trail.checking import last_checks
from portal.web.access import needs
from portal.web.labels import translated
from portal.web.request import db

blueprint = Blueprint("trail_checks", __name__)


@blueprint.get("/admin/trail")
@needs(Permission.MANAGE_PEOPLE)
def page() -> str:
    return render_template(
        "admin/trail.html",
        checks=last_checks(db()),
        words=lambda one: translated(one["sentence"], **one["values"]),
    )
