"""Which sentences of an answer are worth keeping, and which contradict each other. Pure.

What only concerned one user's case, greetings and promises are left out; they stay visible to the editor.
The invariant: nothing is rewritten here, a sentence is kept as it is or not at all.
"""

from __future__ import annotations

import re

from portal.curation.wording import likeness, pairs
from portal.finder.masking import GAP

#: A greeting, thanks, a promise, a report of work: true once, no help to the next reader.
_HOLLOW = re.compile(
    r"^(?:您好|你好|尊敬的|亲爱的|感谢|谢谢|多谢|辛苦|抱歉|不好意思|收到|好的)"
    r"|随时(?:联系|来电|找我)|再联系我们|祝您|请您?(?:再)?(?:试试|试一次|试一下)(?:看)?[。！]?$|敬请谅解|请知悉|望知悉"
    r"|^(?:问题|该问题|您反映的(?:问题|情况))?(?:已经?|均已)(?:处理|解决|恢复|完成|修复|核实|办结|回复|转|按)"
    r"|已按(?:要求|知识库)"
)
_GREETING = re.compile(r"^(?:您好|你好|尊敬的[^，,：:！!]{0,8})[，,：:！!。]\s*(?=\S)")
#: What was done for this one user.
_ONE_CASE = re.compile(
    r"本次已|这次已|(?:已|我们|当场)(?:经)?(?:帮|替|为|给)[您你]|我们已|已将您|您的(?:单子|申请|情况|账号已)|"
    r"(?:今天|昨天|前天|上午|下午|刚才|刚刚)(?:已|就|会|把|给|帮)"
)
_NEGATION = re.compile(
    r"不(?:能|可以?|用|需要?|必|得|允许|支持|再|予|会|要|准)|无需|无须|禁止|严禁|无法|没有|未|非"
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?%?|[一二三四五六七八九十百千两]+(?=[天日周月年个次张份元户小时分钟万级])")
_QUIET = re.compile(r"[\W_]+")
SHORTEST = 5
#: Two sentences that are so alike without their numbers and negations speak of the same thing.
ALIKE = 0.8
CLEARLY = 6


def without_greeting(sentence: str) -> str:
    """What follows “您好，”."""
    return _GREETING.sub("", sentence)


def is_hollow(sentence: str) -> bool:
    """Does it say nothing to the next reader?"""
    bare = _QUIET.sub("", sentence.replace(GAP, ""))
    return len(bare) < SHORTEST or bool(_HOLLOW.search(sentence))


def is_one_case(sentence: str) -> bool:
    """Was it true of one user only?"""
    return bool(_ONE_CASE.search(sentence))


def weight(sentence: str) -> int:
    """How many characters say something."""
    return len(_QUIET.sub("", sentence.replace(GAP, "")))


def contradict(one: str, other: str) -> bool:
    """Do they say the same with other numbers, or the one what the other denies?"""
    first, second = _without(one), _without(other)
    if min(len(pairs(first)), len(pairs(second))) < CLEARLY or likeness(first, second) < ALIKE:
        return False
    numbers, others = sorted(_NUMBER.findall(one)), sorted(_NUMBER.findall(other))
    if numbers and others and numbers != others:
        return True
    return len(_NEGATION.findall(one)) % 2 != len(_NEGATION.findall(other)) % 2


def _without(sentence: str) -> str:
    return _NUMBER.sub("", _NEGATION.sub("", sentence))
