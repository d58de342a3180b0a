"""Which letters of a title somebody has typed so far, by letter or by sound, for the eye.

`highlight.py` does the same for whole words of a question. Invariant: the segments' texts put together are
the line that was given, character by character.
"""

import re
from collections.abc import Iterator
from itertools import groupby

from indexer.characters import fold_with_origin
from indexer.letters import LONGEST_PINYIN, Typed
from indexer.syllables import readings, syllables_of

_LATIN = re.compile(r"[a-z0-9]")
_HAN_RUN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_JOINTS = "[-_./:+#&]*"


def marked(line: str, asked: Typed) -> tuple[tuple[str, bool], ...]:
    """The line in segments, those marked that were typed, by letter or by sound; nothing is lost."""
    folded = fold_with_origin(line)
    marks = [False] * len(line)
    for part in asked.parts:
        for start, end in _spans(folded.text, part.piece):
            first, last = folded.span(start, end)
            marks[first:last] = [True] * (last - first)
    grouped = groupby(zip(line, marks, strict=True), key=lambda pair: pair[1])
    return tuple(("".join(letter for letter, _ in group), is_marked) for is_marked, group in grouped)


def _spans(folded: str, piece: str) -> Iterator[tuple[int, int]]:
    if (whole := re.search(_JOINTS.join(map(re.escape, piece)), folded)) is not None:
        yield whole.span()
    elif _LATIN.match(piece):
        heard = (
            {tuple(piece), *readings(piece)} if piece.isalpha() and len(piece) <= LONGEST_PINYIN else set()
        )
        for run in _HAN_RUN.finditer(folded):
            yield from _heard_spans(run.group(), run.start(), heard)
    else:
        for run in _HAN_RUN.finditer(folded):
            yield from _heard_spans(run.group(), run.start(), {syllables_of(piece)})


def _heard_spans(run: str, start: int, wanted: set[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    syllables = syllables_of(run)
    for reading in wanted:
        for place in range(len(syllables) - len(reading) + 1):
            window = syllables[place : place + len(reading)]
            if _is_read(window, reading):
                yield start + place, start + place + len(reading)
                break


def _is_read(window: tuple[str, ...], reading: tuple[str, ...]) -> bool:
    initials_only = all(len(syllable) == 1 for syllable in reading)
    if initials_only:
        return all(heard.startswith(typed_) for heard, typed_ in zip(window, reading, strict=True))
    return window[:-1] == reading[:-1] and window[-1].startswith(reading[-1])
