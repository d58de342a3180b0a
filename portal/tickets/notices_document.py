"""``docs/notices.md``, drawn from the table: whoever reads the document reads the rule.

``python -m portal.tickets.notices_document > docs/notices.md`` writes it anew; a test keeps both equal.
The page "who is told what" draws from the same words.
"""

from __future__ import annotations

import sys

from indexer.words import N_
from portal.tickets.notices import TABLE, Event, Listener, Row
from portal.tickets.telling.groups import GROUPS, WAY_LABELS, Group

LISTENER_LABELS = {
    Listener.REQUESTER: N_("提单人"),
    Listener.HOLDER: N_("受理人"),
    Listener.WATCHERS: N_("关注的人"),
    Listener.TELLER: N_("反馈结果的人"),
}
#: Who hears of events that are not told to parties of a ticket, in words.
LISTENERS_BESIDES: dict[str, str] = {
    Event.RECURRED: N_("缺陷的中台和后台负责人"),
    "no_recurrence": N_("缺陷的中台和后台负责人"),
    "linking_paused": N_("能管缺陷库的专家和数据分析岗"),
    Event.KEY_DUE: N_("重点问题的负责人，整改措施由谁做的人"),
    Event.KEY_OVERDUE: N_("重点问题的负责人，整改措施由谁做的人"),
    Event.RECORD_MERGED: N_("两条缺陷的中台和后台负责人"),
    Event.RECOVERED: N_("点过“我也遇到”而没有工单的人"),
    Event.NO_FAULT: N_("点过“我也遇到”而没有工单的人"),
    Event.UPDATE_DUE: N_("发布公告的人"),
    Event.MENTIONED: N_("被提到的人"),
    Event.COMPLAINED: N_("负责答复投诉的班长"),
    Event.INSPECTED: N_("被评分的人"),
    Event.APPEALED: N_("评分的人"),
    Event.APPEAL_DECIDED: N_("评分的人和申诉的人"),
    "invited": N_("被请来关注的人"),
    "helped": N_("正在办上级工单的人"),
    "due_soon": N_("手上有这张工单的人"),
    "overdue": N_("手上有这张工单的人和他们的班长"),
    "link_sent": N_("正在通话的来电者"),
    "article_due": N_("知识的负责人；没有人负责的，知识编辑"),
    "article_ends": N_("知识的负责人；没有人负责的，知识编辑"),
    "article_entrusted": N_("知识的新负责人"),
    "article_over": N_("知识的负责人；没有人负责的，知识编辑"),
    "article_back": N_("知识的负责人；没有人负责的，知识编辑"),
    "gap_assigned": N_("接手知识缺口的人"),
    "article_changed": N_("关注这篇知识的人"),
    "article_replaced": N_("关注这篇知识的人"),
    "article_gone": N_("关注这篇知识的人"),
    "burst": N_("调度员和这个系统的专家"),
    "causes_report": N_("系统的专家和运维、未解决缺陷的负责人、服务经理；每人可选每周、每月或不要"),
}
#: A word in place of each value of a sentence.
EXAMPLES = {
    "by": N_("同事"),
    "number": "…",
    "title": N_("〔标题〕"),
    "note": N_("〔内容〕"),
    "tier": N_("〔层级〕"),
    "defect": "…",
    "looked_at": "…",
    "right": "…",
    "wanted": "…",
    "about": "…",
    "score": "…",
    "level": N_("〔等级〕"),
    "until": N_("〔日期〕"),
    "verdict": N_("〔裁定〕"),
    "deadline": N_("〔时限〕"),
    "due": N_("〔日期〕"),
    "article": "…",
    "former": "…",
    "rhythm": N_("周报"),
    "period": N_("〔日期〕"),
    "system": "…",
    "what": "…",
    "count": "…",
    "usual": "…",
    "open": "…",
    "tickets": "…",
    "recurred": "…",
    "failed": "…",
    "overdue": "…",
    "called": N_("〔标题〕"),
    "day": N_("〔日期〕"),
}
INTRODUCTION = """# 谁会收到什么通知

这份文件由 `portal/tickets/notices.py` 里的通知表生成，不要手工修改；改了表之后运行

    python -m portal.tickets.notices_document > docs/notices.md

- 自己做的事不通知自己。
- 通知和那件事写在同一个事务里；没有提交的事，谁也不会听到。
- 门户里的通知人人都有。标着“必达”的不能静音；其余的可以改为只进列表，不计数、不弹出。
- 邮件按每个人的选择：马上发、每天汇总（工作日）、不发；下面写的是没有选择时的做法。
- 群机器人只收到事情的名称、工单号、系统、类别、优先级和链接，理由见
  [decisions/0138](decisions/0138-what-the-desk-tells.md)。
"""


class Examples(dict[str, str]):
    """A value that has no example yet is shown as its name."""

    def __missing__(self, name: str) -> str:
        return f"〔{name}〕"


def example(row: Row) -> str:
    """The row's sentence with a word in place of each value."""
    return row.sentence % Examples(EXAMPLES)


def listeners(row: Row) -> str:
    names = [LISTENER_LABELS[listener] for listener in row.listeners]
    besides = LISTENERS_BESIDES.get(row.event)
    return "、".join([*names, *([besides] if besides else [])]) or "—"


def document() -> str:
    """The whole document."""
    return INTRODUCTION + "".join(_section(group) for group in GROUPS)


def _section(group: Group) -> str:
    about = GROUPS[group]
    rows = [row for row in TABLE.values() if row.group == group]
    if not rows:
        return ""
    must = "必达；" if about.must else ""
    mail = f"邮件：用户{WAY_LABELS[about.employee]}，服务台人员{WAY_LABELS[about.staff]}"
    lines = [
        f"\n## {about.label}\n",
        f"{about.hint}（{must}{mail}）。\n",
        "| 事 | 谁收到 | 怎么说 |",
        "|---|---|---|",
    ]
    lines += [f"| {row.name or row.event} | {listeners(row)} | {example(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
