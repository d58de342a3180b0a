"""Versions as people write them, single ones and ranges, read and compared as versions. Pure.

Where a unit stands with a defect is in ``rollout``. Read are ``6.2.1``, ``V6.10``, ``2.3版本``, ``2.4.x``,
``V2.3.1–V2.4.0``, ``2.3.1至2.4.0``, ``≤2.4``, ``2.4及以前``, ``全部版本``; 以前 and 之后 without 及 leave the
version itself out, 以上 and 以下 take it in. The invariant: what can't be read is never compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from indexer.words import N_
from kb.flow import Refused

Key = tuple[int, ...]

NUMBERS = re.compile(r"\d{1,15}")
DOTTED = re.compile(r"\d+(?:[._]\d+)+")
LONGEST = 40
#: Above every number that stands in a version: what comes before a release sorts below it and above all else.
_ABOVE_ALL = 10**15
_STAGES = ("dev", "snapshot", "alpha", "beta", "rc", "pre", "内测", "公测", "测试", "预发布")
_STAGE = re.compile(rf"(?<![A-Za-z])({'|'.join(_STAGES)})(?![A-Za-z])", re.IGNORECASE)
_RANK = {name: place for place, name in enumerate(_STAGES)} | {"内测": 2, "公测": 3, "测试": 3, "预发布": 4}

_BETWEEN = re.compile(r"\s*(?:[–—―~〜∼至到]|\.{2,}|->|→|(?<=[\d\s])to(?=[\sVv\d]))\s*")
_HYPHEN = re.compile(r"(?<=[\dxX])\s+-\s+|-(?=[Vv]\d)|(?<=\d)-(?=\d+\.\d)")
_EVERY = re.compile(r"(?:全部|所有|各|任意|all|every|any)\s*(?:版本|versions?)?", re.IGNORECASE)
_CALLED = re.compile(r"^(?:版本号?|version|ver\.?)\s*[:：]?\s*", re.IGNORECASE)
_ANY_TAIL = re.compile(r"[._](?:[xX*])\b|[._]\*")

# fmt: off
#: How one end is written before the version, or behind it: (pattern, is the upper end, takes the version in).
_BEFORE = tuple((re.compile(rf"(?:{signs})\s*(?=[Vv]?\s*\d)"), upper, within) for signs, upper, within in (
    ("≤|<=|⩽|=<|不高于|不晚于|小于等于|最高", True,  True),
    ("≥|>=|⩾|=>|不低于|不早于|大于等于|最低", False, True),
    ("<|低于|早于|小于",                      True,  False),
    (">|高于|晚于|大于",                      False, False),
))
_TAIL = "(?:的)?(?:各|所有)?(?:版本)?$"
_BEHIND = tuple((re.compile(rf"(?:{words}){_TAIL}"), upper, within) for words, upper, within in (
    ("[及和或](?:其|更)?(?:以前|之前|以下|更早|更低|早)", True,  True),
    ("[及和或](?:其|更)?(?:以后|之后|以上|更新|更高|新)", False, True),
    ("以下|以内|为止",                                    True,  True),
    ("以上|起|开始",                                      False, True),
    ("以前|之前",                                         True,  False),
    ("以后|之后",                                         False, False),
))
# fmt: on


@dataclass(frozen=True, slots=True)
class Span:
    """From ``low`` to ``high``; None is an open end."""

    low: Key | None
    high: Key | None
    low_in: bool = True
    high_in: bool = True

    def holds(self, key: Key) -> bool:
        return not self.is_above(key) and not self.is_below(key)

    def is_above(self, key: Key) -> bool:
        """Does all of it come after this version?"""
        return self.low is not None and (key < self.low or (key == self.low and not self.low_in))

    def is_below(self, key: Key) -> bool:
        """Does all of it come before this version?"""
        return self.high is not None and (key > self.high or (key == self.high and not self.high_in))

    @property
    def is_single(self) -> bool:
        return self.low is not None and self.low == self.high


def version_key(version: str) -> Key:
    """``V6.10.2`` → (6, 10, 2), so that 6.10 comes after 6.9, and 6.2 is 6.2.0.

    6.3.0-rc1 comes before 6.3.0 and after every 6.2; text without a number gives the empty key, which sorts
    first. A range gives its lower end, else its upper one.
    """
    span = read(version)
    if span is None:
        return _key(unicodedata.normalize("NFKC", version))
    return span.low or span.high or ()


@lru_cache(maxsize=4096)
def read(text: str) -> Span | None:
    """What a person wrote as a version or a range of versions; None when it can't be read as one."""
    plain = _plain(text)
    if not plain or len(plain) > 2 * LONGEST:
        return None
    if _EVERY.fullmatch(plain):
        return Span(None, None)
    for pattern, upper, within in _BEFORE:
        if found := pattern.match(plain):
            return _end(plain[found.end() :], upper=upper, within=within)
    for pattern, upper, within in _BEHIND:
        if (found := pattern.search(plain)) and found.start() > 0:
            return _end(plain[: found.start()], upper=upper, within=within)
    return _between(plain) or (None if _BETWEEN.search(plain) else _single(plain))


def _plain(text: str) -> str:
    return _CALLED.sub("", unicodedata.normalize("NFKC", text).strip().strip("()[]"))


def _between(plain: str) -> Span | None:
    parts = [part for part in _BETWEEN.split(plain, maxsplit=1) if part]
    if len(parts) != 2:
        parts = [part for part in _HYPHEN.split(plain, maxsplit=1) if part]
    if len(parts) != 2:
        return None
    first, last = _single(parts[0]), _single(parts[1])
    if first is None or last is None or first.low is None or last.high is None:
        return None
    return Span(first.low, last.high, True, last.high_in)


def _end(text: str, *, upper: bool, within: bool) -> Span | None:
    span = _single(text)
    if span is None:
        return None
    if upper:
        return Span(None, span.high, True, span.high_in) if within else Span(None, span.low, True, False)
    return (
        Span(span.low, None, within, True) if within or span.is_single else Span(span.high, None, True, True)
    )


def _single(text: str) -> Span | None:
    """One version, or all that begin with its numbers (2.4.x)."""
    if len(DOTTED.findall(text)) > 1:
        return None
    if found := _ANY_TAIL.search(text):
        numbers = [int(number) for number in NUMBERS.findall(text[: found.start()])]
        return Span(_short(numbers), (*numbers, _ABOVE_ALL), True, False) if numbers else None
    key = _key(text)
    return Span(key, key) if key else None


def _key(text: str) -> Key:
    stage = _STAGE.search(text)
    numbers = [int(number) for number in NUMBERS.findall(text[: stage.start()] if stage else text)]
    key = _short(numbers)
    if stage is None or not key:
        return key
    build = [int(number) for number in NUMBERS.findall(text[stage.end() :])]
    return (*key[:-1], key[-1] - 1, _ABOVE_ALL, _RANK[stage[1].lower()], *_short(build))


def _short(numbers: list[int]) -> Key:
    """Without the zeros at its end: 6.2.0 is 6.2."""
    end = len(numbers)
    while end > 1 and numbers[end - 1] == 0:
        end -= 1
    return tuple(numbers[:end])


# ── what is asked of versions ────────────────────────────────────────────────────────────────────


def runs_fix(running: str | None, fixed_in: str | None) -> bool:
    """Does a unit that runs ``running`` already have what ``fixed_in`` repaired?"""
    if not running or not fixed_in:
        return False
    have, need = version_key(running), version_key(fixed_in)
    return bool(have and need) and have >= need


def spans_of(versions: Iterable[str]) -> list[Span]:
    """Those that can be read."""
    return [span for text in versions if (span := read(text)) is not None]


def is_affected(running: str | None, affected: Collection[str]) -> bool:
    """Is ``running`` one of the versions that are said to have the defect, or within a range of them?"""
    here = version_key(running or "")
    return bool(here) and any(span.holds(here) for span in spans_of(affected))


def is_older(running: str | None, affected: Collection[str]) -> bool:
    """Does ``running`` come before every version that is said to have the defect?"""
    here, spans = version_key(running or ""), spans_of(affected)
    return bool(here and spans) and all(span.is_above(here) for span in spans)


def in_order(versions: Iterable[str]) -> list[str]:
    """By their numbers, the oldest first; each once, however it is written; unreadable ones at the end."""
    found: dict[object, str] = {}
    for text in (text.strip() for text in versions):
        if text:
            found.setdefault(read(text) or text.lower(), text)
    return sorted(found.values(), key=_place)


def _place(text: str) -> tuple[bool, Key, bool, Key]:
    span = read(text)
    if span is None:
        return (True, (), True, ())
    return (False, span.low or (), span.high is None, span.high or ())


# ── what people may write ────────────────────────────────────────────────────────────────────────


def check_affected(versions: Iterable[str]) -> None:
    """Raise :class:`Refused` for a version or a range that nobody could compare with."""
    for text in versions:
        span = read(text)
        if span is None or len(text) > LONGEST:
            raise Refused(
                N_("看不懂版本“%(text)s”。请写成 6.2.1、V2.3.1–V2.4.0、≤2.4 或 2.4.x 这样。"),
                text=text[:LONGEST],
            )
        if span.low is not None and span.high is not None and span.high < span.low:
            raise Refused(N_("版本范围“%(text)s”前后颠倒，请把较低的版本写在前面。"), text=text)


def check_fixed(version: str | None, *, affected: Iterable[str] = ()) -> None:
    """Raise :class:`Refused` unless it is one version that isn't called affected at the same time."""
    if not version:
        return
    span = read(version)
    if span is None or not span.is_single:
        raise Refused(N_("修复版本请写一个版本号，例如 6.2.2。"))
    if span in spans_of(affected):
        raise Refused(
            N_("版本 %(version)s 既写成受影响的，又写成修复版本，请核对。"), version=version.strip()
        )
