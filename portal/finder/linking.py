"""Ticket ↔ defect: what the model of links makes of the candidates, and the evidence side by side. Pure.

Nothing is linked here; people and ``tickets.linking`` do that. The invariant: what is shown side by side
are sentences of both texts as they stand now, and only what measured precision has earned is certain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from defects.models import Defect
from indexer.highlight import highlight
from indexer.linking import Decision, LinkModel, Proposal
from indexer.text import TermKind, terms
from portal.finder.found import Result, Segment
from portal.tickets.models import Ticket

__all__ = ["Decision", "Pair", "decision_on", "side_by_side", "weighed"]

#: Beside the best one, a candidate is worth showing as likely from this probability on.
WORTH = 0.25

SENTENCES = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?")
LONGEST = 14  # sentences of one text that are compared
SHORTEST = 4
LEAST_SHARED = 2
TELLING = frozenset({TermKind.CODE, TermKind.WORD})


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence of the ticket beside the sentence of the record that says the same, both marked."""

    ticket: tuple[Segment, ...]
    defect: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    words: frozenset[str]


def weighed(results: Sequence[Result], model: LinkModel, proposal: Proposal) -> tuple[Result, ...]:
    """The results in the model's order and with its probabilities; what it doesn't know stays behind."""
    chances = dict(proposal.ranked)
    order = {number: place for place, (number, _) in enumerate(proposal.ranked)}
    found = [
        replace(
            result,
            probability=chances[str(result.id)],
            trusted=_is_worth_showing(proposal, order[str(result.id)], chances[str(result.id)]),
            counted=not model.cold_start,
            certain=proposal.decision is Decision.LINK and order[str(result.id)] == 0,
        )
        for result in results
        if str(result.id) in order
    ]
    behind = [result for result in results if str(result.id) not in order]
    return (*sorted(found, key=lambda result: order[str(result.id)]), *behind)


def _is_worth_showing(proposal: Proposal, place: int, chance: float) -> bool:
    return proposal.decision is not Decision.NONE and (place == 0 or chance >= WORTH)


def decision_on(results: Sequence[Result]) -> Decision:
    """What the candidates allow: link by itself, offer to a person, or say that none fits."""
    if any(result.certain for result in results):
        return Decision.LINK
    return Decision.SUGGEST if any(result.trusted for result in results) else Decision.NONE


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
