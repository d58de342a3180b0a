"""The columns a list of tickets can have, in the order they are offered, and what sorts by them. Pure.

How a column looks is the page's business and the export's; which there are is said only here.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from indexer.words import N_
from portal.tickets.selection import Order


class Column(StrEnum):
    DUE = "due"
    TICKET = "ticket"
    WHERE = "where"
    PRIORITY = "priority"
    CATEGORY = "category"
    SYSTEM = "system"
    MODULE = "module"
    VERSION = "version"
    REQUESTER = "requester"
    UNIT = "unit"
    HOLDER = "holder"
    CHANNEL = "channel"
    FILED = "filed"
    UPDATED = "updated"
    CLOSED = "closed"
    URGES = "urges"
    RETURNS = "returns"
    REOPENS = "reopens"
    RATING = "rating"


COLUMN_LABELS = {
    Column.DUE: N_("时限"),
    Column.TICKET: N_("工单"),
    Column.WHERE: N_("走到哪里"),
    Column.PRIORITY: N_("优先级"),
    Column.CATEGORY: N_("类别"),
    Column.SYSTEM: N_("系统"),
    Column.MODULE: N_("模块"),
    Column.VERSION: N_("运行版本"),
    Column.REQUESTER: N_("用户"),
    Column.UNIT: N_("单位"),
    Column.HOLDER: N_("处理人"),
    Column.CHANNEL: N_("渠道"),
    Column.FILED: N_("提交"),
    Column.UPDATED: N_("最近动静"),
    Column.CLOSED: N_("办结时间"),
    Column.URGES: N_("催单"),
    Column.RETURNS: N_("退回"),
    Column.REOPENS: N_("重开"),
    Column.RATING: N_("评分"),
}
#: What a list shows to somebody who has chosen nothing.
ORDINARY = (
    Column.DUE,
    Column.TICKET,
    Column.WHERE,
    Column.CATEGORY,
    Column.SYSTEM,
    Column.REQUESTER,
    Column.HOLDER,
    Column.FILED,
)
#: A list without it would lead nowhere.
ALWAYS = Column.TICKET
SORTED_BY = {
    Column.DUE: Order.DUE,
    Column.TICKET: Order.NUMBER,
    Column.WHERE: Order.STATE,
    Column.PRIORITY: Order.PRIORITY,
    Column.CATEGORY: Order.CATEGORY,
    Column.SYSTEM: Order.SYSTEM,
    Column.REQUESTER: Order.REQUESTER,
    Column.UNIT: Order.UNIT,
    Column.HOLDER: Order.HOLDER,
    Column.FILED: Order.FILED,
    Column.UPDATED: Order.UPDATED,
    Column.CLOSED: Order.CLOSED,
    Column.URGES: Order.URGES,
    Column.RETURNS: Order.RETURNS,
}


def chosen(names: Iterable[str]) -> tuple[Column, ...]:
    """The columns of these names in this order, each once, the ticket always; nothing when none is known."""
    known = dict.fromkeys(Column(name) for name in names if name in set(Column))
    if not known:
        return ()
    return tuple(known) if ALWAYS in known else (ALWAYS, *known)
