"""The menu as a table: an entry is shown to those whom its route admits; the gate alone is asked."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from indexer.words import N_
from portal.people.models import Person
from portal.web.access import rule_of


@dataclass(frozen=True, slots=True)
class Entry:
    endpoint: str
    label: str
    icon: str
    key: str = ""  # g + this letter goes there
    staff: bool = False


# fmt: off
ENTRIES = (
    Entry("home.page",          N_("首页"),       "home",             "h"),
    Entry("ask.page",           N_("我要求助"),   "message-question", "n"),
    Entry("mine.tickets",       N_("我的工单"),   "ticket",           "m"),
    Entry("reading.library",    N_("知识库"),     "book-2",           "k"),
    Entry("services.page",      N_("数据服务"),   "database",         "s"),
    Entry("console.page",       N_("来电受理"),   "headset",          "c", staff=True),
    Entry("queues.page",        N_("工单队列"),   "inbox",            "q", staff=True),
    Entry("workbench.page",     N_("研判工作台"), "stethoscope",      "w", staff=True),
    Entry("defect_pages.library", N_("缺陷库"),   "bug",              "d", staff=True),
    Entry("knowledge.page",     N_("知识编辑"),   "pencil",           "e", staff=True),
    Entry("fault_pages.board",  N_("故障与公告"), "speakerphone",     "f", staff=True),
    Entry("figures.morning",    N_("运营看板"),   "chart-histogram",  "b", staff=True),
    Entry("teaching.page",      N_("匹配学习"),   "school",           "l", staff=True),
    Entry("quality.page",       N_("质量回访"),   "clipboard-check",  "v", staff=True),
    Entry("admin_levels.page",  N_("服务时限"),   "clock-check",      "t", staff=True),
    Entry("admin.page",         N_("系统管理"),   "settings",         "a", staff=True),
)
# fmt: on


def may_open(person: Person | None, endpoint: str) -> bool:
    """Would the gate let this person through?"""
    rule = rule_of(current_app._get_current_object(), endpoint)  # type: ignore[attr-defined]
    return rule is not None and rule.admits(person)


def menu_for(person: Person | None) -> list[Entry]:
    """What this person's menu shows; employees get only what is for everybody."""
    known = current_app.view_functions
    return [entry for entry in ENTRIES if entry.endpoint in known and may_open(person, entry.endpoint)]
