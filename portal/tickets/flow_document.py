"""``docs/ticket-flow.md``, drawn from the table: whoever reads the document reads the rule.

``python -m portal.tickets.flow_document > docs/ticket-flow.md`` writes it anew; a test keeps both equal.
"""

from __future__ import annotations

import sys

from portal.tickets.flow import STEPS
from portal.tickets.situation import ROUTES, WHO_LABELS
from portal.tickets.words import CATEGORY_LABELS, STATE_LABELS, TIER_LABELS

INTRODUCTION = """# 工单流转

这份文件由 `portal/tickets/flow.py` 里的流转表生成，不要手工修改；改了表之后运行

    python -m portal.tickets.flow_document > docs/ticket-flow.md

一行就是一句话：工单在哪一层级、什么状态，谁可以做什么，做完到哪里、什么状态，满足什么条件，必须写什么。
没有这一行，就不能走这一步；按钮和检查读的是同一张表。受理、放回、改派、定类不改变工单所在的位置，
下面的图里不画，表里都有。

- 后台没有任何一行通向用户：处置完成之后先由中台验证，再由前台反馈。
- 前台没有任何一行能把缺陷、故障、功能变更直接答复办结。
- 工单在别人手里时，只有受理人自己能往下走；班长和服务经理可以改派。
- 每走一步都写进流转记录：谁、什么时候、从哪里到哪里、为什么；记录只增不改，前后用散列值相连，可以查验。
- 等用户补充、挂起等修复、等用户确认期间停表，回来时所有时限顺延停表的时间。
"""


def mermaid() -> str:
    """The table as a Mermaid state diagram; ``docs/ticket-flow.md`` is kept equal to it by a test."""
    lines = ["stateDiagram-v2", "    [*] --> front_new: 提交"]
    for row in STEPS:
        if (row.start, row.tier) == (row.end, row.then):
            continue  # it stays where it is: taking, ruling, handing over
        lines.append(f"    {row.tier}_{row.start} --> {row.then}_{row.end}: {WHO_LABELS[row.by]} {row.label}")
    names = {(row.tier, row.start) for row in STEPS} | {(row.then, row.end) for row in STEPS}
    lines += [
        f"    {tier}_{state}: {TIER_LABELS[tier]}·{STATE_LABELS[state]}" for tier, state in sorted(names)
    ]
    return "\n".join(lines)


def table() -> str:
    """The table as Markdown, for people."""
    lines = ["| 现状 | 谁 | 做什么 | 之后 | 条件 | 必填 |", "|---|---|---|---|---|---|"]
    for row in STEPS:
        condition = row.provided.__name__ if row.provided else ""
        lines.append(
            f"| {TIER_LABELS[row.tier]}·{STATE_LABELS[row.start]} | {WHO_LABELS[row.by]} | {row.label} "
            f"| {TIER_LABELS[row.then]}·{STATE_LABELS[row.end]} | {condition} | {', '.join(row.needs)} |"
        )
    return "\n".join(lines)


def routes() -> str:
    """The categories' routes as Markdown."""
    head = "| 类别 | 前台可答复 | 二线先试 | 中台可答复 | 后台处置 | 可挂起 | 运调判定 | 班长先办 |"
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for category, route in ROUTES.items():
        marks = (
            route.front_answers,
            route.local_tries,
            route.middle_answers,
            route.goes_back,
            route.parks,
            route.dispatch,
            route.supervisor,
        )
        lines.append(
            f"| {CATEGORY_LABELS[category]} | " + " | ".join("是" if mark else "" for mark in marks) + " |"
        )
    return "\n".join(lines)


def document() -> str:
    """The whole document."""
    parts = (
        INTRODUCTION,
        "## 流转图\n\n```mermaid\n" + mermaid() + "\n```\n",
        "## 流转表\n\n" + table() + "\n",
        "## 各类请求的路线\n\n" + routes() + "\n",
    )
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(document())
