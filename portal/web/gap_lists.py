"""What the list of gaps asks for in its address, and the same list as a file. Routes are in ``gaps``.

Cells that a spreadsheet would take for a formula are guarded where every export's cells are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import IO

from flask import request
from flask_babel import gettext as _

from kb.models import Article
from portal.catalogue.queries import systems_in_order
from portal.curation.gaps.flow import GapState
from portal.curation.gaps.lists import PERIOD, PERIODS, Line, Order, Wanted, gaps_listed
from portal.curation.gaps.record import may_be_named
from portal.web.labels import label, named
from portal.web.request import db, me, parts
from portal.web.taken_away import table

ALL = "all"
MOST = 2_000
LONGEST = 100


def wanted_of(given: Mapping[str, str]) -> Wanted:
    """Nonsense in an address means what an empty one does: the gaps that wait."""
    state, order, days = given.get("state", ""), given.get("order", ""), given.get("days", "")
    length = int(days) if days.isdecimal() and len(days) < 5 else PERIOD
    return Wanted(
        state=None if state == ALL else GapState(state) if state in set(GapState) else GapState.OPEN,
        days=length if length in PERIODS else PERIOD,
        system=given.get("system", "")[:LONGEST],
        unit=given.get("unit", "")[:LONGEST],
        text=given.get("q", "").strip()[:LONGEST],
        mine=me().id if given.get("mine") == "1" else None,
        order=Order(order) if order in set(Order) else Order.PEOPLE,
    )


def arguments() -> dict[str, str]:
    """What narrows the list now, for the addresses of its tabs."""
    names = ("days", "system", "unit", "q", "mine", "order")
    return {name: value for name in names if (value := request.args.get(name, ""))}


def system_names() -> dict[str, str]:
    return {row.code: named(row) for row in systems_in_order(db(), active_only=False)}


Cell = Callable[[Line], object]


def columns() -> list[tuple[str, Cell]]:
    systems = system_names()
    zone = parts().settings.zone
    return [
        (_("缺口"), lambda line: line.gap.title),
        (_("状态"), lambda line: label(line.gap.state)),
        (_("人数"), lambda line: line.people),
        (_("次数"), lambda line: line.asks),
        (_("单位数"), lambda line: line.units),
        (_("近四周人数"), lambda line: line.lately),
        (_("之前四周人数"), lambda line: line.before),
        (_("最近一次"), lambda line: line.last_at.astimezone(zone).isoformat() if line.last_at else ""),
        (_("系统"), lambda line: systems.get(line.gap.system, line.gap.system)),
        (_("用户的说法"), lambda line: "\n".join(line.examples)),
        (_("负责人"), lambda line: line.gap.assignee.name if line.gap.assignee else ""),
        (_("知识"), lambda line: named_article(line.gap.article)),
        (_("原因"), lambda line: line.gap.reason),
        (_("发布前每周"), lambda line: _weekly(line, after=False)),
        (_("发布后每周"), lambda line: _weekly(line, after=True)),
        (_("结论"), lambda line: label(line.course.verdict) if line.course else ""),
    ]


def named_article(article: Article | None) -> str:
    """Its number, for those who may know of it."""
    return article.number if article is not None and may_be_named(article, me()) else ""


def _weekly(line: Line, *, after: bool) -> object:
    if line.course is None:
        return ""
    return round((line.course.after if after else line.course.before).weekly, 2)


def written(wanted: Wanted) -> tuple[IO[bytes], int]:
    """The list as CSV, and how many lines it has."""
    cells = columns()
    held = table("csv", [name for name, _cell in cells], _rows(wanted, cells))
    return held.file, held.count


def _rows(wanted: Wanted, cells: list[tuple[str, Cell]]) -> Iterator[dict[str, object]]:
    for line in gaps_listed(db(), wanted, limit=MOST).lines:
        yield {name: cell(line) for name, cell in cells}
