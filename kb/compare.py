"""Two texts compared word by word. Pure; what comes out is text, to be escaped where it is shown.

Lines are matched first and words only inside what changed, so that time stays bounded for long texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

#: A Latin word or number, a run of blanks, or one character: Chinese is compared by character.
TOKEN = re.compile(r"[A-Za-z0-9_]+|[ \t]+|.", re.DOTALL)
#: Longer changed passages are shown whole: struck out and written anew.
MOST_TOKENS = 2_000
MOST_LINES = 2_000
#: What two changes share by chance is at most this long.
LONGEST_CHANCE = 3


class Change(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Piece:
    change: Change
    text: str


@dataclass(frozen=True, slots=True)
class _Passage:
    """A passage of both texts: ``old`` became ``new``; equal where nothing changed."""

    old: str
    new: str

    @property
    def changed(self) -> bool:
        return self.old != self.new

    @property
    def weight(self) -> int:
        return max(len(self.old), len(self.new))

    def __add__(self, other: _Passage) -> _Passage:
        return _Passage(self.old + other.old, self.new + other.new)


def compare(old: str, new: str) -> list[Piece]:
    """The pieces of both texts in order: the same ones and the added ones make ``new``."""
    pieces = _joined(_by_line(old.splitlines(keepends=True), new.splitlines(keepends=True)))
    return _joined(_pieces(_readable(_passages(pieces))))


def _passages(pieces: Sequence[Piece]) -> Iterator[_Passage]:
    changed = _Passage("", "")
    for piece in pieces:
        if piece.change == Change.SAME:
            yield changed
            yield _Passage(piece.text, piece.text)
            changed = _Passage("", "")
        elif piece.change == Change.REMOVED:
            changed += _Passage(piece.text, "")
        else:
            changed += _Passage("", piece.text)
    yield changed


def _readable(passages: Iterator[_Passage]) -> list[_Passage]:
    """A character or two that two changes share by chance would tear a sentence to shreds: they go along."""
    kept: list[_Passage] = []
    for passage in passages:
        if not passage.weight:
            continue
        kept.append(passage)
        while len(kept) > 2 and _is_chance(*kept[-3:]):
            kept[-3:] = [kept[-3] + kept[-2] + kept[-1]]
    return kept


def _is_chance(before: _Passage, between: _Passage, after: _Passage) -> bool:
    if between.changed or not (before.changed and after.changed) or "\n" in between.old:
        return False
    return between.weight <= LONGEST_CHANCE and before.weight + after.weight >= 3 * between.weight


def _pieces(passages: Sequence[_Passage]) -> Iterator[Piece]:
    for passage in passages:
        if passage.changed:
            yield from _replaced(passage.old, passage.new)
        else:
            yield Piece(Change.SAME, passage.new)


def _by_line(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    if len(old) + len(new) > MOST_LINES:
        yield from _replaced("".join(old), "".join(new))
        return
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        before, after = "".join(old[i:j]), "".join(new[k:m])
        if tag == "equal":
            yield Piece(Change.SAME, before)
        elif tag == "replace":
            yield from _by_word(TOKEN.findall(before), TOKEN.findall(after))
        else:
            yield from _replaced(before, after)


def _by_word(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    if len(old) + len(new) > MOST_TOKENS:
        yield from _replaced("".join(old), "".join(new))
        return
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece(Change.SAME, "".join(old[i:j]))
        else:
            yield from _replaced("".join(old[i:j]), "".join(new[k:m]))


def _replaced(old: str, new: str) -> Iterator[Piece]:
    if old:
        yield Piece(Change.REMOVED, old)
    if new:
        yield Piece(Change.ADDED, new)


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].change == piece.change:
            joined[-1] = Piece(piece.change, joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined
