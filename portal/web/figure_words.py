"""Figures in words: values with units, intervals, changes, and the list that each number opens."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Protocol

from flask import url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from portal.insight.definitions import Kind
from portal.insight.estimates import Estimate, difference
from portal.insight.morning import Figure
from portal.tickets.selection import Filter
from portal.web.times import duration

#: Where a field of the filter has another name in the address of a list.
ARGUMENTS = {
    "text": "q",
    "since": "from",
    "until": "to",
    "closed_since": "closed_from",
    "closed_until": "closed_to",
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure as it is read."""

    figure: Figure
    value: str
    interval: str
    before: str
    change: str
    href: str


def tile_of(figure: Figure) -> Tile:
    kind = figure.definition.kind
    return Tile(
        figure,
        value=spoken(kind, figure.now.value if figure.now else None),
        interval=_interval(kind, figure.now),
        before=spoken(kind, figure.before.value if figure.before else None),
        change=_change(kind, figure),
        href=address_of(figure.tickets),
    )


def spoken(kind: Kind, value: float | None) -> str:
    """A value with its unit."""
    if value is None:
        return "—"
    match kind:
        case Kind.RATE:
            return f"{value * 100:.1f}%"
        case Kind.MINUTES:
            return duration(round(value))
        case Kind.SCORE:
            return f"{value:.2f}"
        case _:
            return f"{value:,.0f}"


def _interval(kind: Kind, found: Estimate | None) -> str:
    # What lies on the desk now is counted, not estimated: an interval would only puzzle.
    if found is None or kind == Kind.COUNT:
        return ""
    return _("95%% 区间 %(low)s – %(high)s", low=spoken(kind, found.low), high=spoken(kind, found.high))


def _change(kind: Kind, figure: Figure) -> str:
    if figure.now is None or figure.before is None:
        return _("没有可比的上期")
    gap = difference(figure.now, figure.before)
    return _(
        "变化 %(gap)s（%(low)s 到 %(high)s）",
        gap=_signed(kind, gap.value),
        low=_signed(kind, gap.low),
        high=_signed(kind, gap.high),
    )


def _signed(kind: Kind, value: float) -> str:
    size = f"{abs(value) * 100:.1f}" if kind == Kind.RATE else spoken(kind, abs(value))
    sign = "" if size == _nothing(kind) else "+" if value > 0 else "−"
    return _("%(sign)s%(points)s 个百分点", sign=sign, points=size) if kind == Kind.RATE else sign + size


def _nothing(kind: Kind) -> str:
    """How no change is written; what rounds to it has no sign."""
    return f"{0:.1f}" if kind == Kind.RATE else spoken(kind, 0)


def address_of(wanted: Filter) -> str:
    """The list that shows exactly the tickets of this filter."""
    asked = {
        ARGUMENTS.get(field.name, field.name): _written(getattr(wanted, field.name))
        for field in fields(wanted)
        if getattr(wanted, field.name) != field.default
    }
    return url_for("queues.page", **asked)  # type: ignore[arg-type]  # all of them belong to the address


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return value.isoformat() if isinstance(value, datetime) else str(value)


class Named(Protocol):
    """Something with a name in both languages."""

    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str: ...


def name_of(line: Named) -> str:
    """The name in the viewer's language."""
    return line.name_en if str(get_locale()).startswith("en") and line.name_en else line.name
