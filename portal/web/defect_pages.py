"""The defect library: its list, one record, moves, merging, articles about it.

Staff see the whole record; anybody else the plain page of one whose workaround is meant for them, and
404 for every other. What a page shows is in ``defect_record``, the form in ``defect_forms``. The
invariant: whatever is refused, what was typed comes back, a colleague's newer words beside it.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from defects import library as verbs
from defects.flow import OPEN, DefectAction, DefectState
from defects.library import DefectText
from defects.models import SEVERITY_LABELS, Defect, DefectType
from defects.queries import defect_by_number, is_visible, visible_defects
from defects.signatures import codes_in
from indexer.words import N_
from kb.audience import Audience
from kb.flow import Refused
from kb.queries import article_by_number, is_readable
from portal.catalogue.models import System
from portal.catalogue.queries import systems_by_code
from portal.people.duties import article_duties, defect_duties
from portal.people.roles import Permission
from portal.tickets import linking, merging, occurrences
from portal.tickets.models import Ticket
from portal.tickets.visibility import visible_tickets
from portal.web.access import needs, signed_in
from portal.web.defect_forms import DefectForm, differences, filled, lines_of
from portal.web.defect_record import plain_page, seen, today, whole_page
from portal.web.paging import pages
from portal.web.refusals import sentence_of
from portal.web.request import db, me, viewer

blueprint = Blueprint("defect_pages", __name__)

PER_PAGE = 30


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/defects")
@needs(Permission.READ_STAFF_TEXTS)
def library() -> str:
    wanted = _wanted()
    sort = request.args.get("sort", "")
    order = occurrences.Sort(sort) if sort in set(occurrences.Sort) else occurrences.Sort.TICKETS
    records = wanted.narrow(visible_defects(viewer()))
    total = db().scalar(select(func.count()).select_from(records.subquery())) or 0
    cursor = pages(total, per_page=PER_PAGE)
    listed = occurrences.counted(records, order).limit(cursor.per_page).offset(cursor.offset)
    rows = db().execute(listed).all()
    return render_template(
        "defects/library.html",
        rows=rows,
        cursor=cursor,
        wanted=wanted,
        sort=order,
        sorts=occurrences.SORT_LABELS,
        owners=occurrences.owners_of(db(), [row[0] for row in rows]),
        systems=systems_by_code(db()),
        states=DefectState,
        types=DefectType,
        severities=SEVERITY_LABELS,
        open_states=OPEN,
        today=today(),
    )


def _wanted() -> occurrences.Wanted:
    given = request.args
    kind, severity = given.get("type", ""), given.get("severity", "")
    return occurrences.Wanted(
        state=given.get("state", "open"),
        system=given.get("system", ""),
        type=DefectType(kind) if kind in set(DefectType) else None,
        severity=int(severity) if severity in ("1", "2", "3", "4") else None,
        key=bool(given.get("key")),
        text=given.get("q", "").strip()[:200],
    )


# ── one record ───────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/defects/<number>")
@signed_in
def record(number: str) -> str:
    defect = seen(number)
    if Audience.STAFF not in viewer().levels:
        return render_template("defects/plain.html", **plain_page(defect))
    return render_template("defects/record.html", **whole_page(defect))


# ── writing ─────────────────────────────────────────────────────────────────────────────────────


@blueprint.route("/defects/new", methods=["GET", "POST"])
@needs(Permission.CURATE_DEFECTS)
def new() -> Response | str | tuple[str, int]:
    systems = systems_by_code(db())
    if request.method == "GET":
        ticket = _ticket(request.args.get("ticket", ""))
        form = filled(_text_from(ticket)).offer(systems.values())
        form.ticket.data = ticket.number if ticket else ""
        return _form_page(form, systems, ticket=ticket)
    form = DefectForm().offer(systems.values())
    ticket = _ticket(form.ticket.data or "")
    if not form.validate():
        return _form_page(form, systems, ticket=ticket), 422
    try:
        defect = verbs.open_record(db(), form.text(), by=me().id)
        if ticket is not None:
            linking.link(db(), ticket, defect, by=me())
    except Refused as refusal:
        db().rollback()
        return _form_page(form, systems, problem=sentence_of(refusal)), 422
    flash(_("已登记 %(number)s。", number=defect.number), "success")
    return redirect(url_for("defect_pages.record", number=defect.number, saved=1))


def _ticket(number: str) -> Ticket | None:
    """The ticket a record is opened from; one that may not be seen is as if it were not there."""
    if not number:
        return None
    ticket = db().scalar(visible_tickets(me()).where(Ticket.number == number.strip().upper()))
    if ticket is None:
        abort(404)
    return ticket


def _text_from(ticket: Ticket | None) -> DefectText:
    empty = DefectText(title="", system="", owner_middle_id=me().id)
    if ticket is None:
        return replace(empty, system=request.args.get("system", ""))
    return replace(
        empty,
        title=ticket.title,
        system=ticket.system.code,
        module=ticket.module,
        symptoms=lines_of(ticket.text),
        codes=codes_in(ticket.text),
        affected=(ticket.running_version,) if ticket.running_version else (),
    )


@blueprint.route("/defects/<number>/edit", methods=["GET", "POST"])
@needs(Permission.CURATE_DEFECTS, Permission.REPAIR_DEFECTS)
def edit(number: str) -> Response | str | tuple[str, int]:
    defect = seen(number)
    systems = systems_by_code(db())
    if request.method == "GET":
        form = filled(verbs.text_of(defect)).offer(systems.values())
        form.seen.data = str(defect.version)
        return _form_page(form, systems, defect=defect)
    form = DefectForm().offer(systems.values())
    if not form.validate():
        return _form_page(form, systems, defect=defect), 422
    version = form.seen.data or ""
    looked_at = int(version) if version.isdecimal() and len(version) < 10 else None
    try:
        verbs.describe(db(), defect, form.text(), seen=looked_at)
    except Refused as refusal:
        return _refused(form, systems, number, sentence_of(refusal), looked_at)
    flash(_("已保存。"), "success")
    return redirect(url_for("defect_pages.record", number=defect.number, saved=1))


def _refused(
    form: DefectForm, systems: dict[str, System], number: str, problem: str, looked_at: int | None
) -> tuple[str, int]:
    """What was typed stays; what the colleague wrote meanwhile stands beside it."""
    db().rollback()
    defect = seen(number)
    theirs = []
    if looked_at != defect.version:
        theirs = differences(form, defect)
        form.seen.data = str(defect.version)  # saving again is a decision, not an accident
    return _form_page(form, systems, defect=defect, problem=problem, theirs=theirs), 422


def _form_page(
    form: DefectForm,
    systems: dict[str, System],
    *,
    defect: Defect | None = None,
    ticket: Ticket | None = None,
    problem: str = "",
    theirs: list[tuple[str, str]] | None = None,
) -> str:
    return render_template(
        "defects/form.html",
        form=form,
        systems=systems,
        defect=defect,
        ticket=ticket,
        problem=problem,
        theirs=theirs or [],
        duties=defect_duties(me()),
    )


# ── deeds ────────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/defects/<number>/moves/<action>")
@needs(Permission.CURATE_DEFECTS, Permission.REPAIR_DEFECTS)
def move(number: str, action: str) -> Response:
    defect = seen(number)
    if action not in set(DefectAction):
        abort(404)
    form = request.form
    verbs.move(
        db(),
        defect,
        DefectAction(action),
        by=me().id,
        duties=defect_duties(me()),
        note=form.get("note", ""),
        seen=_version(form.get("seen")),
        cause=form.get("cause", ""),
        fixed_in=form.get("fixed_in", ""),
    )
    flash(_("已记录，缺陷现在的状态见上方。"), "success")
    return redirect(url_for("defect_pages.record", number=defect.number))


def _version(given: str | None) -> int | None:
    return int(given) if given and given.isdecimal() and len(given) < 10 else None


@blueprint.post("/defects/<number>/merge")
@needs(Permission.CURATE_DEFECTS)
def merge(number: str) -> Response:
    defect = seen(number)
    into = defect_by_number(db(), request.form.get("into", ""))
    if into is None or not is_visible(into, viewer()):
        raise Refused(N_("没有这个编号的缺陷，请核对后再并入。"))
    merging.merge(
        db(), defect, into, by=me().id, duties=defect_duties(me()), note=request.form.get("note", "")
    )
    flash(_("已并入 %(number)s，工单也一并转过去了。", number=into.number), "success")
    return redirect(url_for("defect_pages.record", number=into.number))


@blueprint.post("/defects/<number>/articles")
@needs(Permission.CURATE_DEFECTS)
def tie_article(number: str) -> Response:
    defect = seen(number)
    article = article_by_number(db(), request.form.get("article", ""))
    if article is None or not (is_readable(article, viewer()) or article_duties(me())):
        raise Refused(N_("没有这个编号的知识，请核对后再关联。"))
    if request.form.get("untie"):
        verbs.untie(db(), defect, article)
    else:
        verbs.tie(db(), defect, article)
    return redirect(url_for("defect_pages.record", number=defect.number, _anchor="articles"))
