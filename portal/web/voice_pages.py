"""Reports to those responsible: what was sent, one as it was, the next one before it is sent, as a file.

Staff see the reports of the systems they answer for, whoever reads figures sees all; any other is 404.
Counting and telling are ``portal.causes.voice``'s. The invariant: an old report is shown from what was kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects.models import SEVERITY_LABELS
from kb.columns import now
from kb.counting import count_of
from portal.catalogue.models import System
from portal.catalogue.queries import systems_by_code
from portal.causes.voice import issuing, readers
from portal.causes.voice.gathering import gathered
from portal.causes.voice.models import VoiceReport
from portal.causes.voice.readers import Reach
from portal.causes.voice.report import Line, Report
from portal.causes.voice.stretches import CHOICE_LABELS, RHYTHM_LABELS, Rhythm, Stretch, stretch_of
from portal.people import audit
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.auth import local_path
from portal.web.labels import label, translated
from portal.web.paging import pages
from portal.web.request import db, me, only_asks, parts, write_now
from portal.web.taken_away import TYPES, table

blueprint = Blueprint("voice", __name__)

STAFF = Permission.READ_STAFF_TEXTS
PER_PAGE = 30


# ── what was sent ────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/reports")
@needs(STAFF)
def page() -> str:
    reach = readers.reach_of(db(), me())
    system, rhythm = request.args.get("system", ""), _rhythm()
    wanted = issuing.reports_in(reach, system=system, rhythm=rhythm)
    if first := _day(request.args.get("first", "")):
        wanted = wanted.where(VoiceReport.first == first)
    cursor = pages(count_of(db(), wanted), per_page=PER_PAGE)
    rows = db().scalars(wanted.limit(cursor.per_page).offset(cursor.offset)).all()
    return render_template(
        "voice/page.html",
        rows=[(row, issuing.report_of(row)) for row in rows],
        cursor=cursor,
        offered=_offered(reach),
        chosen=system,
        rhythm=rhythm,
        first=first,
        systems=systems_by_code(db()),
        rhythms=RHYTHM_LABELS,
    )


def _rhythm() -> Rhythm | None:
    given = request.args.get("rhythm", "")
    return Rhythm(given) if given in set(Rhythm) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _offered(reach: Reach) -> list[System]:
    """The systems in use of which this person may read reports."""
    return [row for row in systems_by_code(db()).values() if row.active and reach.holds(row.code)]


@blueprint.post("/reports/wish")
@needs(STAFF)
def wish() -> Response:
    """How often I want to be told."""
    readers.choose(db(), me(), request.form.get("choice", ""))
    flash(_("已保存，从下一期报告起生效。"), "success")
    return redirect(local_path(request.form.get("next") or url_for("voice.page")))


@blueprint.app_template_global()
def report_wish() -> dict[str, Any] | None:
    """What the form of wishes offers and what was chosen; None for whom reports never come to."""
    if not readers.answers_for_some(db(), me()):
        return None
    return {"choices": CHOICE_LABELS, "chosen": readers.choices_of(db(), [me()])[me().id]}


# ── one report ───────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/reports/<int:number>")
@needs(STAFF)
def report(number: int) -> str:
    row = _seen(number)
    earlier, later = issuing.neighbours(db(), row)
    return _report_page(issuing.report_of(row), row=row, earlier=earlier, later=later)


def _seen(number: int) -> VoiceReport:
    reach = readers.reach_of(db(), me())
    return issuing.report_seen(db(), reach, number) or abort(404)


@blueprint.get("/reports/next")
@needs(STAFF)
def preview() -> Response | str:
    """The report of the period that is not over yet, as it would be if it ended now."""
    offered = _offered(readers.reach_of(db(), me()))
    asked = request.args.get("system", "")
    if asked and asked not in {row.code for row in offered}:
        abort(404)
    if not offered:
        return redirect(url_for("voice.page"))
    return _report_page(_to_come(asked or offered[0].code, _rhythm() or Rhythm.WEEKLY))


def _to_come(system: str, rhythm: Rhythm) -> Report:
    zone, at = parts().settings.zone, now(db())
    stretch = stretch_of(rhythm, at.astimezone(zone).date())
    return gathered(db(), stretch, zone=zone, upto=at, system=system)[system]


def _report_page(
    found: Report, *, row: VoiceReport | None = None, earlier: int | None = None, later: int | None = None
) -> str:
    return render_template(
        "voice/report.html",
        report=found,
        row=row,
        earlier=earlier,
        later=later,
        systems=systems_by_code(db()),
        severities=SEVERITY_LABELS,
        rhythms=RHYTHM_LABELS,
        due_from=_due_from(found.stretch) if row is None else None,
        today=_today(),
    )


def _due_from(stretch: Stretch) -> datetime:
    """When it is sent: the first working moment after its end."""
    end = stretch.until(parts().settings.zone)
    return issuing.desk_calendar(db(), end).after(end, 0)


def _today() -> date:
    return now(db()).astimezone(parts().settings.zone).date()


# ── as a file ────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/reports/<int:number>/export/<kind>")
@needs(STAFF)
@only_asks
def export(number: int, kind: str) -> Response:
    """The records of a report; whoever may read it may keep it."""
    row = _seen(number)
    if kind not in TYPES:
        abort(404)
    found = issuing.report_of(row)
    columns = list(_columns(None))
    file = table(kind, columns, (_columns(line) for line in found.lines))
    name = f"report-{row.system}-{row.first:%Y%m%d}.{kind}"
    audit.record(write_now(), "export", "report", subject_id=number, by=me(), records=file.count)
    return file.called(name)


def _columns(line: Line | None) -> dict[str, Any]:
    """What the file says of a record, under the names of its columns; without one, the names alone."""
    return dict(_cells(line))


def _cells(line: Line | None) -> Iterator[tuple[str, Any]]:
    def said(name: str) -> Any:
        return getattr(line, name) if line is not None else None

    yield _("编号"), said("number")
    yield _("标题"), said("title")
    yield _("状态"), label(said("state"))
    yield _("严重程度"), translated(SEVERITY_LABELS[line.severity]) if line else ""
    yield _("模块"), said("module")
    yield _("重点问题"), (_("是") if said("key") else "")
    yield _("整改期限"), said("due_on")
    yield _("已有天数"), said("age")
    yield _("本期工单"), said("tickets")
    yield _("上期工单"), said("before")
    yield _("累计工单"), said("total")
    yield _("本期复发"), said("recurred")
    yield _("累计复发"), said("recurrences")
    yield _("本期验证不通过"), said("failed")
    yield _("累计验证不通过"), said("failures")
    yield _("工单验证退回"), said("returned")
    yield _("等修复的用户"), said("parked")
    yield _("中台负责人"), said("middle")
    yield _("后台负责人"), said("back")
