"""Light English stemming: enough that "configuring" finds "configuration".

No dictionary and no exceptions list: both sides of a search pass through the same few rules,
so a stem need not be a word. Invariant: a stem is never shorter than three letters unless
the word was.
"""

import re
from functools import lru_cache

_VOWEL = re.compile(r"[aeiouy]")
_ENDINGS = (
    ("ational", "at"), ("ization", "iz"), ("isation", "iz"), ("fulness", "ful"), ("ousness", "ous"),
    ("ations", ""), ("itions", "it"), ("ation", ""), ("ition", "it"), ("ating", ""), ("ated", ""),
    ("ates", ""),
    ("ate", ""), ("ators", ""), ("ator", ""), ("ingly", ""), ("edly", ""), ("ments", ""), ("ment", ""),
    ("nesses", ""), ("ness", ""), ("ions", ""), ("ion", ""), ("ably", ""), ("able", ""), ("ible", ""),
    ("ally", "al"), ("ly", ""), ("ings", ""), ("ing", ""), ("ied", "y"), ("ed", ""), ("ies", "y"),
    ("ers", ""), ("er", ""),
)  # fmt: skip
_SHORTEST = 3


def _without_plural(word: str) -> str:
    if len(word) <= _SHORTEST or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1]


def _without_ending(word: str) -> str:
    for ending, instead in _ENDINGS:
        if word.endswith(ending):
            stem = word[: -len(ending)] + instead
            return _undoubled(stem) if len(stem) >= _SHORTEST and _VOWEL.search(stem) else word
    return word


def _undoubled(stem: str) -> str:
    if len(stem) > _SHORTEST and stem[-1] == stem[-2] and stem[-1] not in "aeioulsz":
        return stem[:-1]
    return stem


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    short = _without_ending(_without_plural(word))
    if len(short) > _SHORTEST and short.endswith("e"):
        short = short[:-1]
    return short[:-1] + "i" if len(short) > _SHORTEST and short.endswith("y") else short
