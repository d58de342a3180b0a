"""Two texts compared word by word. Pure; what comes out is text, to be escaped where it is shown.

Lines are matched first and words only inside what changed, so that time stays bounded for long texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

#: A Latin word or number, a run of blanks, or one character: Chinese is compared by character.
TOKEN = re.compile(r"[A-Za-z0-9_]+|[ \t]+|.", re.DOTALL)
#: Longer changed passages are shown whole: struck out and written anew.
MOST_TOKENS = 2_000
MOST_LINES = 4_000
#: Matching takes time for each pair of equal items; texts of one character said over and over have most.
MOST_TOKEN_PAIRS = 20_000
MOST_LINE_PAIRS = 40_000
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


def excerpt(pieces: Sequence[Piece], *, lines: int = 1) -> list[Piece]:
    """What changed, with so many whole lines about it; a gap between them is a line with an ellipsis."""
    last = len(pieces) - 1
    return [
        _cut(piece, lines, first=place == 0, last=place == last) if piece.change == Change.SAME else piece
        for place, piece in enumerate(pieces)
    ]


def _cut(piece: Piece, lines: int, *, first: bool, last: bool) -> Piece:
    """The first lines, unless the text begins here; the last ones, unless it ends here."""
    rows = piece.text.split("\n")
    head, tail = (0 if first else lines + 1), (0 if last else lines + 1)
    if len(rows) <= head + tail + 1:
        return piece
    kept = [*rows[:head], "…", *(rows[len(rows) - tail :] if tail else ())]
    return Piece(piece.change, "\n".join(kept))


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
    for tag, before, after in _matched(old, new, most=MOST_LINES, pairs=MOST_LINE_PAIRS):
        if tag == "replace":
            yield from _by_word(TOKEN.findall(before), TOKEN.findall(after))
        else:
            yield from _told(tag, before, after)


def _by_word(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    for tag, before, after in _matched(old, new, most=MOST_TOKENS, pairs=MOST_TOKEN_PAIRS):
        yield from _told(tag, before, after)


def _told(tag: str, before: str, after: str) -> Iterator[Piece]:
    if tag == "equal":
        yield Piece(Change.SAME, before)
    else:
        yield from _replaced(before, after)


def _matched(
    old: Sequence[str], new: Sequence[str], *, most: int, pairs: int
) -> Iterator[tuple[str, str, str]]:
    """(tag, passage before, passage after); what both begin and end with needs no matching."""
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    yield "equal", "".join(old[:head]), "".join(new[:head])
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(left) + len(right) > most or _pairs(left, right) > pairs:
        yield "whole", "".join(left), "".join(right)
    else:
        for tag, i, j, k, m in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
            yield tag, "".join(left[i:j]), "".join(right[k:m])
    yield "equal", "".join(old[len(old) - tail :]), "".join(new[len(new) - tail :])


def _shared(old: Sequence[str], new: Sequence[str]) -> int:
    """How many first items are the same."""
    differing = (place for place, (one, other) in enumerate(zip(old, new, strict=False)) if one != other)
    return next(differing, min(len(old), len(new)))


def _pairs(old: Sequence[str], new: Sequence[str]) -> int:
    """How many places of both could belong together: what the matching looks at, once and again."""
    said = Counter(new)
    return sum(count * said[item] for item, count in Counter(old).items())


def _replaced(old: str, new: str) -> Iterator[Piece]:
    if old:
        yield Piece(Change.REMOVED, old)
    if new:
        yield Piece(Change.ADDED, new)


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if joined and joined[-1].change == piece.change:
            joined[-1] = Piece(piece.change, joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined
