"""Pinyin: how Chinese is read, and how typed letters are cut into syllables.

Sounds are coarse (`sounds.py`), so that zhang and zan, or lin and ling, are one. Invariant: what a run is
read as and what typed letters are read as are compared in the same coarse syllables.
"""

import re
from functools import cache, lru_cache
from importlib.resources import files

from pypinyin import lazy_pinyin

from indexer.sounds import coarse, sounds

_MOST_READINGS = 8
_LONGEST = 6
UNREAD = "0q"
"""A character without a known reading: like no syllable that can be typed."""
_AGAIN = re.compile("重(?=[置启复新装试发印命建登设填做录传连拨来])")
"""重 that is read chong; the dictionary of readings knows few of the desk's words with it."""


@cache
def _syllables() -> frozenset[str]:
    source = files("indexer").joinpath("tables/syllables.txt").read_text(encoding="utf-8")
    return frozenset(
        word for line in source.splitlines() if not line.startswith("#") for word in line.split()
    )


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(syllable[:end] for syllable in _syllables() for end in range(1, len(syllable) + 1))


@lru_cache(maxsize=8192)
def syllables_of(run: str) -> tuple[str, ...]:
    """How a run of Chinese characters is read, a syllable for each."""
    read = lazy_pinyin(_AGAIN.sub("虫", run))
    if len(read) != len(run):
        read = [(sounds(character) or (UNREAD,))[0] for character in run]
    return tuple(
        coarse(syllable) if syllable.isascii() and syllable.isalpha() else UNREAD for syllable in read
    )


@lru_cache(maxsize=4096)
def readings(piece: str) -> tuple[tuple[str, ...], ...]:
    """The ways to cut typed pinyin, the fewest syllables first; the last may be unfinished."""
    ways: dict[int, list[tuple[str, ...]]] = {0: [()]}
    for end in range(1, len(piece) + 1):
        known = _beginnings() if end == len(piece) else _syllables()
        found = [
            (*way, coarse(piece[start:end]))
            for start in range(max(0, end - _LONGEST), end)
            if piece[start:end] in known
            for way in ways.get(start, ())
        ]
        ways[end] = sorted(dict.fromkeys(found), key=len)[:_MOST_READINGS]
    return tuple(ways[len(piece)])
