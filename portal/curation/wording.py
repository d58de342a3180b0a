"""Sentences as people write them: cut, compared, near-identical ones put together. Pure.

Likeness is that of pairs of neighbouring characters, which needs no dictionary and treats Chinese and
Latin alike. What a sentence is worth, and where it came from, is said elsewhere. The invariant: everything
here depends on the texts alone and comes out the same every time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

#: Two sentences that share this part of their pairs say the same.
SAME = 0.72
#: So much of the shorter one within the longer: the longer says both.
WITHIN = 0.9
LONGEST = 400
#: Where a sentence ends; a full stop of English only before a space, so that V2.3.1 stays whole.
_END = re.compile(r"(?<=[。！？!?；;])|(?<=\.)\s+|\n+")
_MARK = re.compile(r"^\s*(?:[-*•·]|\(?\d{1,2}[.、)）:：](?!\d)|[①-⑳]|第[一二三四五六七八九十]+步[：:，]?)\s*")
_QUIET = re.compile(r"[\W_]+")

#: How people ask, whatever they ask about.
_ASKING = re.compile(
    r"请问|麻烦|老师|您好|你好|帮我?(?:看看|查查|忙)|想问(?:一?下|问)?|怎么(?:办|弄|样|回事|会)?|怎样|如何|为什么|为啥|咋(?:办|整|弄)?|"
    r"在?哪(?:里|儿|个地方)?(?:可以|能)?|能不能|可不可以|可以吗|行不行|是不是|有没有|什么(?:原因|情况|时候|意思)?|谢谢|[吗呢啊呀吧嘛哦了]"
)


def without_asking(text: str) -> str:
    """What is asked about: the words of asking itself make any two questions alike."""
    left = _ASKING.sub(" ", text)
    return left if len(_QUIET.sub("", left)) >= 2 else text


def sentences_of(text: str) -> list[str]:
    """The sentences of a text in their order, without the marks of lists before them."""
    found = (_MARK.sub("", part).strip() for part in _END.split(text[:20_000]))
    return [part[:LONGEST] for part in found if _QUIET.sub("", part)]


@lru_cache(maxsize=8_000)
def pairs(text: str) -> frozenset[str]:
    """Pairs of neighbouring characters, width, case and punctuation aside."""
    bare = _QUIET.sub("", unicodedata.normalize("NFKC", text).lower())
    return frozenset(bare[place : place + 2] for place in range(len(bare) - 1)) or frozenset({bare})


def likeness(one: str, other: str) -> float:
    """0 … 1: how much of both is shared (Dice)."""
    first, second = pairs(one), pairs(other)
    return 2 * len(first & second) / (len(first) + len(second))


def says_the_same(one: str, other: str) -> bool:
    """Are they near-identical, or is the shorter one said within the longer?"""
    first, second = pairs(one), pairs(other)
    shared, shorter = len(first & second), min(len(first), len(second))
    return likeness(one, other) >= SAME or (shorter >= 4 and shared >= WITHIN * shorter)


def together(texts: Sequence[str]) -> list[list[int]]:
    """Places of near-identical texts put together, in the order of the first of each."""
    found: list[list[int]] = []
    for place, text in enumerate(texts):
        home = next((group for group in found if says_the_same(texts[group[0]], text)), None)
        if home is None:
            found.append([place])
        else:
            home.append(place)
    return found


def middle_of(texts: Sequence[str]) -> int:
    """The place of the text that is most like all the others; the first of equals."""
    if len(texts) < 3:
        return 0
    scores = [sum(likeness(text, other) for other in texts) for text in texts]
    return max(range(len(texts)), key=lambda place: (round(scores[place], 6), -place))


def distinct(texts: Iterable[str], *, most: int) -> list[str]:
    """At most so many texts of which no two say the same, the first ones."""
    kept: list[str] = []
    for text in texts:
        if text and not any(says_the_same(former, text) for former in kept):
            kept.append(text)
        if len(kept) == most:
            break
    return kept


def headline(text: str, *, longest: int = 60) -> str:
    """The first sentence of a text as a heading: one line, no full stop at its end, cut where it must be."""
    first = next(iter(sentences_of(text)), "")
    line = " ".join(first.split()).rstrip("。.；;，,：:！!")
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
