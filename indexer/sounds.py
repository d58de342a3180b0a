"""How a Chinese character sounds, coarsely: toneless pinyin with the usual confusions merged.

Used only to catch same-sound typing errors; meaning and ranking live elsewhere.
Invariant: a sound term starts with `~`, so it can never be taken for a word.
"""

import itertools
from collections.abc import Iterator
from functools import lru_cache

from pypinyin import Style, lazy_pinyin, pinyin

_MERGED = (("zh", "z"), ("ch", "c"), ("sh", "s"))


def coarse(syllable: str) -> str:
    """A toneless syllable, or the beginning of one, with the usual confusions merged."""
    for written, heard in _MERGED:
        if syllable.startswith(written):
            syllable = heard + syllable[len(written) :]
    return syllable[:-1] if syllable.endswith("ng") else syllable


@lru_cache(maxsize=32768)
def sounds(character: str) -> tuple[str, ...]:
    """Every coarse reading, the most usual first; at most three (校 is xiao and jiao)."""
    readings = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
    if not readings:
        return ()
    usual = lazy_pinyin(character, errors="ignore")
    return tuple(dict.fromkeys(coarse(reading) for reading in (*usual, *readings[0])))[:3]


def usual_sound(character: str) -> str:
    """Its most usual reading; a question mark for what has none."""
    return (sounds(character) or ("?",))[0]


def sound_pairs(run: str) -> Iterator[str]:
    """One term for each pair of neighbouring characters, by their usual readings."""
    usual = [usual_sound(character) for character in run]
    for first, second in itertools.pairwise(usual):
        yield f"~{first}.{second}"


def possible_pairs(pair: str) -> list[str]:
    """Every way a pair may sound, for the side that may be mistyped."""
    return [f"~{first}.{second}" for first in sounds(pair[0]) for second in sounds(pair[1])]
