"""The page 咨询分流: how questions ended, what articles prevented, and the same as a file.

Nothing is counted here: the verbs of ``portal.insight.deflection`` and ``deflection_lines`` are, and the API
calls the same ones. The invariant: every number stands beside its definition, and no number at all where
there is not enough data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.insight.deflection import Tally
from portal.insight.deflection import deflection as deflection_of
from portal.insight.deflection_lines import (
    ArticleLine,
    Line,
    WeekLine,
    by_article,
    by_system,
    by_unit,
    by_week,
)
from portal.insight.deflection_words import FINDINGS, LEAST, MEANINGS
from portal.insight.effects import Effect, Finding
from portal.insight.estimates import Estimate
from portal.insight.periods import Period, Scope
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.figure_scope import asked_period, asked_scope, bounds, offered
from portal.web.figure_words import name_of
from portal.web.paging import PER_PAGE, Pages, asked_page
from portal.web.refusals import is_fragment
from portal.web.request import db, me, parts
from portal.web.taken_away import TYPES, table
from portal.web.times import day

#: The manager's first page hangs its own view on it, too.
blueprint = Blueprint("figures", __name__)

#: Shorter ones have hardly a question whose seven days are over.
LENGTHS = (30, 90, 182)
USUAL_DAYS = 90


@blueprint.get("/figures/deflection")
@needs(Permission.READ_FIGURES)
def deflection() -> str:
    """Funnel, experiment, trend, then lines; each table can be had as a file."""
    scope, period = asked_scope(), asked_period(LENGTHS, usual=USUAL_DAYS)
    found = deflection_of(db(), scope, period)
    weeks = by_week(db(), scope, period)
    return render_template(
        "figures/deflection.html",
        here="figures.deflection",
        scope=scope,
        period=period,
        days=(period.until - period.since).days,
        lengths=LENGTHS,
        offered=offered(),
        bounds=bounds(),
        found=found,
        funnel=funnel_of(found.whole),
        verdict=verdict_of(found.effect),
        trend=_trend(weeks),
        weeks=weeks,
        systems=by_system(db(), scope, period),
        units=by_unit(db(), scope, period),
        meanings=MEANINGS,
        share_held=parts().settings.holdout_share,
        may_export=me().may(Permission.EXPORT),
    )


@blueprint.get("/figures/deflection/articles")
@needs(Permission.READ_FIGURES)
def deflection_articles() -> str:
    """What each article came to: the costliest table of a large desk, so the rest doesn't wait for it."""
    scope, period = asked_scope(), asked_period(LENGTHS, usual=USUAL_DAYS)
    offset = (asked_page() - 1) * PER_PAGE
    articles, total = by_article(db(), scope, period, limit=PER_PAGE, offset=offset)
    template = "_deflection_articles" if is_fragment() else "deflection_articles"
    return render_template(
        f"figures/{template}.html",
        here="figures.deflection",
        scope=scope,
        period=period,
        days=(period.until - period.since).days,
        articles=articles,
        cursor=Pages(asked_page(), total),
        meanings=MEANINGS,
        may_export=me().may(Permission.EXPORT),
    )


# ── what is told ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Step:
    """One bar of the funnel: how many, and which share of all questions."""

    key: str
    count: int
    share: float


def funnel_of(whole: Tally) -> list[Step]:
    """From asking to what lasted."""
    values = {name: getattr(whole, name) for name in ("asked", "offered", "opened", "solved", "stayed")}
    return [Step(name, count, count / whole.asked if whole.asked else 0.0) for name, count in values.items()]


def verdict_of(effect: Effect) -> str:
    """The sentence that the numbers allow."""
    finding, told = effect.finding, effect.prevented
    words: dict[str, Any] = {"people": effect.least, "least": LEAST}
    if told is not None:
        turned = -1 if finding == Finding.MORE else 1
        low, high = sorted((turned * told.low, turned * told.high))
        words |= {"value": _hundred(turned * told.value), "low": _hundred(low), "high": _hundred(high)}
    return _(FINDINGS[finding], **words)


def _hundred(value: float) -> str:
    """Per hundred questions, with a true minus sign."""
    text = f"{abs(value) * 100:.1f}"
    return f"−{text}" if value < 0 and float(text) else text


def _trend(lines: list[WeekLine]) -> dict[str, Any]:
    """Questions by week and how they ended, as plain data: the page draws it as a chart and as a table."""
    zone = parts().settings.zone
    endings = ("stayed", "returned", "filed", "left_filed", "left")
    return {
        "title": _("每周求助怎样结束"),
        "names": [day(line.period.since.astimezone(zone).date()) for line in lines],
        "series": [
            {"name": _(MEANINGS[key][0]), "data": [getattr(line.tally, key) for line in lines]}
            for key in endings
        ],
        "links": [],
        "stack": True,
        "kind": "area",
    }


# ── the same as a file ───────────────────────────────────────────────────────────────────────────


@blueprint.get("/figures/deflection/export.<kind>")
@needs(Permission.READ_FIGURES)
def export_deflection(kind: str) -> Response:
    """CSV or XLSX of one table; texts that a spreadsheet would calculate are kept as texts."""
    by = request.args.get("by", "system")
    if kind not in TYPES or by not in TABLES or not me().may(Permission.EXPORT):
        abort(404)
    scope, period = asked_scope(), asked_period(LENGTHS, usual=USUAL_DAYS)
    rows = list(TABLES[by](scope, period))
    columns = list(rows[0]) if rows else [_("没有数据")]
    name = f"deflection-{by}-{period.since:%Y%m%d}-{period.until:%Y%m%d}.{kind}"
    return table(kind, columns, rows).called(name)


Cells = dict[str, Any]


def _system_rows(scope: Scope, period: Period) -> Iterator[Cells]:
    return (_line_cells(_("系统"), line) for line in by_system(db(), scope, period))


def _unit_rows(scope: Scope, period: Period) -> Iterator[Cells]:
    return (_line_cells(_("单位"), line) for line in by_unit(db(), scope, period))


def _week_rows(scope: Scope, period: Period) -> Iterator[Cells]:
    zone = parts().settings.zone
    for line in by_week(db(), scope, period):
        yield {_("周"): line.period.since.astimezone(zone).date(), **_tally_cells(line.tally)}


def _article_rows(scope: Scope, period: Period) -> Iterator[Cells]:
    return (_article_cells(line) for line in by_article(db(), scope, period)[0])


#: What can be asked for as a file.
TABLES: Mapping[str, Callable[[Scope, Period], Iterator[Cells]]] = {
    "week": _week_rows,
    "system": _system_rows,
    "unit": _unit_rows,
    "article": _article_rows,
}


def _line_cells(by: str, line: Line) -> Cells:
    return {_("代码"): line.code, by: name_of(line), **_tally_cells(line.tally)}


def _tally_cells(tally: Tally) -> Cells:
    counts = {_(MEANINGS[field.name][0]): getattr(tally, field.name) for field in fields(Tally)}
    return counts | _rate_cells(_("自助解决率"), tally.rate)


def _article_cells(line: ArticleLine) -> Cells:
    return {
        _("编号"): line.number,
        _("标题"): line.title,
        _("显示"): line.shown,
        _("打开过"): line.opened,
        _("说“解决了”"): line.solved,
        _("又回来提单"): line.returned,
        _("打开后提单"): line.filed,
        **_rate_cells(_("知识的真正解决率"), line.rate),
    }


def _rate_cells(name: str, found: Estimate | None) -> Cells:
    return {
        name: "" if found is None else round(found.value, 4),
        _("区间下限"): "" if found is None else round(found.low, 4),
        _("区间上限"): "" if found is None else round(found.high, 4),
    }
