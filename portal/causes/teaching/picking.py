"""How much one more judgement would help, and an order in which no two ask the same. Pure.

A judgement helps most where the model is undecided, where the ticket's system has hardly been judged, and
while the ticket is young. The invariant: the order is made of these numbers and of the texts alone, so that
the same candidates always stand in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from indexer.words import N_


class Because(StrEnum):
    """Why this one would help."""

    UNDECIDED = "undecided"
    FEW_LABELS = "few_labels"
    DIFFERENT = "different"


BECAUSE_LABELS = {
    Because.UNDECIDED: N_("接近下决定的门槛"),
    Because.FEW_LABELS: N_("这个系统判过的少"),
    Because.DIFFERENT: N_("和别的都不像"),
}

#: So far from the edge of deciding a judgement is worth half.
NEAR = 0.15
#: So many judgements of a system halve the worth of one more.
ENOUGH = 10
#: After so many days a ticket is worth half: the desk and its systems have moved on.
OLD = 45.0
#: A second one about the same record, of the same system, or in the same words is worth less.
SAME_RECORD, SAME_SYSTEM = 0.35, 0.85
ALIKE = 0.5
SAME_WORDS = 0.1
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Candidate:
    ticket: int
    record: int
    probability: float
    system: str
    filed_at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Picked:
    candidate: Candidate
    why: tuple[Because, ...]


def worth(candidate: Candidate, *, edge: float, labels: int, at: datetime) -> float:
    """From 0 to 1; ``edge`` is the probability at which the model decides, ``labels`` those of the system."""
    undecided = 1.0 / (1.0 + (abs(candidate.probability - edge) / NEAR) ** 2)
    unknown = 1.0 / (1.0 + labels / ENOUGH)
    days = max(0.0, (at - candidate.filed_at).total_seconds() / _DAY)
    return undecided * math.sqrt(unknown) / (1.0 + days / OLD)


def in_order(
    candidates: Sequence[Candidate], *, edge: float, labels: Mapping[str, int], at: datetime, most: int
) -> list[Picked]:
    """The most helpful first; each next one also by how little those before it have asked already."""
    left = {
        candidate.ticket: worth(candidate, edge=edge, labels=labels.get(candidate.system, 0), at=at)
        for candidate in sorted(candidates, key=lambda one: one.ticket)
    }
    by_ticket = {candidate.ticket: candidate for candidate in candidates}
    words = {candidate.ticket: _pairs(candidate.text) for candidate in candidates}
    picked: list[Picked] = []
    while left and len(picked) < most:
        ticket = max(left, key=lambda number: (left[number], -number))
        del left[ticket]
        chosen = by_ticket[ticket]
        alone = all(_alike(words[ticket], words[one.candidate.ticket]) < ALIKE / 2 for one in picked)
        picked.append(Picked(chosen, _why(chosen, edge, labels.get(chosen.system, 0), alone=alone)))
        for number in left:
            left[number] *= _discount(by_ticket[number], chosen, _alike(words[number], words[ticket]))
    return picked


def _discount(candidate: Candidate, chosen: Candidate, alike: float) -> float:
    record = SAME_RECORD if candidate.record == chosen.record else 1.0
    system = SAME_SYSTEM if candidate.system == chosen.system else 1.0
    return record * system * (SAME_WORDS if alike >= ALIKE else 1.0)


def _why(candidate: Candidate, edge: float, labels: int, *, alone: bool) -> tuple[Because, ...]:
    told = (
        (Because.UNDECIDED, abs(candidate.probability - edge) <= NEAR),
        (Because.FEW_LABELS, labels < ENOUGH),
        (Because.DIFFERENT, alone),
    )
    return tuple(because for because, holds in told if holds)


def _pairs(text: str) -> frozenset[str]:
    joined = "".join(text.split())
    return frozenset(joined[place : place + 2] for place in range(len(joined) - 1))


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's measure of two texts' pairs of characters."""
    return len(one & other) / len(one | other) if one or other else 0.0
