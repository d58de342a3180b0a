"""The checklist of a good article as a table: what is asked, how much it weighs, where it is put right.

Pure. A check that does not apply to an article is left out of its score, so that no policy loses points for a
missing picture. The score is what was reached of what could be, from 0 to 100.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from indexer.words import N_
from kb.models import ArticleKind

STEP = re.compile(r"^[ \t]{0,3}\d{1,3}[.)、．]", re.MULTILINE)
PICTURE = re.compile(r"!\[[^\]\n]{0,300}\]\(")
MARKS = re.compile(r"[#>*_`|\-\s]+|\]\([^)\n]{0,500}\)")
SHORTEST_TITLE, LONGEST_TITLE = 6, 60
SHORTEST, LONGEST = 60, 6_000
#: A Latin letter says less than a Chinese character.
LATIN = 3
STEPPED = frozenset({ArticleKind.HOWTO, ArticleKind.KNOWN_ERROR})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the checks look at."""

    title: str
    body: str
    kind: ArticleKind = ArticleKind.FAQ
    language: str = "zh"
    system: str | None = None
    has_modules: bool = False
    module: str | None = None
    category: str | None = None
    keywords: int = 0
    also: int = 0
    owned: bool = False
    review_in: int | None = None
    verified: bool = False
    lost_links: int = 0
    translation: bool = False
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """``field``: the field of the form where it is put right; empty: at the article's own page of deeds."""

    key: str
    weight: int
    label: str
    advice: str
    field: str
    passes: Callable[[Facts], bool]
    applies: Callable[[Facts], bool] = lambda _facts: True


def length_of(body: str, language: str) -> int:
    """Characters that say something; of a Latin script a third counts."""
    letters = len(MARKS.sub("", body))
    return letters if language == "zh" else letters // LATIN


def _title(facts: Facts) -> bool:
    length = len(facts.title) if facts.language == "zh" else len(facts.title) // LATIN
    return SHORTEST_TITLE <= length <= LONGEST_TITLE


def _length(facts: Facts) -> bool:
    return SHORTEST <= length_of(facts.body, facts.language) <= LONGEST


# fmt: off
CHECKS: tuple[Check, ...] = (
    Check("title",    10, N_("标题说清问题"), N_("标题写成用户会说的一句话，6 到 60 个字。"),           "title",    _title),
    Check("also",     15, N_("用户还会这样问"), N_("至少写两句用户的口语问法，匹配最靠它。"),            "also",     lambda f: f.also >= 2),
    Check("steps",    15, N_("有步骤"),       N_("把做法写成 1. 2. 3. 的步骤。"),                       "body",     lambda f: len(STEP.findall(f.body)) >= 2, lambda f: f.kind in STEPPED),
    Check("picture",   5, N_("有截图"),       N_("关键的一步配一张截图，粘贴即可。"),                   "body",     lambda f: bool(PICTURE.search(f.body)), lambda f: f.kind == ArticleKind.HOWTO),
    Check("length",   10, N_("长短合适"),     N_("太短说不清，太长没人看完；长的拆成几篇。"),           "body",     _length),
    Check("system",   10, N_("写明系统"),     N_("选择所属系统，才能按系统找到、随升级复核。"),         "system",   lambda f: bool(f.system)),
    Check("module",    5, N_("写明模块"),     N_("选择模块，同模块的工单更容易匹配到它。"),             "module",   lambda f: bool(f.module), lambda f: f.has_modules),
    Check("category",  5, N_("写明类别"),     N_("选择请求类别。"),                                     "category", lambda f: bool(f.category)),
    Check("keywords",  5, N_("有关键词"),     N_("写上错误代码、简称、英文名。"),                       "keywords", lambda f: f.keywords > 0),
    Check("owner",    10, N_("有人负责"),     N_("指定一位在岗的负责人。"),                             "",         lambda f: f.owned),
    Check("review",   10, N_("按时复核"),     N_("复核日期已过，请核对后点“复核通过”。"),               "",         lambda f: f.review_in is not None and f.review_in >= 0),
    Check("verified", 10, N_("经过核实"),     N_("请作者以外的专家或编辑核实。"),                       "",         lambda f: f.verified),
    Check("links",     5, N_("链接有效"),     N_("有链接读者打不开，请改掉。"),                         "body",     lambda f: f.lost_links == 0),
    Check("behind",    5, N_("译文跟上原文"), N_("原文改过，请对照更新译文。"),                         "body",     lambda f: not f.behind, lambda f: f.translation),
)
# fmt: on
BY_KEY = {check.key: check for check in CHECKS}


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100, and the keys of the checks that were not passed, the weightiest first."""

    value: int
    missing: tuple[str, ...]


def score_of(facts: Facts, checks: Sequence[Check] = CHECKS) -> Score:
    """What was reached of what could be."""
    applying = [check for check in checks if check.applies(facts)]
    missing = [check for check in applying if not check.passes(facts)]
    whole = sum(check.weight for check in applying)
    lost = sum(check.weight for check in missing)
    value = round(100 * (whole - lost) / whole) if whole else 100
    return Score(value, tuple(check.key for check in sorted(missing, key=lambda check: -check.weight)))
