"""What the record page shows of a defect over time: two charts and their tables, marks, alarms.

Counting is in ``portal.tickets.curves``. The invariant: chart and table are drawn from the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _

from defects.models import Defect
from portal.causes.alarms import lists
from portal.tickets.curves import MARK_LABELS, OTHERS, UNKNOWN, Curve, Curves, Mark, MarkKind, curves_of
from portal.web.alarms import words
from portal.web.labels import named
from portal.web.request import db, me, parts
from portal.web.times import day

#: Names of units that a mark tells; the rest are counted.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Told:
    """A mark in words."""

    day: date
    kind: MarkKind
    text: str


def occurrences_of(defect: Defect, *, today: date) -> dict[str, Any]:
    """Everything that ``defects/_occurrences.html`` draws."""
    curves = curves_of(db(), defect, zone=parts().settings.zone, today=today)
    marks = [Told(mark.day, mark.kind, _sentence(mark)) for mark in curves.marks]
    return {
        "curves": curves,
        "marks": marks,
        "chart": _chart(curves, marks),
        "tables": [
            _table(curves, _("每周工单：单位"), _units(curves), curves.by_unit),
            _table(curves, _("每周工单：版本"), _versions(curves), curves.by_version),
        ],
        "alarms": lists.of_record(db(), me(), defect),
        **words(),
    }


def _units(curves: Curves) -> list[str]:
    rows = curves.provinces.rows
    return [
        named(rows[curve.name]) if curve.name in rows else _(curve.name or OTHERS) for curve in curves.by_unit
    ]


def _versions(curves: Curves) -> list[str]:
    return [_(curve.name) if curve.name == UNKNOWN else curve.name for curve in curves.by_version]


def _chart(curves: Curves, marks: Sequence[Told]) -> dict[str, Any]:
    """A mark stands on the Monday of its week; those before the first week have none."""
    first = curves.weeks[0]
    return {
        "weeks": [day(week) for week in curves.weeks],
        "units": _series(_units(curves), curves.by_unit),
        "versions": _series(_versions(curves), curves.by_version),
        "marks": [
            {"at": (mark.day - first).days // 7, "kind": mark.kind, "name": _(MARK_LABELS[mark.kind])}
            for mark in marks
            if first <= mark.day
        ],
    }


def _series(names: Sequence[str], curves: Sequence[Curve]) -> list[dict[str, Any]]:
    return [{"name": name, "data": curve.tickets} for name, curve in zip(names, curves, strict=True)]


def _table(
    curves: Curves, title: str, names: list[str], lines: Sequence[Curve]
) -> tuple[str, str, list[str], list[tuple[date, list[int]]]]:
    rows = [
        (week, [curve.tickets[place] for curve in lines])
        for place, week in enumerate(curves.weeks)
        if curves.total[place]
    ]
    return title, _("周一"), names, rows


def _sentence(mark: Mark) -> str:
    if mark.kind != MarkKind.DEPLOYED:
        return _(MARK_LABELS[mark.kind])
    units = _("、").join(mark.units[:NAMED])
    if len(mark.units) > NAMED:
        return _(
            "部署 %(version)s：%(units)s 等 %(n)s 个单位",
            version=mark.version,
            units=units,
            n=len(mark.units),
        )
    return _("部署 %(version)s：%(units)s", version=mark.version, units=units)
