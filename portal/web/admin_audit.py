"""The audit: what administrators did, newest first, by subject. It is read here and never changed."""

from __future__ import annotations

from flask import render_template, request
from sqlalchemy import func, select

from portal.people import audit
from portal.people.models import Person
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.admin_units import blueprint
from portal.web.paging import pages
from portal.web.request import db

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
