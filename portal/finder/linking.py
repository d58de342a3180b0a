"""Ticket ↔ defect: what a set of likely defects allows, and the evidence side by side. Pure.

Nothing is linked here; people and ``tickets.linking`` do that. The invariant: what is shown side by side
are sentences of both texts as they stand now, and a decision to link needs more than a high number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from defects.models import Defect
from indexer.document import ReasonKind
from indexer.highlight import highlight
from indexer.text import TermKind, terms
from portal.finder.found import Result, Segment
from portal.tickets.models import Ticket

#: The system may link by itself only from here on, and only when the next candidate is clearly worse.
LINK_AT = 0.95
MARGIN = 0.20
#: Reasons that tie a ticket to a record beyond likeness; one of them must be there.
HARD = frozenset({ReasonKind.CODE, ReasonKind.SAME_MODULE, ReasonKind.SAME_SYSTEM})

SENTENCES = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?")
LONGEST = 14  # sentences of one text that are compared
SHORTEST = 4
LEAST_SHARED = 2
TELLING = frozenset({TermKind.CODE, TermKind.WORD})


class Decision(StrEnum):
    LINK = "link"
    SUGGEST = "suggest"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence of the ticket beside the sentence of the record that says the same, both marked."""

    ticket: tuple[Segment, ...]
    defect: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    words: frozenset[str]


def decision_on(results: Sequence[Result]) -> Decision:
    """What these candidates, best first, allow: link by itself, offer to a person, or say that none fits."""
    trusted = [result for result in results if result.trusted]
    if not trusted:
        return Decision.NONE
    best, *others = sorted(trusted, key=lambda result: -result.probability)
    clear = not others or best.probability - others[0].probability >= MARGIN
    hard = any(reason.kind in HARD for reason in best.why)
    return Decision.LINK if best.probability >= LINK_AT and clear and hard else Decision.SUGGEST


def side_by_side(ticket: Ticket, defect: Defect, *, limit: int = 3) -> tuple[Pair, ...]:
    """The sentences of both that share most, each sentence once, best first."""
    said = _sentences(f"{ticket.title}\n{ticket.text}")
    known = _sentences("\n".join((defect.title, *defect.symptoms, defect.reproduce)))
    matches = sorted(
        ((len(one.words & other.words), one, other) for one in said for other in known),
        key=lambda match: -match[0],
    )
    pairs: list[Pair] = []
    used: set[str] = set()
    for shared, one, other in matches:
        if shared < LEAST_SHARED or len(pairs) == limit:
            break
        if one.text in used or other.text in used:
            continue
        used |= {one.text, other.text}
        pairs.append(Pair(_marked(one, other), _marked(other, one)))
    return tuple(pairs)


def _sentences(text: str) -> list[_Sentence]:
    found = dict.fromkeys(part.strip() for part in SENTENCES.findall(text))
    long_enough = [part for part in found if len(part) >= SHORTEST]
    return [_Sentence(part, _words(part)) for part in long_enough[:LONGEST]]


def _words(text: str) -> frozenset[str]:
    return frozenset(term.text for term in terms(text) if term.kind in TELLING and not _is_small(term.text))


def _is_small(word: str) -> bool:
    """A day, a count: short numbers stand in every text and say nothing."""
    return word.isdecimal() and len(word) < 4


def _marked(sentence: _Sentence, other: _Sentence) -> tuple[Segment, ...]:
    return tuple(highlight(sentence.text, other.text))
