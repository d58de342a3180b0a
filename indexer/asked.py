"""What a person asked, understood once: weighted terms and codes.

The ranking is in `scoring.py`. Invariant: nothing typed here is ever parsed as a query
language; it only ever becomes terms.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from indexer.characters import fold
from indexer.codes import Code, find_codes, lookups
from indexer.synonyms import Alternative, alternatives, with_own
from indexer.text import Term, TermKind, terms
from indexer.tuning import Tuning

LONGEST_QUESTION = 4_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """One distinct term of the question."""

    text: str
    kind: TermKind
    weight: float
    surface: str
    """As it was typed, folded: what a reason shows."""


@dataclass(frozen=True, slots=True)
class Asked:
    text: str
    terms: tuple[Wanted, ...]
    codes: frozenset[str]
    others: tuple[tuple[Alternative, ...], ...] = ()
    """For each phrase that the desk's synonyms know, the other ways to say it."""

    @property
    def is_empty(self) -> bool:
        return not self.terms


@cache
def stop_words() -> frozenset[str]:
    """Words that carry the politeness of a question and not its matter."""
    source = files("indexer").joinpath("tables/stop_words.txt").read_text(encoding="utf-8")
    lines = (line for line in source.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


def _stopped(found: list[Term], folded: str) -> set[tuple[int, int]]:
    """Characters covered by a stop word; a pair that lies in them says nothing either."""
    return {(term.start, term.end) for term in found if folded[term.start : term.end] in stop_words()}


def _is_stopped(term: Term, covered: set[int]) -> bool:
    return all(place in covered for place in range(term.start, term.end))


def _best_kinds(found: list[Term], covered: set[int]) -> dict[str, tuple[TermKind, bool]]:
    order = list(TermKind)
    best: dict[str, tuple[TermKind, bool]] = {}
    for term in found:
        kind, stopped = best.get(term.text, (TermKind.SINGLE, True))
        stronger = term.kind if order.index(term.kind) < order.index(kind) else kind
        best[term.text] = stronger, stopped and _is_stopped(term, covered)
    return best


def _weighed(found: list[Term], folded: str, tuning: Tuning) -> tuple[Wanted, ...]:
    covered = {place for start, end in _stopped(found, folded) for place in range(start, end)}
    counts = Counter(term.text for term in found)
    surfaces = {term.text: folded[term.start : term.end] for term in reversed(found)}
    wanted: list[Wanted] = []
    for text, (kind, stopped) in _best_kinds(found, covered).items():
        weight = tuning.weight(kind) * (tuning.stop if stopped else 1.0)
        repeated = min(2.0, 1.0 + 0.25 * (counts[text] - 1))
        wanted.append(Wanted(text, kind, weight * repeated, surfaces[text]))
    return tuple(wanted)


def _codes(found: list[Code]) -> frozenset[str]:
    return frozenset(lookups(found))


def understood(text: str, tuning: Tuning, synonyms: tuple[tuple[str, ...], ...] = ()) -> Asked:
    """``synonyms``: groups of the desk's own."""
    kept = text[:LONGEST_QUESTION]
    folded = fold(kept)
    found = terms(kept)
    others = tuple(alternatives(folded, found, with_own(synonyms))) if tuning.synonym > 0 else ()
    return Asked(kept, _weighed(found, folded, tuning), _codes(find_codes(folded)), others)
