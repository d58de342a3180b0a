"""The audit: what administrators did, newest first, by subject. It is read here and never changed."""

from __future__ import annotations

from collections.abc import Iterable

from flask import render_template, request
from sqlalchemy import select

from kb.counting import count_of
from portal.people import audit
from portal.people.models import AuditEntry, Person
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.admin_units import blueprint
from portal.web.audit_words import ACTION_LABELS, DETAIL_LABELS, SUBJECT_LABELS, said
from portal.web.labels import named
from portal.web.paging import pages
from portal.web.request import db

PER_PAGE = 50
#: Characters of one detail; the audit keeps all of it.
LONGEST_DETAIL = 300


@blueprint.get("/admin/audit")
@needs(Permission.MANAGE_PEOPLE)
def audit_page() -> str:
    """What administrators did, newest first."""
    subject = request.args.get("subject", "")
    wanted = audit.entries(subject=subject if subject in SUBJECT_LABELS else "")
    total = count_of(db(), wanted)
    cursor = pages(total, per_page=PER_PAGE)
    lines = db().scalars(wanted.limit(PER_PAGE).offset(cursor.offset)).all()
    return render_template(
        "admin/audit.html",
        lines=lines,
        cursor=cursor,
        actors=actors_of(lines),
        subjects=SUBJECT_LABELS,
        longest=LONGEST_DETAIL,
    )


def actors_of(lines: Iterable[AuditEntry]) -> dict[int, str]:
    """Who did it, by name in the reader's language."""
    wanted = select(Person).where(Person.id.in_({line.by_id for line in lines}))
    return {person.id: named(person) for person in db().scalars(wanted)}


@blueprint.app_template_filter()
def audit_action(key: str) -> str:
    return said(ACTION_LABELS, key)


@blueprint.app_template_filter()
def audit_subject(key: str) -> str:
    return said(SUBJECT_LABELS, key)


@blueprint.app_template_filter()
def audit_detail(key: str) -> str:
    return said(DETAIL_LABELS, key)
