"""What the learned order of the first candidates looks at: words, meaning and pieces side by side.

Numbers only; which of them counts how much is in `ranking.py`. Invariant: like the features of the
confidence, no signal depends on how many documents there are.
"""

import numpy as np
from numpy.typing import NDArray

from indexer import fusion
from indexer.columns import Places
from indexer.evidence import Evidence
from indexer.features import MOST_TERMS, matched
from indexer.generation import View
from indexer.text import TermKind
from indexer.vector_store import Matrix

Signals = NDArray[np.float64]

_WORDS = ("words", "coverage", "word_coverage", "titled")
_MEANING = ("whole", "sentence", "title", "body")
_PLAIN = (*_WORDS, *_MEANING, "late")
_LEANING = ("words", "coverage", "whole", "sentence", "late")
LONG = "words_long"
NAMES = (*_PLAIN, *(f"{name}_covered" for name in _LEANING), LONG)
"""What each column is. `…_covered`: times how far some document's words take up the question;
`words_long`: times how long the question is, for a pasted report is another thing than a question."""
_ENOUGH = 0.35
"""From this coverage on, the question's own words are there."""
_SHORT, _LONG = 150, 400
"""Characters: up to here a question is not long at all, from there on it is as long as can be."""


def signals(view: View, evidence: Evidence, places: Places, *, meant: Matrix, length: int) -> Signals:
    """One row for each place, a column for each of `NAMES`; `length` of the question in characters."""
    late = evidence.late[places] if evidence.late is not None else np.zeros(len(places))
    near = view.vectors.closeness(meant, places).T.astype(np.float64)
    plain = _word_signals(view, evidence, places) | dict(zip(_MEANING, near, strict=True))
    plain["late"] = late.astype(np.float64)
    columns = [plain[name] for name in _PLAIN]
    covered, long = _covered(evidence), min(1.0, max(0.0, (length - _SHORT) / (_LONG - _SHORT)))
    columns += [plain[name] * covered for name in _LEANING]
    columns.append(plain["words"] * long)
    return np.stack(columns, axis=1)


def _word_signals(view: View, evidence: Evidence, places: Places) -> dict[str, NDArray[np.float64]]:
    if evidence.words is None:
        return {name: np.zeros(len(places)) for name in _WORDS}
    wanted = evidence.asked.terms[:MOST_TERMS]
    match = matched(view, wanted, places)
    words = np.array([term.kind in (TermKind.WORD, TermKind.CODE) for term in wanted], dtype=bool)
    return {
        "words": fusion.normalised(evidence.words.bm25)[places].astype(np.float64),
        "coverage": match.share(np.ones(len(wanted), dtype=bool)),
        "word_coverage": match.share(words),
        "titled": evidence.words.titled[places].astype(np.float64),
    }


def _covered(evidence: Evidence) -> float:
    if evidence.words is None or not len(evidence.words.bm25):
        return 0.0
    coverage = float(evidence.words.coverage[int(np.argmax(evidence.words.bm25))])
    return min(1.0, coverage / _ENOUGH)
