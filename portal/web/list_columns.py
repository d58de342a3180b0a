"""A ticket's columns in words, for exports; and the heads of a list that sort by them.

On the page each column has a look of its own (``templates/queues/_cells.html``); which columns there are is
said in ``portal.tickets.views.columns``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from portal.tickets.models import Ticket
from portal.tickets.selection import FOR_THE_PAST, Order
from portal.tickets.views.columns import COLUMN_LABELS, SORTED_BY, Column
from portal.tickets.words import PRIORITY_LABELS
from portal.web.labels import label, named, sub_label
from portal.web.list_asked import Asked, turned_to
from portal.web.request import parts

Cell = Callable[[Ticket], object]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: its name, the address that sorts by it, and which way it is sorted now."""

    column: Column
    name: str
    url: str = ""
    sorted: str = ""  # ascending or descending, as a screen reader says it


def heads_of(asked: Asked, columns: tuple[Column, ...]) -> list[Head]:
    return [_head(asked, column) for column in columns]


def _head(asked: Asked, column: Column) -> Head:
    order, name = SORTED_BY.get(column), _(COLUMN_LABELS[column])
    if order is None or (asked.wanted.looks_back and order not in FOR_THE_PAST):
        return Head(column, name)
    here = asked.wanted.order == order
    turn = "1" if here and not asked.wanted.turned else ""
    url = turned_to(_place(asked), order=order.value, turned=turn)
    return Head(column, name, url, _direction(order, turned=asked.wanted.turned) if here else "")


def _place(asked: Asked) -> Mapping[str, str]:
    """Where one is: the address, and the pile when the address left it open."""
    tab = {"tab": asked.wanted.tab.value} if asked.wanted.tab else {}
    return {**tab, **asked.address}


#: Orders that begin with the greatest.
FROM_THE_TOP = frozenset({Order.FILED, Order.UPDATED, Order.CLOSED, Order.NUMBER, Order.URGES, Order.RETURNS})


def _direction(order: Order, *, turned: bool) -> str:
    return "ascending" if (order in FROM_THE_TOP) is turned else "descending"


def headings(columns: tuple[Column, ...]) -> list[tuple[str, Cell]]:
    """The columns of an export: a heading in the viewer's language and what stands under it."""
    return [(name, cell) for column in columns for name, cell in CELLS[column]()]


def _one(column: Column, cell: Cell) -> Callable[[], list[tuple[str, Cell]]]:
    return lambda: [(_(COLUMN_LABELS[column]), cell)]


def _written(value: datetime | None) -> str:
    """A moment as a spreadsheet reads and sorts it, where the desk is."""
    return value.astimezone(parts().settings.zone).strftime("%Y-%m-%d %H:%M") if value else ""


def _ticket() -> list[tuple[str, Cell]]:
    return [(_("工单号"), lambda row: row.number), (_("标题"), lambda row: row.title)]


def _where() -> list[tuple[str, Cell]]:
    return [(_("层级"), lambda row: label(row.tier)), (_("状态"), lambda row: label(row.state))]


def _category() -> list[tuple[str, Cell]]:
    return [
        (_("类别"), lambda row: label(row.category)),
        (_("细类"), lambda row: sub_label(row.category, row.sub)),
    ]


CELLS: dict[Column, Callable[[], list[tuple[str, Cell]]]] = {
    Column.DUE: lambda: [(_("办结时限"), lambda row: _written(row.close_due))],
    Column.TICKET: _ticket,
    Column.WHERE: _where,
    Column.PRIORITY: _one(Column.PRIORITY, lambda row: _(PRIORITY_LABELS[row.priority])),
    Column.CATEGORY: _category,
    Column.SYSTEM: _one(Column.SYSTEM, lambda row: named(row.system)),
    Column.MODULE: _one(Column.MODULE, lambda row: row.module or ""),
    Column.VERSION: _one(Column.VERSION, lambda row: row.running_version),
    Column.REQUESTER: _one(Column.REQUESTER, lambda row: named(row.requester)),
    Column.UNIT: _one(Column.UNIT, lambda row: named(row.unit)),
    Column.HOLDER: _one(Column.HOLDER, lambda row: named(row.holder) if row.holder else ""),
    Column.CHANNEL: _one(Column.CHANNEL, lambda row: label(row.channel)),
    Column.FILED: _one(Column.FILED, lambda row: _written(row.filed_at)),
    Column.UPDATED: _one(Column.UPDATED, lambda row: _written(row.updated_at)),
    Column.CLOSED: _one(Column.CLOSED, lambda row: _written(row.closed_at)),
    Column.URGES: _one(Column.URGES, lambda row: row.urges),
    Column.RETURNS: _one(Column.RETURNS, lambda row: row.returns),
    Column.REOPENS: _one(Column.REOPENS, lambda row: row.reopens),
    Column.RATING: _one(Column.RATING, lambda row: row.rating),
}
