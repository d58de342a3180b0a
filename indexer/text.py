"""One way from text to terms, for documents and queries and every engine.

Weights, synonyms and ranking are not here. Invariant: the same text gives the same terms
whichever side it stands on, and each term knows its place in the folded text.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import rjieba

from indexer.characters import fold_keeping_case
from indexer.codes import Code, find_codes
from indexer.sounds import sound_pairs
from indexer.stems import stem

ANALYSIS = 1
"""Raise it with every change that alters terms: an index of another analysis asks for a rebuild."""

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"(?P<han>[{_HAN}]+)|(?P<latin>[^\W\d_{_HAN}]+(?:'[a-z]{{1,2}}\b)?)|(?P<number>\d+)")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z]+")
_LONGEST_TERM = 64
LONGEST_TEXT = 200_000
"""Characters that are analysed; a longer text is a log file, and its start says what it is."""


class TermKind(StrEnum):
    CODE = "code"
    WORD = "word"
    """A Chinese dictionary word, an English stem or a number."""
    PAIR = "pair"
    """Two neighbouring characters that are no dictionary word."""
    SINGLE = "single"


@dataclass(frozen=True, slots=True)
class Term:
    text: str
    kind: TermKind
    start: int
    end: int


def _code_terms(codes: Iterable[Code]) -> Iterator[Term]:
    for code in codes:
        for text in code.terms:
            yield Term(text, TermKind.CODE, code.start, code.end)


def _han_words(run: str, start: int) -> Iterator[Term]:
    place = 0
    for word in rjieba.cut_for_search(run):
        found = run.find(word, max(0, place - _LONGEST_TERM))
        if len(word) > 1 and found >= 0:
            yield Term(word, TermKind.WORD, start + found, start + found + len(word))
        place = found + len(word) if found >= 0 else place


def _han_terms(run: str, start: int) -> Iterator[Term]:
    words = list(_han_words(run, start))
    yield from words
    pairs = {(word.start, word.end) for word in words if len(word.text) == 2}
    for place, character in enumerate(run, start):
        yield Term(character, TermKind.SINGLE, place, place + 1)
        if place + 1 < start + len(run) and (place, place + 2) not in pairs:
            yield Term(run[place - start : place - start + 2], TermKind.PAIR, place, place + 2)


def _latin_terms(cased: str, start: int) -> Iterator[Term]:
    cased = cased.split("'")[0]
    whole = cased.lower()
    yield Term(stem(whole)[:_LONGEST_TERM], TermKind.WORD, start, start + len(cased))
    humps = list(_HUMPS.finditer(cased)) if cased != whole and cased[1:] != whole[1:] else []
    if 1 < len(humps) <= 12 and not cased.isupper():
        for hump in humps:
            text = stem(hump.group().lower())
            if len(text) > 1:
                yield Term(text, TermKind.WORD, start + hump.start(), start + hump.end())


def _run_terms(match: re.Match[str]) -> Iterator[Term]:
    if match.lastgroup == "han":
        return _han_terms(match.group(), match.start())
    if match.lastgroup == "latin":
        return _latin_terms(match.group(), match.start())
    return iter((Term(match.group()[:_LONGEST_TERM], TermKind.WORD, match.start(), match.end()),))


def _outside(codes: Iterable[Code], length: int) -> Iterator[tuple[int, int]]:
    place = 0
    for code in codes:
        yield place, code.start
        place = code.end
    yield place, length


def _prepared(text: str) -> tuple[str, list[Code]]:
    cased = fold_keeping_case(text[:LONGEST_TEXT])
    return cased, find_codes(cased.lower())


def terms(text: str) -> list[Term]:
    """Every term of the text; places refer to `fold(text)`."""
    cased, codes = _prepared(text)
    found = list(_code_terms(codes))
    for start, end in _outside(codes, len(cased)):
        for match in _RUNS.finditer(cased, start, end):
            found.extend(_run_terms(match))
    return found


def outside_han(text: str) -> list[Term]:
    """The terms of `terms(text)` that hold no Chinese: codes, Latin words, numbers."""
    cased, codes = _prepared(text)
    found = list(_code_terms(codes))
    for start, end in _outside(codes, len(cased)):
        for match in _RUNS.finditer(cased, start, end):
            if match.lastgroup != "han":
                found.extend(_run_terms(match))
    return found


def _counted(match: re.Match[str]) -> Iterable[str]:
    run = match.group()
    if match.lastgroup != "han":
        return (term.text for term in _run_terms(match))
    longer = (word for word in rjieba.cut_for_search(run) if len(word) > 2)
    return (*run, *(run[place : place + 2] for place in range(len(run) - 1)), *longer)


def count_terms(text: str) -> Counter[str]:
    """The terms of `terms(text)` with their frequencies, made the fast way for indexing."""
    cased, codes = _prepared(text)
    counts = Counter(term.text for term in _code_terms(codes))
    for start, end in _outside(codes, len(cased)):
        for match in _RUNS.finditer(cased, start, end):
            counts.update(_counted(match))
    return counts


def han_runs(text: str) -> list[str]:
    return re.findall(rf"[{_HAN}]+", fold_keeping_case(text[:LONGEST_TEXT]))


def count_sounds(text: str) -> Counter[str]:
    return Counter(pair for run in han_runs(text) for pair in sound_pairs(run))
