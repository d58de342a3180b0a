"""Marks the asked words in the original text, as segments that a template can render safely.

Invariant: the segments' texts put together are the text that was given, character by character.
"""

from functools import lru_cache

from indexer.characters import fold_with_origin
from indexer.text import TermKind, terms

LONGEST = 20_000
_MARKED_KINDS = (TermKind.CODE, TermKind.WORD, TermKind.PAIR)


@lru_cache(maxsize=256)
def _wanted(query_text: str) -> frozenset[str]:
    asked = terms(query_text[:2_000])
    strong = frozenset(term.text for term in asked if term.kind in _MARKED_KINDS)
    return strong or frozenset(term.text for term in asked)


def _marks(text: str, wanted: frozenset[str]) -> list[bool]:
    marks = [False] * len(text)
    folded = fold_with_origin(text)
    for term in terms(text):
        if term.text in wanted and term.end <= len(folded.origin):
            start, end = folded.span(term.start, term.end)
            marks[start:end] = [True] * (end - start)
    return marks


def highlight(text: str, query_text: str) -> list[tuple[str, bool]]:
    head, tail = text[:LONGEST], text[LONGEST:]
    marks = [*_marks(head, _wanted(query_text)), *([False] * len(tail))]
    segments: list[tuple[str, bool]] = []
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or marks[place] != marks[start]:
            segments.append((text[start:place], marks[start]))
            start = place
    return segments
