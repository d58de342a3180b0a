# ruff: noqa: E501 - an aligned table
"""What each figure of the deflection page means, and how the experiment is told. Pure.

The page prints the meanings beside the numbers, the API sends them along: one text for both.
"""

from __future__ import annotations

from indexer.words import N_
from portal.insight.effects import LEAST_PEOPLE, Finding

# fmt: off
#: Figure → its name, what exactly is counted.
MEANINGS: dict[str, tuple[str, str]] = {
    "asked":      (N_("自助求助"),         N_("员工自己在求助页、首页或通过接口描述问题、并且已经结束的一次求助：说解决了、提交了工单，或一小时没有再动。来电受理不算。")),
    "offered":    (N_("有答案可看"),       N_("结束时页面上至少有一条知识或已知缺陷。")),
    "opened":     (N_("打开看过"),         N_("至少打开过其中一条知识或缺陷。")),
    "solved":     (N_("说“解决了”"),       N_("本人按了“解决了”，没有在这次求助里提交工单。")),
    "returned":   (N_("又回来提单"),       N_("说了“解决了”，但从提问起七天内，同一个人又提交了（或由别人代为提交了）同一件事的工单。不算解决。")),
    "stayed":     (N_("真正分流"),         N_("说了“解决了”，并且没有又回来提单。")),
    "filed":      (N_("看后提单"),         N_("在这次求助里提交了工单。")),
    "left_filed": (N_("离开后提单"),       N_("没有说什么就离开，七天内为同一件事提交了工单。")),
    "left":       (N_("离开"),             N_("没有说什么就离开，七天内也没有为同一件事提单；可能自己解决了，也可能没有。不算分流。")),
    "rate":       (N_("自助解决率"),       N_("真正分流 ÷ 自助求助。区间按人归并：同一个人的几次求助彼此相像，不当作互不相干的几次。")),
    "same":       (N_("同一件事"),         N_("系统相同（或有一方没有说明系统），并且有相同的错误代码，或者用词足够相像：较短一方的实义词按权重有 15% 也在另一方出现；有一方没有说明系统时要 20%。看过什么答案不参与判断。")),
    "announced":  (N_("公告分流"),         N_("在正在发生的故障公告上按“我也遇到了”结束的求助，单独计数，不算知识的功劳。")),
    "held":       (N_("对照组"),           N_("抽签抽到、两周内输入问题时不显示推荐的人的求助，不进入上面的数字，只用于对照实验。")),
    "calls":      (N_("来电受理"),         N_("受理员替来电者查的；用知识答复的也有工单，所以不是分流，单独计数。")),
    "effect":     (N_("少提的工单"),       N_("对照组与看到推荐的人相比，每次求助在七天内提单的比例之差（95% 区间）。每人每两周只取第一次求助，那时他还不可能知道自己在哪一组；不论后来看没看、解决没解决，都按抽到的组算；没有答案可推荐的、显示了公告的求助两组都不计。各组的权重是抽中该组概率的倒数。区间：各组按人归并方差、折算成独立求助次数后用 Wilson 区间，两组之差用 Newcombe 方法。")),
    "article":    (N_("知识的真正解决率"), N_("打开过这篇知识的求助中，靠它解决并且没有又回来提单的比例（Wilson 区间）。一次求助会显示几篇知识，所以各篇之和大于总数。")),
}
#: What the numbers allow to say; placeholders are filled by whoever tells it.
FINDINGS: dict[Finding, str] = {
    Finding.NO_EXPERIMENT: N_("这段时间没有对照组，所以说不出推荐到底少了多少工单；自助解决率里也包括没有推荐也会自己解决的人。"),
    Finding.NOT_ENOUGH:    N_("数据不足：对照的两组中较小的一组折合 %(people)s 人，满 %(least)s 人才给出数字。"),
    Finding.FEWER:         N_("推荐确实减少了工单：每 100 次求助少 %(value)s 张（95%% 区间 %(low)s 到 %(high)s 张）。"),
    Finding.MORE:          N_("看到推荐的人反而提单更多：每 100 次求助多 %(value)s 张（95%% 区间 %(low)s 到 %(high)s 张），请看看推荐了什么。"),
    Finding.UNCLEAR:       N_("还分不出推荐有没有减少工单：每 100 次求助的差别是 %(value)s 张，95%% 区间从 %(low)s 到 %(high)s 张，包含零。"),
}
# fmt: on
LEAST = LEAST_PEOPLE
