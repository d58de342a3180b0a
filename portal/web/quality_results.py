"""What came of follow-ups and inspections, by agent and by unit, with their intervals; the same as a file.

A person's figure rests on few cases: each mean and share stands with its number of cases and its 95 %
interval, so that nobody is praised or blamed for chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import abort, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.columns import now
from portal.insight.estimates import Estimate, mean, rate
from portal.people.models import Unit
from portal.people.queries import unit_by_code, units_in_order
from portal.people.roles import BOUND_TO_UNITS, PERMISSIONS, Permission
from portal.quality import results as sums
from portal.quality.results import Asked, Inspected, Line, Rung
from portal.web.access import needs
from portal.web.labels import named
from portal.web.quality_pages import blueprint
from portal.web.request import db, me
from portal.web.taken_away import TYPES, table

__all__ = ["blueprint"]

P = Permission
LENGTHS = (7, 30, 90, 365)
USUAL_DAYS = 30
FULL, BEST = 100.0, 5.0
#: Below this many cases a figure is marked as resting on few.
FEW = 10


@dataclass(frozen=True, slots=True)
class Told:
    """One line as it is read: each figure with its interval, None where there is nothing to tell."""

    name: str
    inspected: Inspected
    rung: Rung
    score: Estimate | None
    solved: Estimate | None
    satisfaction: Estimate | None
    reached: Estimate | None


@blueprint.get("/quality/results")
@needs(P.READ_QUALITY)
def results() -> str:
    """Over everything within my posts, then by agent and by unit."""
    asked = asked_of_request()
    return render_template(
        "quality/results.html",
        here="quality.results",
        whole=told_of("", *sums.whole(db(), me(), asked)),
        agents=[told(line) for line in sums.by_agent(db(), me(), asked)],
        units=[told(line) for line in sums.by_unit(db(), me(), asked)],
        offered=_offered(),
        unit=asked.unit,
        lengths=LENGTHS,
        days=(asked.until - asked.since).days,
        asked=asked,
        few=FEW,
        may_export=me().may(P.EXPORT),
    )


def asked_of_request() -> Asked:
    """The period and unit that the address asks for; a unit that isn't there is answered with 404."""
    days = request.args.get("days", "")
    length = int(days) if days in {str(one) for one in LENGTHS} else USUAL_DAYS
    unit = request.args.get("unit", "").strip()[:64].replace("\x00", "")
    if unit and (row := unit_by_code(db(), unit)) is None:
        abort(404)
    if unit and row not in _offered():
        abort(404)
    until = now(db()) + timedelta(minutes=1)
    return Asked(until - timedelta(days=length), until, unit)


def _offered() -> list[Unit]:
    """The units that this person may look at: all, or those of the posts that read results."""
    posts = [row for row in me().posts if P.READ_QUALITY in PERMISSIONS[row.post]]
    everyone = units_in_order(db())
    if any(row.post not in BOUND_TO_UNITS for row in posts):
        return everyone
    tops = [row.unit.path for row in posts if row.unit is not None]
    return [unit for unit in everyone if any(unit.path.startswith(top) for top in tops)]


def told(line: Line) -> Told:
    return told_of(named(line), line.inspected, line.rung)


def told_of(name: str, inspected: Inspected, rung: Rung) -> Told:
    """The figures of both sums, with their intervals."""
    return Told(
        name,
        inspected,
        rung,
        score=_within(mean(inspected.n, inspected.total, inspected.squares), 0.0, FULL),
        solved=rate(rung.solved, rung.reached),
        satisfaction=_within(mean(rung.reached, rung.satisfaction, rung.squares), 1.0, BEST),
        reached=rate(rung.reached, rung.n),
    )


def _within(found: Estimate | None, low: float, high: float) -> Estimate | None:
    """An interval doesn't reach beyond what can be given."""
    if found is None:
        return None
    return Estimate(found.value, max(low, found.low), min(high, found.high), found.n)


# ── the same as a file ───────────────────────────────────────────────────────────────────────────


@blueprint.get("/quality/results/export.<kind>")
@needs(P.READ_QUALITY)
def export_results(kind: str) -> Response:
    """CSV or XLSX of the same lines; texts that a spreadsheet would calculate are kept as texts."""
    if kind not in TYPES or not me().may(P.EXPORT):
        abort(404)
    asked, columns = asked_of_request(), _columns()
    file = table(kind, list(columns.values()), _rows(columns, asked))
    return file.called(f"quality-{asked.since:%Y%m%d}-{asked.until:%Y%m%d}.{kind}")


def _columns() -> dict[str, str]:
    return {
        "by": _("分组"),
        "name": _("名称"),
        "inspections": _("质检次数"),
        "score": _("质检平均分"),
        "score_low": _("质检平均分区间下限"),
        "score_high": _("质检平均分区间上限"),
        "vetoed": _("一票否决次数"),
        "appealed": _("申诉次数"),
        "follow_ups": _("回访次数"),
        "reached": _("接通次数"),
        "solved": _("确实解决率"),
        "solved_low": _("确实解决率区间下限"),
        "solved_high": _("确实解决率区间上限"),
        "satisfaction": _("回访满意度"),
        "satisfaction_low": _("回访满意度区间下限"),
        "satisfaction_high": _("回访满意度区间上限"),
    }


def _rows(columns: dict[str, str], asked: Asked) -> Iterator[dict[str, Any]]:
    for by, lines in (
        (_("受理员"), sums.by_agent(db(), me(), asked)),
        (_("单位"), sums.by_unit(db(), me(), asked)),
    ):
        for line in lines:
            values = {"by": by, **_flat(told(line))}
            yield {columns[key]: value for key, value in values.items()}


def _flat(row: Told) -> dict[str, Any]:
    return {
        "name": row.name,
        "inspections": row.inspected.n,
        **_estimate("score", row.score, 1),
        "vetoed": row.inspected.vetoed,
        "appealed": row.inspected.appealed,
        "follow_ups": row.rung.n,
        "reached": row.rung.reached,
        **_estimate("solved", row.solved, 3),
        **_estimate("satisfaction", row.satisfaction, 2),
    }


def _estimate(name: str, found: Estimate | None, digits: int) -> dict[str, Any]:
    if found is None:
        return {name: "", f"{name}_low": "", f"{name}_high": ""}
    return {
        name: round(found.value, digits),
        f"{name}_low": round(found.low, digits),
        f"{name}_high": round(found.high, digits),
    }
