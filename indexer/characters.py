"""One folding per character: width, case, dashes, invisible marks, traditional to simplified.

Words and codes are not known here (see `text.py`, `codes.py`).
Invariant: folding works character by character, so that every folded character knows where
it came from, and folding twice changes nothing.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_VARIANTS = {"帐": "账", "帳": "账", "裏": "里", "啓": "启", "綫": "线", "羣": "群", "峯": "峰"}
"""Forms that the desk uses side by side for the same word (帐号, 账号)."""


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


@cache
def simplified() -> Mapping[str, str]:
    """Traditional → simplified; a character that is also simplified stays (乾隆 is not 干隆)."""
    table: dict[str, str] = {}
    source = files("opencc").joinpath("dictionary/TSCharacters.txt").read_text(encoding="utf-8")
    for line in source.splitlines():
        traditional, _, candidates = line.partition("\t")
        choices = candidates.split()
        if choices and traditional not in choices and _common(choices[0]):
            table[traditional] = choices[0]
    return table | _VARIANTS


def _common(character: str) -> bool:
    """Rare extension-B forms are no use to anybody who types on a desk."""
    return ord(character) < 0x20000


def _fold_composed(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Pd" or character == "−":
        return "-"
    if kind in ("Cf", "Mn", "Me"):
        return ""
    if kind[0] in "CZ":
        return " "
    bare = unicodedata.normalize("NFKD", character)[0]
    return bare if _is_latin(bare) and not character.isascii() else character


def _settle(character: str) -> str:
    """Follow a traditional form to its end: a few simplified forms are keys themselves."""
    seen = {character}
    while (following := simplified().get(character)) and following not in seen:
        seen.add(character := following)
    return character


def _lower(character: str) -> str:
    small = character.lower()
    return small if len(small) == 1 else character


class _Folding(dict[int, str]):
    """Fills itself: a desk uses a few thousand different characters."""

    def __init__(self, *, keep_case: bool) -> None:
        super().__init__()
        self._keep_case = keep_case

    def __missing__(self, code: int) -> str:
        character = chr(code)
        composed = (
            " " if unicodedata.category(character) == "Cs" else unicodedata.normalize("NFKC", character)
        )
        folded = "".join(_settle(part) for piece in composed for part in _fold_composed(piece))
        self[code] = folded if self._keep_case else "".join(_lower(part) for part in folded)
        return self[code]


_CASED = _Folding(keep_case=True)
_FOLDED = _Folding(keep_case=False)


def fold(text: str) -> str:
    return text.translate(_FOLDED)


def fold_keeping_case(text: str) -> str:
    """As long as `fold(text)` and equal to it but for case: needed to cut camelCase names."""
    return text.translate(_CASED)


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and, for each of its characters, the place in the original."""

    text: str
    origin: Sequence[int]
    length: int

    @property
    def is_plain(self) -> bool:
        """Every character stands where it stood."""
        return isinstance(self.origin, range)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where text[start:end] stands in the original; an empty span stays empty."""
        if start >= end:
            return 0, 0
        return self.origin[start], self.origin[end - 1] + 1


_ONE_FOR_ONE: set[str] = set()
"""Characters known to become exactly one: all but a handful."""


def _stays_in_place(text: str) -> bool:
    unknown = set(text) - _ONE_FOR_ONE
    settled = {character for character in unknown if len(_FOLDED[ord(character)]) == 1}
    _ONE_FOR_ONE.update(settled)
    return len(settled) == len(unknown)


def fold_with_origin(text: str) -> Folded:
    if _stays_in_place(text):
        return Folded(fold(text), range(len(text)), len(text))
    parts: list[str] = []
    origin: list[int] = []
    for place, character in enumerate(text):
        folded = _FOLDED[ord(character)]
        parts.append(folded)
        origin.extend([place] * len(folded))
    return Folded("".join(parts), tuple(origin), len(text))


def is_traditional(text: str) -> bool:
    return any(character in simplified() and character not in _VARIANTS for character in text)
