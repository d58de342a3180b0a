"""The menu as a table: an entry is shown to those whom its route admits; the gate alone is asked.

A page belongs to the entry whose folder of addresses it lies in: the entry's own, or one of ``FOLDERS``. The
invariant: every page's folder is an entry's or one of ``NO_ENTRY``, so that nobody wonders where they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import current_app, url_for

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
#: Folders of addresses that lie elsewhere and belong to an entry all the same.
FOLDERS = {
    "/tickets": "queues.page",
    "/handover": "queues.page",
    "/sharing": "queues.page",
    "/bursts": "workbench.page",
    "/key-problems": "defect_pages.library",
    "/reports": "defect_pages.library",
    "/packs": "knowledge.page",
    "/announcements": "fault_pages.board",
    "/admin/calendars": "admin_levels.page",
}
#: What belongs to no entry: the account, what is found, what stands by itself.
NO_ENTRY = frozenset(
    {"/account", "/files", "/language", "/notices", "/presence", "/search", "/sign-in", "/sign-out", "/theme"}
)


def may_open(person: Person | None, endpoint: str) -> bool:
    """Would the gate let this person through?"""
    rule = rule_of(current_app._get_current_object(), endpoint)  # type: ignore[attr-defined]
    return rule is not None and rule.admits(person)


def menu_for(person: Person | None) -> list[Entry]:
    """What this person's menu shows; employees get only what is for everybody."""
    known = current_app.view_functions
    return [entry for entry in ENTRIES if entry.endpoint in known and may_open(person, entry.endpoint)]


def entry_of(path: str, entries: Iterable[Entry]) -> Entry | None:
    """The entry that a page of this address belongs to: the one with the longest folder around it."""
    around = [
        (len(folder), entry) for entry in entries for folder in _folders(entry) if _lies_in(path, folder)
    ]
    return max(around, key=lambda pair: pair[0], default=(0, None))[1]


def _folders(entry: Entry) -> tuple[str, ...]:
    return (url_for(entry.endpoint), *(name for name, place in FOLDERS.items() if place == entry.endpoint))


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or (folder != "/" and path.startswith(f"{folder}/"))
