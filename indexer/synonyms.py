"""The desk's synonyms: groups of words that people use for the same thing, in both languages.

The groups are a table (`tables/synonyms.jsonl`); how much they count is `tuning.py`'s.
Invariant: a phrase of one or two characters stands for its group only as a whole word, so
that 票 in 发票 is never taken for a ballot.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from indexer.characters import fold
from indexer.text import Term, TermKind, terms

_LONGEST_SCANNED = 400
_SHORT = 2
_MOST_OTHERS = 12


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way to say it: the terms that a document must all have."""

    text: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    groups: tuple[tuple[Alternative, ...], ...]
    by_phrase: Mapping[str, tuple[int, ...]]
    lengths: Mapping[str, tuple[int, ...]]
    """How long the phrases are that begin with a character."""


def _table(groups: tuple[tuple[Alternative, ...], ...], by_phrase: Mapping[str, tuple[int, ...]]) -> Table:
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    for phrase in by_phrase:
        lengths[phrase[:1]].add(len(phrase))
    return Table(groups, by_phrase, {first: tuple(sorted(found)) for first, found in lengths.items()})


def _alternative(folded: str) -> Alternative:
    strong = [term.text for term in terms(folded) if term.kind is not TermKind.SINGLE]
    return Alternative(folded, tuple(dict.fromkeys(strong or [term.text for term in terms(folded)])))


def table_of(groups: Sequence[Sequence[str]]) -> Table:
    by_phrase: dict[str, list[int]] = defaultdict(list)
    held: list[tuple[Alternative, ...]] = []
    for number, words in enumerate(groups):
        phrases = list(dict.fromkeys(fold(word).strip() for word in words))
        held.append(tuple(_alternative(phrase) for phrase in phrases))
        for phrase in phrases:
            by_phrase[phrase].append(number)
    return _table(tuple(held), {phrase: tuple(found) for phrase, found in by_phrase.items()})


@cache
def shipped() -> Table:
    source = files("indexer").joinpath("tables/synonyms.jsonl").read_text(encoding="utf-8")
    return table_of([json.loads(line)["words"] for line in source.splitlines() if line.strip()])


@lru_cache(maxsize=8)
def with_own(groups: tuple[tuple[str, ...], ...]) -> Table:
    """The shipped groups and a desk's own; neither replaces the other."""
    if not groups:
        return shipped()
    base, own = shipped(), table_of(groups)
    by_phrase = dict(base.by_phrase)
    for phrase, numbers in own.by_phrase.items():
        by_phrase[phrase] = (*by_phrase.get(phrase, ()), *(len(base.groups) + number for number in numbers))
    return _table(base.groups + own.groups, by_phrase)


def _spans(folded: str, table: Table, starts: set[int], ends: set[int]) -> Iterator[tuple[int, int]]:
    for start in range(min(len(folded), _LONGEST_SCANNED)):
        for length in table.lengths.get(folded[start], ()):
            end = start + length
            known = end <= len(folded) and folded[start:end] in table.by_phrase
            if known and _whole(folded, start, end, starts, ends):
                yield start, end


def _whole(folded: str, start: int, end: int, starts: set[int], ends: set[int]) -> bool:
    if not folded[start].isascii() and not folded[end - 1].isascii() and end - start > _SHORT:
        return True
    return start in starts and end in ends


def _longest_first(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """A phrase inside a longer phrase of the table is not what was said."""
    taken: set[int] = set()
    for start, end in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            yield start, end


def alternatives(folded: str, found: Sequence[Term], table: Table) -> list[tuple[Alternative, ...]]:
    """For each phrase of the question that the table knows, the other ways to say it."""
    words = [term for term in found if term.kind in (TermKind.WORD, TermKind.CODE)]
    starts, ends = {term.start for term in words}, {term.end for term in words}
    others: list[tuple[Alternative, ...]] = []
    for start, end in _longest_first(list(_spans(folded, table, starts, ends))):
        said = folded[start:end]
        groups = (table.groups[number] for number in table.by_phrase[said])
        chosen = [other for group in groups for other in group if other.text != said]
        others.append(tuple(chosen[:_MOST_OTHERS]))
    return others
