"""The manager's page: figures against the period before, what changed and where to look, then charts.

Every figure is a link to its tickets: ``address_of`` writes the filter that was counted as the arguments
that the queue reads. Nothing is counted here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _

from portal.causes.bursts.lists import going_on
from portal.insight import charts
from portal.insight.definitions import GROUPS
from portal.insight.morning import morning as figures_of
from portal.insight.periods import LENGTHS, Period, Scope
from portal.insight.quality import LABEL, quality
from portal.people.roles import Permission
from portal.tickets import desk
from portal.tickets.selection import Filter
from portal.web.access import needs
from portal.web.deflection import blueprint
from portal.web.figure_charts import charts_of
from portal.web.figure_scope import asked_period, asked_scope, bounds, offered
from portal.web.figure_words import Tile, address_of, name_of, tile_of
from portal.web.request import db, me

__all__ = ["blueprint"]

USUAL_DAYS = 30
SEVERAL = 4


@blueprint.get("/figures")
@needs(Permission.READ_FIGURES)
def morning() -> str:
    """The page of a service manager's morning."""
    scope, period = asked_scope(), asked_period(LENGTHS, usual=USUAL_DAYS)
    found = {key: tile_of(figure) for key, figure in figures_of(db(), scope, period).items()}
    there = url_for("figures.deflection", system=scope.system or None, unit=scope.unit or None)
    found["deflection"] = replace(found["deflection"], href=there)
    systems = charts.systems_by_tickets(db(), scope, period)
    return render_template(
        "figures/page.html",
        scope=scope,
        period=period,
        lengths=LENGTHS,
        days=(period.until - period.since).days,
        groups=[(name, [found[key] for key in keys]) for name, keys in GROUPS] + _quality(scope, period),
        news=_bursting() + news_of(scope, period, found, systems),
        overdue=[_late(ticket) for ticket in charts.longest_overdue(db(), scope, period.until)],
        late_href=address_of(Filter(system=scope.system, unit=scope.unit, open=True, overdue=True)),
        defects=charts.top_defects(db(), scope, period.until),
        systems=systems[: charts.TOP],
        charts=charts_of(scope, period, systems),
        offered=offered(),
        bounds=bounds(),
        here="figures.morning",
        list_of=address_of,
        filter_of=Filter,
        quarter=period.until - charts.QUARTER,
    )


def _quality(scope: Scope, period: Period) -> list[tuple[str, list[Tile]]]:
    """The row of those who read results; each figure leads to them."""
    if not me().may(Permission.READ_QUALITY):
        return []
    days = (period.until - period.since).days
    href = url_for("quality.results", days=days, unit=scope.unit)
    return [(LABEL, [replace(tile_of(figure), href=href) for figure in quality(db(), scope, period)])]


# ── what changed and where to look ───────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class News:
    """One sentence with the list it points to; ``tone`` is now, good or plain."""

    sentence: str
    href: str
    tone: str


def news_of(scope: Scope, period: Period, found: dict[str, Tile], systems: list[charts.Line]) -> list[News]:
    """Figures that clearly changed, then the systems and units that moved them."""
    changed = [_changed(tile) for tile in found.values() if tile.figure.is_worse or tile.figure.is_better]
    units = charts.units_by_tickets(db(), scope, period)
    moved = charts.movers("system", systems) + charts.movers("unit", units)
    changed.sort(key=lambda news: news.tone != "now")
    return changed[:6] + [_moved(scope, period, mover) for mover in moved[:SEVERAL]]


def _bursting() -> list[News]:
    """What comes in so much more than usual right now comes first."""
    count = going_on(db(), me())
    if not count:
        return []
    return [News(_("现在有 %(n)s 个突发，看是哪些系统、多了多少", n=count), url_for("bursts.page"), "now")]


def _changed(tile: Tile) -> News:
    name = _(tile.figure.definition.label)
    words = {"name": name, "now": tile.value, "before": tile.before}
    if tile.figure.is_worse:
        return News(_("%(name)s变差：%(now)s，上期 %(before)s", **words), tile.href, "now")
    return News(_("%(name)s好转：%(now)s，上期 %(before)s", **words), tile.href, "good")


def _moved(scope: Scope, period: Period, mover: charts.Mover) -> News:
    system = mover.code if mover.kind == "system" else scope.system
    unit = mover.code if mover.kind == "unit" else scope.unit
    href = address_of(Filter(system=system, unit=unit, since=period.since, until=period.until))
    words = {"name": name_of(mover), "now": mover.now, "before": mover.before}
    if mover.z > 0:
        return News(_("%(name)s的工单明显变多：%(now)s 张，上期 %(before)s 张", **words), href, "now")
    return News(_("%(name)s的工单明显变少：%(now)s 张，上期 %(before)s 张", **words), href, "plain")


def _late(ticket: Any) -> tuple[Any, Any]:
    return ticket, desk.clock_of(db(), ticket)
