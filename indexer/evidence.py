"""What speaks for a hit: reasons and a passage for the person (numbers: `features.py`).

Invariant: a reason names only what is true of this document and this question.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from indexer.asked import Asked, Wanted
from indexer.characters import fold
from indexer.columns import Mask, Places
from indexer.document import Document, Reason, ReasonKind
from indexer.engines import Field
from indexer.generation import View
from indexer.passages import MOST, Part, Passage, passages
from indexer.scoring import Scores, WordScores
from indexer.text import TermKind
from indexer.vectors import Nearest

_SHOWN_WORDS = 4
_ALIKE = 0.45
"""From this cosine on, "close in meaning" is worth telling a person."""
_LONGEST_PASSAGE = 240
_LONGEST_ASKED = 60
_ASKED_ALIKE = 0.6
"""From this share of the question's weight on, it has been asked so before."""
_NEAR_REASONS = {
    "system": ReasonKind.SAME_SYSTEM,
    "module": ReasonKind.SAME_MODULE,
    "version": ReasonKind.SAME_VERSION,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one question, place by place."""

    asked: Asked
    words: WordScores | None
    meaning: Nearest | None
    pinned: Scores
    boost: Scores
    near: Mapping[str, Mask]
    late: Scores | None = None
    late_weight: float = 0.0
    """The rarity of all the question's pieces together."""


def _telling(wanted: Wanted) -> bool:
    """A single character or a pair across two words tells a person nothing."""
    return wanted.kind in (TermKind.CODE, TermKind.WORD) and len(wanted.surface) > 1 and wanted.weight > 0.5


def shared_words(places: Places, evidence: Evidence, view: View) -> dict[int, tuple[str, ...]]:
    """For each place the words of the question that a person should be told of, the rarest first."""
    telling = [wanted for wanted in evidence.asked.terms if _telling(wanted)]
    telling.sort(key=lambda wanted: view.shelf.frequency(Field.WORDS, wanted.text))
    borne = view.lexical.borne(Field.WORDS, [wanted.text for wanted in telling], places)
    return {
        place: tuple(wanted.surface for wanted, bears in zip(telling, borne[:, row], strict=True) if bears)
        for row, place in enumerate(places.tolist())
    }


def _words_reason(shared: Iterable[str]) -> Iterator[Reason]:
    chosen: list[str] = []
    for word in shared:
        if not any(word in other for other in chosen):
            chosen = [*(other for other in chosen if other not in word), word]
        if len(chosen) == _SHOWN_WORDS:
            break
    if chosen:
        yield Reason(ReasonKind.WORDS, " · ".join(chosen))


def _code_reasons(place: int, evidence: Evidence, view: View) -> Iterator[Reason]:
    if evidence.pinned[place] <= 0:
        return
    n = int(view.columns.numbers[place])
    for code in sorted(evidence.asked.codes):
        if any(bearer == n for bearer, _ in view.store.bearers(code)):
            yield Reason(_code_kind(code), code.upper())


def _code_kind(code: str) -> ReasonKind:
    """A reference number of the desk, or an error code of a system."""
    return ReasonKind.NUMBER if code[:2] in ("gd", "kb", "qx", "gz") else ReasonKind.CODE


def _asked_as_reason(document: Document, asked: Asked) -> Iterator[Reason]:
    """Somebody has asked it nearly so before, or a ticket that it solved said so."""
    total = sum(wanted.weight for wanted in asked.terms)
    shares = [(_shared_weight(text, asked) / total, text) for text in document.also[:MOST] if total > 0]
    share, text = max(shares, default=(0.0, ""))
    if share >= _ASKED_ALIKE:
        yield Reason(ReasonKind.ASKED_AS, _cut(text.strip(), _LONGEST_ASKED))


def _shared_weight(text: str, asked: Asked) -> float:
    folded = fold(text[:_LONGEST_PASSAGE])
    return sum(wanted.weight for wanted in asked.terms if wanted.surface in folded)


def reasons_for(
    place: int, document: Document, evidence: Evidence, view: View, *, shared: Iterable[str]
) -> tuple[Reason, ...]:
    """`shared`: what `shared_words` found at this place."""
    return (
        *_code_reasons(place, evidence, view),
        *_asked_as_reason(document, evidence.asked),
        *_words_reason(shared),
        *_meaning_reason(place, evidence),
        *_near_reasons(place, evidence, view),
    )


def _meaning_reason(place: int, evidence: Evidence) -> Iterator[Reason]:
    if evidence.meaning is not None and evidence.meaning.cosines[place] >= _ALIKE:
        yield Reason(ReasonKind.MEANING, f"{evidence.meaning.cosines[place]:.2f}")


def _near_reasons(place: int, evidence: Evidence, view: View) -> Iterator[Reason]:
    for name, kind in _NEAR_REASONS.items():
        if name in evidence.near and evidence.near[name][place]:
            column = view.columns.facets[name]
            yield Reason(kind, str(column.values[column.numbers[place]]))


def _overlap(passage: Passage, asked: Asked) -> float:
    folded = fold(passage.text)
    return sum(wanted.weight * len(wanted.surface) for wanted in asked.terms if wanted.surface in folded)


def _cut(text: str, longest: int = _LONGEST_PASSAGE) -> str:
    return text if len(text) <= longest else text[:longest].rstrip() + "…"


def best_passage(place: int, document: Document, evidence: Evidence) -> str:
    """By meaning where there is any, else by shared words; the title alone is no passage."""
    found = passages(document)
    if (meaning := evidence.meaning) is not None and meaning.cosines[place] > 0:
        chosen = int(meaning.passages[place])
        if chosen < len(found) and found[chosen].part is not Part.TITLE:
            return _cut(found[chosen].text)
    bodies = [passage for passage in found if passage.part is Part.BODY] or found
    return _cut(max(bodies, key=lambda passage: _overlap(passage, evidence.asked)).text)
