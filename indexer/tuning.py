"""Every number that steers the ranking, in one frozen table: one setting for all desks.

Chosen on judged sets of several kinds (docs/benchmarks.md), never for one of them.
"""

import math
from dataclasses import dataclass, replace

from indexer.text import TermKind


@dataclass(frozen=True, slots=True)
class Tuning:
    k1: float = 1.5
    b: float = 0.92
    title: float = 0.5
    """What a term found in the title adds to its score."""
    sound: float = 0.6
    """Of the weight of a pair that nobody has written, for one that sounds like it."""
    form: float = 0.6
    """Of the weight of a word that nobody has written, for one that is nearly spelled or looks like it."""
    synonym: float = 0.4
    near: float = 0.06
    """What the same system, module … adds, as a share of the best score."""
    popularity: float = 0.02
    """What a popularity of 1 adds: enough to order equals."""
    meaning: float = 0.35
    """The share of meaning when the words of some document cover the question."""
    meaning_alone: float = 0.9
    """Its share when no document shares a word with it: lay people have other words."""
    covered: float = 0.35
    """From this coverage on, words count in full."""
    late: float = 0.3
    """What the piece-by-piece likeness adds to the first hits before they are put in order again."""
    near_odds: float = 10.0
    """What a boost of 1 adds in log-odds where the order is learned."""
    reranked: int = 50
    sentence: float = 0.4
    """In a long question, the share of its best sentence against the whole of it."""
    word: float = 1.0
    pair: float = 0.6
    single: float = 0.3
    code: float = 1.2
    stop: float = 0.15
    most_terms: int = 160
    """The rarest terms of a query that are looked up; a pasted log has thousands."""
    patience_ms: float = 40.0
    """What encoding a question may take; then words answer alone, and the next key finds it encoded."""

    def weight(self, kind: TermKind) -> float:
        match kind:
            case TermKind.CODE:
                return self.code
            case TermKind.WORD:
                return self.word
            case TermKind.PAIR:
                return self.pair
            case TermKind.SINGLE:
                return self.single


TUNING = Tuning()
PATIENT = replace(TUNING, patience_ms=math.inf)
"""For whoever measures or works in the background."""
