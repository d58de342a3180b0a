"""An answer as far as a question may tell it from others: what it would have the caller reply. Pure.

When to ask is ``clarify``'s. Facets of the catalogue, closed families of words, error codes; the invariant:
an answer that says nothing about a matter excludes no reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from defects.models import Defect
from indexer.characters import fold
from indexer.codes import find_codes, is_strong
from indexer.words import N_
from kb.models import Article, ArticleKind
from portal.finder.found import Result


class About(StrEnum):
    SYSTEM = "system"
    MODULE = "module"
    MATTER = "matter"
    DEVICE = "device"
    PLATFORM = "platform"
    NETWORK = "network"
    CODE = "code"
    WORD = "word"


NO_CODE = "-"

FAILS, TO_DO, RULES = "fails", "to_do", "rules"
MATTERS = {
    ArticleKind.KNOWN_ERROR: FAILS,
    ArticleKind.HOWTO: TO_DO,
    ArticleKind.POLICY: RULES,
}
FAILING = re.compile(
    r"报错|失败|不了|不能|没反应|打不开|提示|转圈|闪退|卡住|error|fail|not work|cannot|can't", re.I
)
PHONE = r"手机(?!号|短信|尾号)|移动端|移动办公|\bapp\b|app端|扫码登录|\b(?:phone|mobile)\b(?! number)"
#: Closed families of words; what one of them says of the caller's surroundings, another one excludes.
FAMILIES: Mapping[About, Mapping[str, re.Pattern[str]]] = {
    about: {name: re.compile(words, re.IGNORECASE) for name, words in family.items()}
    for about, family in {
        About.DEVICE: {
            "phone": PHONE,
            "web": r"网页|浏览器|电脑端|pc端|web端|\bbrowser\b|\bweb page\b",
            "mini": r"小程序|mini[- ]program",
        },
        About.PLATFORM: {
            "windows": r"windows|\bwin ?(?:7|10|11)\b",
            "domestic": r"信创|麒麟|统信|\buos\b|kylin|domestic[- ]stack",
            "android": r"安卓|鸿蒙|android|harmonyos",
            "apple": r"苹果|\bios\b|iphone|ipad|\bmac(?:os|book)?\b",
        },
        About.NETWORK: {
            "wired": r"有线|网线|网口|\bcable\b|\bwired\b",
            "wireless": r"无线|wi-?fi|热点|\bwireless\b",
            "vpn": r"vpn",
        },
    }.items()
}
OPTION_LABELS = {
    FAILS: N_("出错、用不了"),
    TO_DO: N_("想知道怎么办"),
    RULES: N_("问规定"),
    "phone": N_("手机上"),
    "web": N_("网页上"),
    "mini": N_("小程序里"),
    "windows": N_("Windows 电脑"),
    "domestic": N_("信创电脑"),
    "android": N_("安卓、鸿蒙手机"),
    "apple": N_("苹果设备"),
    "wired": N_("有线网"),
    "wireless": N_("无线网"),
    "vpn": "VPN",
    NO_CODE: N_("没有代码"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer as far as a question may tell it from others."""

    key: str
    probability: float
    title: str = ""
    facets: Mapping[About, frozenset[str]] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()
    said: str = ""
    """Title, key words and the ways people ask for it: where its words are looked for."""


def candidate_of(result: Result) -> Candidate:
    row = result.subject
    others: Iterable[str] = ()
    facets = {About.SYSTEM: _set(result.system), About.MODULE: _set(result.module)}
    codes: Iterable[str] = ()
    if isinstance(row, Article):
        others = (*row.keywords, *row.also)
        facets[About.MATTER] = _set(MATTERS.get(row.kind))
    elif isinstance(row, Defect):
        others, codes = row.symptoms, row.codes
        facets[About.MATTER] = _set(FAILS)
    said = "\n".join((result.title, *others))
    return Candidate(
        f"{result.kind}:{result.id}",
        result.probability,
        result.title,
        facets,
        codes_in("\n".join((result.title, *codes))),
        said,
    )


def _set(value: str | None) -> frozenset[str]:
    return frozenset({value} if value else ())


def codes_in(text: str) -> frozenset[str]:
    """Codes as they are written, in capitals, so that a caller may recognise them."""
    folded = fold(text)
    return frozenset(folded[code.start : code.end].upper() for code in find_codes(folded) if is_strong(code))


def values_of(candidate: Candidate, about: About, *, options: Sequence[str] = ()) -> frozenset[str]:
    """What this answer would have the caller reply; nothing when it says nothing about the matter."""
    if about in FAMILIES:
        return _family(about, candidate.title) or _family(about, candidate.said)
    if about is About.CODE:
        return candidate.codes or frozenset({NO_CODE})
    if about is About.WORD:
        said = fold(candidate.said)
        return frozenset(word for word in options if fold(word) in said)
    return candidate.facets.get(about, frozenset())


def _family(about: About, text: str) -> frozenset[str]:
    return frozenset(name for name, words in FAMILIES[about].items() if words.search(text))
