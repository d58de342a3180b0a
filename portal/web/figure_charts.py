"""The charts of the manager's page as plain data that the page draws twice: as a chart and as a table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask_babel import gettext as _

from portal.insight import charts
from portal.insight.periods import Period, Scope
from portal.tickets.selection import Filter
from portal.tickets.words import Tier
from portal.web.figure_words import address_of, name_of
from portal.web.labels import label
from portal.web.request import db, parts
from portal.web.times import day


def charts_of(scope: Scope, period: Period, systems: list[charts.Line]) -> dict[str, Any]:
    """Each chart as plain data: names, series, where a bar leads; its table is drawn from the same."""
    return {
        "tiers": _by_tier(scope),
        "units": _by_unit(scope, period),
        "weeks": _by_week(scope, period),
        "systems": _by_system(scope, period, systems[: charts.TOP]),
    }


def _by_tier(scope: Scope) -> dict[str, Any]:
    lines = charts.open_by_system(db(), scope)
    base = Filter(unit=scope.unit, open=True)
    return {
        "title": _("在办工单：层级 × 系统"),
        "names": [name_of(line) for line in lines],
        "series": [
            {"name": label(tier), "data": [line.numbers[number] for line in lines]}
            for number, tier in enumerate(Tier)
        ],
        "links": [
            [address_of(replace(base, system=line.code, tier=tier)) for line in lines] for tier in Tier
        ],
        "stack": True,
        "kind": "bar",
    }


def _by_unit(scope: Scope, period: Period) -> dict[str, Any]:
    lines = charts.open_by_unit(db(), scope, period.until)
    base = Filter(system=scope.system, open=True)
    return {
        "title": _("在办工单：单位"),
        "names": [name_of(line) for line in lines],
        "series": [
            {"name": _("时限内"), "data": [line.numbers[0] for line in lines]},
            {"name": _("已超时"), "data": [line.numbers[1] for line in lines], "tone": "now"},
        ],
        "links": [
            [address_of(replace(base, unit=line.code)) for line in lines],
            [address_of(replace(base, unit=line.code, overdue=True)) for line in lines],
        ],
        "stack": True,
        "kind": "bar",
    }


def _by_week(scope: Scope, period: Period) -> dict[str, Any]:
    weeks = Period(period.until - charts.QUARTER, period.until).weeks()
    rows = charts.categories_by_week(db(), scope, period.until)
    place = Filter(system=scope.system, unit=scope.unit)
    return {
        "title": _("每周提交：类别"),
        "names": [day(week.since.astimezone(parts().settings.zone).date()) for week in weeks],
        "series": [{"name": label(category), "data": list(numbers)} for category, numbers in rows],
        "links": [
            [
                address_of(replace(place, category=category, since=week.since, until=week.until))
                for week in weeks
            ]
            for category, _numbers in rows
        ],
        "stack": True,
        "kind": "area",
    }


def _by_system(scope: Scope, period: Period, lines: list[charts.Line]) -> dict[str, Any]:
    spans = (period.before, period)
    return {
        "title": _("各系统提交的工单"),
        "names": [name_of(line) for line in lines],
        "series": [
            {"name": name, "data": [line.numbers[number] for line in lines], "tone": tone}
            for number, (name, tone) in enumerate(((_("上期"), "pale"), (_("本期"), "main")))
        ],
        "links": [
            [
                address_of(Filter(system=line.code, unit=scope.unit, since=part.since, until=part.until))
                for line in lines
            ]
            for part in spans
        ],
        "stack": False,
        "kind": "bar",
    }
