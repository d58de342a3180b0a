"""Reports to those responsible for scripts: what was sent, unchanged, to whom the pages would show it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import abort
from flask.views import MethodView

from portal.api import callers
from portal.api.arguments import Blueprint
from portal.api.paging import page_of
from portal.api.schemas.reports import ReportListOut, ReportOut, ReportsIn
from portal.causes.voice import issuing, readers
from portal.causes.voice.models import VoiceReport
from portal.causes.voice.stretches import Rhythm
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.request import db, me

blueprint = Blueprint("api_reports", __name__, description="Reports on the problems of each system")
blueprint.before_request(callers.check_call)


@blueprint.route("/insight/reports")
class Reports(MethodView):
    @needs(Permission.READ_STAFF_TEXTS)
    @blueprint.arguments(ReportsIn, location="query")
    @blueprint.response(200, ReportListOut)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The reports of the systems the caller answers for; of all for readers of figures. Newest first."""
        reach = readers.reach_of(db(), me())
        rhythm = Rhythm(asked["rhythm"]) if asked["rhythm"] else None
        wanted = issuing.reports_in(reach, system=asked["system"], rhythm=rhythm).order_by(None)
        page = page_of(db(), wanted, VoiceReport, limit=asked["limit"], cursor=asked["cursor"])
        return {**page, "items": [_told(row) for row in page["items"]]}


@blueprint.route("/insight/reports/<int:number>")
class OneReport(MethodView):
    @needs(Permission.READ_STAFF_TEXTS)
    @blueprint.response(200, ReportOut)
    def get(self, number: int) -> dict[str, Any]:
        """One report as it was sent."""
        reach = readers.reach_of(db(), me())
        row = issuing.report_seen(db(), reach, number)
        return _told(row or abort(404))


def _told(row: VoiceReport) -> dict[str, Any]:
    report = issuing.report_of(row)
    return {
        "id": row.id,
        "system": row.system,
        "rhythm": row.rhythm.value,
        "first": row.first,
        "last": report.stretch.last,
        "at": row.at,
        "sums": asdict(report.sums),
        "lines": [asdict(line) for line in report.lines],
        "changes": [asdict(change) for change in report.changes],
        "more_changes": report.more_changes,
    }
