"""One question that tells competing answers apart, or none when nothing is to be gained by asking.

Pure: candidates in, a question out; whose words the chips carry is the page's business. Answers compete
when their probabilities are close. What may be asked about are facets (system, module, whether something
fails or is to be done), closed families of words (telephone or web page, which operating system, which
network), error codes and, last, a word that only one of them has.

**When it is asked.** With the weights p of the competing answers, who asks nothing reads out the best one
and is right with max p. Who asks learns one of the replies a and then reads out the best that fits it: right
with Σ_a max_i p_i·P(a|i), where an answer that fits several replies is spread evenly over them and one that
says nothing about the matter fits all. The difference, times how often a caller can say it at all
(``ANSWERABLE``), is the expected gain of asking; below ``WORTH`` it is not worth the caller's time. Weights
are shares of all that compete; once probabilities are counted on this desk's own judgements, what is missing
to one stands for “none of these”, so that a hopeless list brings no question.

The invariants: the gain is never negative when every answer is covered, it is nothing when all candidates
would reply alike, and the order of the candidates changes neither the question nor the gain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from defects.models import Defect
from indexer.characters import fold, fold_keeping_case
from indexer.codes import find_codes, is_strong
from indexer.text import TermKind, terms
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


#: How often a caller can say it when asked; the order breaks ties.
ANSWERABLE = {
    About.DEVICE: 1.0,
    About.PLATFORM: 1.0,
    About.NETWORK: 1.0,
    About.SYSTEM: 0.95,
    About.MATTER: 0.95,
    About.CODE: 0.9,
    About.MODULE: 0.85,
    About.WORD: 0.7,
}
QUESTIONS = {
    About.SYSTEM: N_("是哪个系统？"),
    About.MODULE: N_("是哪个模块？"),
    About.MATTER: N_("是出了错、用不了，还是想知道怎么办？"),
    About.DEVICE: N_("是在网页上还是手机上？"),
    About.PLATFORM: N_("用的是什么电脑或手机？"),
    About.NETWORK: N_("用的是哪种网络？"),
    About.CODE: N_("报的是哪个代码？"),
    About.WORD: N_("更像是哪一种？"),
}

#: Answers whose probability is at least this share of the best one's compete with it.
CLOSE = 0.35
MOST_COMPETING = 6
MOST_OPTIONS = 4
#: By how much the chance to read out the right answer first must grow.
WORTH = 0.15
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


@dataclass(frozen=True, slots=True)
class Question:
    """``options`` are values, best supported first; ``OPTION_LABELS`` or a catalogue names them."""

    about: About
    options: tuple[str, ...]
    gain: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What the caller said; no value: they couldn't, or nobody asked them."""

    about: About
    value: str = ""


Values = Mapping[str, frozenset[str]]


# ── candidates ───────────────────────────────────────────────────────────────────────────────────


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
        _codes_in("\n".join((result.title, *codes))),
        said,
    )


def _set(value: str | None) -> frozenset[str]:
    return frozenset({value} if value else ())


def _codes_in(text: str) -> frozenset[str]:
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


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


def competing(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The best answers whose probabilities are close, best first."""
    ranked = sorted(candidates, key=lambda row: (-row.probability, row.key))
    likely = [row for row in ranked if row.probability > 0]
    return tuple(row for row in likely if row.probability >= CLOSE * likely[0].probability)[:MOST_COMPETING]


def gain_of(
    rivals: Sequence[Candidate], values: Values, options: Sequence[str], *, counted: bool = False
) -> float:
    """By how much the chance to read out the right answer grows when this is asked (see above)."""
    whole = sum(row.probability for row in rivals)
    whole = max(1.0, whole) if counted else whole
    if not whole:
        return 0.0
    asked = sum(max(_fitting(row, values, option, options) for row in rivals) for option in options)
    return max(0.0, (asked - max(row.probability for row in rivals)) / whole)


def _fitting(row: Candidate, values: Values, option: str, options: Sequence[str]) -> float:
    """The weight of this answer and of this reply together."""
    own = values.get(row.key) or frozenset(options)
    return row.probability / len(own) if option in own else 0.0


def question(
    asked: str,
    candidates: Iterable[Candidate],
    *,
    replies: Iterable[Reply] = (),
    known: Iterable[About] = (),
    counted: bool = False,
) -> Question | None:
    """The question worth most, or None; what the words or the agent have said already is not asked."""
    rivals = competing(candidates)
    settled = {*known, *(reply.about for reply in replies)}
    if len(rivals) < 2:
        return None
    open_ones = [about for about in ANSWERABLE if about not in settled and not _is_said(asked, about)]
    found = [made for about in open_ones if (made := _about(about, asked, rivals, counted)) is not None]
    worth = [made for made in found if made.gain >= WORTH]
    return max(worth, key=lambda made: made.gain, default=None)


def _is_said(asked: str, about: About) -> bool:
    if about in FAMILIES:
        return any(words.search(asked) for words in FAMILIES[about].values())
    if about is About.MATTER:
        return bool(FAILING.search(asked))
    return about is About.CODE and bool(_codes_in(asked))


def _about(about: About, asked: str, rivals: Sequence[Candidate], counted: bool) -> Question | None:
    if about is About.MODULE and len({row.facets.get(About.SYSTEM) for row in rivals}) > 1:
        return None  # modules are asked for within a system
    words = _telling_words(asked, rivals) if about is About.WORD else ()
    values = {row.key: values_of(row, about, options=words) for row in rivals}
    if about is About.CODE and not any(row.codes for row in rivals):
        return None
    options = _options(rivals, values)
    if len(options) < 2:
        return None
    gain = ANSWERABLE[about] * gain_of(rivals, values, options, counted=counted)
    return Question(about, options, round(gain, 6))


def _options(rivals: Sequence[Candidate], values: Values) -> tuple[str, ...]:
    """The replies that carry the most weight; “none of these” is always open beside them."""
    weights: dict[str, float] = {}
    for row in rivals:
        for value in values[row.key]:
            weights[value] = weights.get(value, 0.0) + row.probability / len(values[row.key])
    ranked = sorted(weights, key=lambda value: (value == NO_CODE, -round(weights[value], 9), value))
    return tuple(ranked[:MOST_OPTIONS])


# ── words that only one of them has ──────────────────────────────────────────────────────────────


def _telling_words(asked: str, rivals: Sequence[Candidate]) -> tuple[str, ...]:
    """For each rival the word of its title that none of the others has; none that was said already."""
    if len(rivals) > MOST_OPTIONS:
        return ()
    found = [_telling(asked, row, [other for other in rivals if other.key != row.key]) for row in rivals]
    return tuple(word for word in found if word)


def _telling(asked: str, row: Candidate, others: Sequence[Candidate]) -> str:
    elsewhere = fold("\n".join((asked, *(other.said for other in others))))
    own = fold(row.said)
    fresh = [word for word in dict.fromkeys(_words(row.title)) if fold(word) not in elsewhere]
    return max(fresh, key=lambda word: (own.count(fold(word)) * len(word), len(word), word), default="")


def _words(title: str) -> Iterable[str]:
    """Words as they are written: Chinese ones of the dictionary, whole Latin ones."""
    cased = fold_keeping_case(title)
    for term in terms(title):
        word = cased[term.start : term.end]
        if term.kind is TermKind.WORD and len(word) > 1 and not word.isdecimal():
            yield word


# ── what a reply changes ─────────────────────────────────────────────────────────────────────────

Thing = TypeVar("Thing")


def narrowed(
    things: Iterable[Thing], replies: Iterable[Reply], *, of: Callable[[Thing], Candidate]
) -> list[Thing]:
    """The same things: those that fit what the caller said first, those that contradict it last."""
    given = [reply for reply in replies if reply.value]
    return sorted(things, key=lambda thing: _misfit(of(thing), given)) if given else list(things)


def _misfit(candidate: Candidate, replies: Iterable[Reply]) -> int:
    """0: fits every reply; 1: says nothing about some; 2: contradicts one."""
    worst = 0
    for reply in replies:
        values = values_of(candidate, reply.about, options=(reply.value,))
        if reply.value not in values:
            worst = max(worst, 2 if values else 1)
    return worst


def contradicts(candidate: Candidate, replies: Iterable[Reply]) -> bool:
    """Does the caller's reply speak against this answer?"""
    return _misfit(candidate, [reply for reply in replies if reply.value]) == 2
