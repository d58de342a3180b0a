"""Is a ticket about the same thing as a question that was asked before it? One rule, pure.

Only words and systems are compared, through the indexer's own analysis and without an index: the rule says
the same today and in a year, on both sides of the holdout, and can be written down for a manager. What was
shown for the question plays no part, since nothing is shown to those who are held back. The invariant: the
rule is symmetric in its two texts, and a text is always about the same thing as itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from indexer.asked import understood
from indexer.characters import fold
from indexer.codes import mentioned
from indexer.text import TermKind
from indexer.tuning import Tuning

#: Of the telling words of the shorter text, weighed, which share the other one must have too: where both are
#: about the same system, and where one of them names none. Chosen in decision 0150.
ALIKE_WITHIN_A_SYSTEM = 0.15
ALIKE_ANYWHERE = 0.2
LONGEST = 1_200
_WORDS_ALONE = Tuning(synonym=0.0)
_LEAST = _WORDS_ALONE.weight(TermKind.PAIR)  # stop words weigh less
_TELLING = frozenset({TermKind.CODE, TermKind.WORD, TermKind.PAIR})


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said, and the code of the system it is about where that is known."""

    text: str
    system: str | None = None


def is_same_thing(one: Said, other: Said) -> bool:
    """The same system, or one of them names none; and alike words, or an error code in common."""
    if one.system and other.system and one.system != other.system:
        return False
    if _codes(one.text[:LONGEST]) & _codes(other.text[:LONGEST]):
        return True
    known = bool(one.system and other.system)
    return likeness(one.text, other.text) >= (ALIKE_WITHIN_A_SYSTEM if known else ALIKE_ANYWHERE)


def likeness(one: str, other: str) -> float:
    """0 to 1: which share of the shorter text's telling words, weighed, stands in the other one too."""
    mine, theirs = _words(one[:LONGEST]), _words(other[:LONGEST])
    shorter = min(sum(mine.values()), sum(theirs.values()))
    if not shorter:
        return 1.0 if one.strip() == other.strip() else 0.0
    shared = sum(min(weight, theirs[word]) for word, weight in mine.items() if word in theirs)
    return min(1.0, shared / shorter)


@lru_cache(maxsize=2_000)
def _codes(text: str) -> frozenset[str]:
    return frozenset(mentioned(fold(text)))


@lru_cache(maxsize=2_000)
def _words(text: str) -> dict[str, float]:
    """Politeness tells nothing: a text of nothing else is like no other."""
    found = [term for term in understood(text, _WORDS_ALONE).terms if term.kind in _TELLING]
    return {term.text: term.weight for term in found if term.weight >= _LEAST}
