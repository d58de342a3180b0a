"""Marks the asked words in the original text, as segments that a template can render safely.

A Chinese word or pair is looked for as it is; Latin words by their stems, codes in every spelling of
theirs. Invariant: the segments' texts put together are the text that was given, character by character.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from indexer.characters import fold_with_origin
from indexer.text import TermKind, han_runs, outside_han, terms

LONGEST = 20_000
_MARKED_KINDS = (TermKind.CODE, TermKind.WORD, TermKind.PAIR)

Segment = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is marked: a pattern for what is written in Chinese, terms for all else."""

    chinese: re.Pattern[str] | None
    others: frozenset[str]


@lru_cache(maxsize=256)
def _wanted(query_text: str) -> _Wanted:
    asked = terms(query_text[:2_000])
    strong = [term for term in asked if term.kind in _MARKED_KINDS] or asked
    chinese = {term.text for term in strong if han_runs(term.text) == [term.text]}
    others = frozenset(term.text for term in strong if term.text not in chinese)
    # Places that overlap are found too: the pattern only looks ahead, longest first.
    ordered = sorted(chinese, key=lambda text: (-len(text), text))
    pattern = re.compile(f"(?=({'|'.join(ordered)}))") if ordered else None
    return _Wanted(pattern, others)


def _spans(text: str, wanted: _Wanted) -> list[tuple[int, int]]:
    """Where the asked words stand in the text, in order."""
    folded = fold_with_origin(text)
    spans = [match.span(1) for match in wanted.chinese.finditer(folded.text)] if wanted.chinese else []
    if wanted.others:
        found = (term for term in outside_han(text) if term.text in wanted.others)
        spans += [(term.start, term.end) for term in found if term.end <= len(folded.text)]
        spans.sort()
    return spans if folded.is_plain else sorted(folded.span(*span) for span in spans)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those that overlap or touch made one."""
    joined: list[tuple[int, int]] = []
    first = last = -1
    for start, end in spans:
        if start > last:
            joined.append((first, last))
            first = start
        last = max(last, end)
    return [*joined[1:], (first, last)] if joined else []


def highlight(text: str, query_text: str) -> list[Segment]:
    """The text in pieces, each with whether it was asked for."""
    segments: list[Segment] = []
    place = 0
    for start, end in _joined(_spans(text[:LONGEST], _wanted(query_text))):
        segments += [(text[place:start], False), (text[start:end], True)]
        place = end
    return [segment for segment in (*segments, (text[place:], False)) if segment[0]]
