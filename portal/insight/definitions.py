# ruff: noqa: E501 - an aligned table
"""What each figure of the manager's page is: its name, how it is spoken, which way is good, what is counted.

Pure. The page prints the meanings: a figure whose definition nobody can read is worth nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from indexer.words import N_


class Kind(StrEnum):
    """How a figure's value is spoken."""

    COUNT = "count"
    RATE = "rate"
    MINUTES = "minutes"
    SCORE = "score"


class Wish(StrEnum):
    """Which way is good."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure: its name, how it is spoken, which way is good, what exactly is counted."""

    key: str
    label: str
    kind: Kind
    wish: Wish
    meaning: str


D, K, W = Definition, Kind, Wish
# fmt: off
DEFINITIONS = {row.key: row for row in (
    D("open",         N_("在办工单"),     K.COUNT,   W.DOWN,    N_("此刻没有办结也没有撤销的工单；上期取期初那一刻。")),
    D("overdue",      N_("已超时"),       K.COUNT,   W.DOWN,    N_("在办、计时没有暂停、已过办结时限；上期取期初那一刻，按现在的时限倒推。")),
    D("soon",         N_("即将超时"),     K.COUNT,   W.DOWN,    N_("在办、剩余时间不到时限的五分之一；上期取期初那一刻，按现在的时限倒推。")),
    D("filed",        N_("新提交"),       K.COUNT,   W.NEITHER, N_("本期提交的工单。")),
    D("closed",       N_("已办结"),       K.COUNT,   W.NEITHER, N_("本期办结的工单，不含撤销。")),
    D("response",     N_("响应中位数"),   K.MINUTES, W.DOWN,    N_("本期提交、已响应的工单：从提交到第一次有人处理的工作时间，取中位数；故障按昼夜计。超过 2000 张时均匀抽样。")),
    D("handling",     N_("处理中位数"),   K.MINUTES, W.DOWN,    N_("本期办结的工单：从提交到告知用户结果的工作时间，扣除等用户和挂起，取中位数；故障按昼夜计。超过 2000 张时均匀抽样。")),
    D("first",        N_("首次解决率"),   K.RATE,    W.UP,      N_("本期办结的工单中，前台自己解决、没有转给任何人、用户也没有重新打开的比例。")),
    D("satisfaction", N_("满意度"),       K.SCORE,   W.UP,      N_("本期办结并打了分的工单，1 到 5 分的平均。")),
    D("deflection",   N_("自助解决率"),   K.RATE,    W.UP,      N_("本期结束的自助求助中，说“解决了”并且七天内没有再为同一件事提交工单的次数 ÷ 全部结束的次数（解决、提交工单、离开）。来电受理、在公告上点“我也遇到了”、对照组不计；区间按人归并。")),
    D("linked",       N_("缺陷关联率"),   K.RATE,    W.UP,      N_("本期提交的缺陷类工单中，已关联到缺陷记录的比例。")),
    D("returned",     N_("层级退回率"),   K.RATE,    W.DOWN,    N_("本期办结的工单中，在层级之间至少退回过一次的比例。")),
    D("reopened",     N_("重新打开率"),   K.RATE,    W.DOWN,    N_("本期办结的工单中，用户至少重新打开过一次的比例。")),
)}
# fmt: on
#: The page's three rows: what lies on the desk now, how the work flowed, how good it was.
GROUPS = (
    (N_("此刻"), ("open", "overdue", "soon")),
    (N_("流量与速度"), ("filed", "closed", "response", "handling")),
    (N_("质量"), ("first", "satisfaction", "deflection", "linked", "returned", "reopened")),
)
