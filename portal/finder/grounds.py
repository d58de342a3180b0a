"""Why a system or a category is proposed, in words for the person who may change it.

What is proposed is ``prediction``'s business. The invariant: a ground is given only for what it is true of.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from indexer.characters import fold
from indexer.words import N_
from portal.finder.cues import cued
from portal.finder.found import Prediction
from portal.finder.prediction import named_systems


class Ground(StrEnum):
    NAMED = "named"
    WORDED = "worded"
    ALIKE = "alike"


GROUND_LABELS = {
    Ground.NAMED: N_("您写到了这个系统"),
    Ground.WORDED: N_("从您的说法看出来"),
    Ground.ALIKE: N_("同事的相似问题多半如此"),
}


@dataclass(frozen=True, slots=True)
class Grounds:
    """The ground of each proposal; None where nothing is proposed."""

    system: Ground | None = None
    category: Ground | None = None


NO_GROUNDS = Grounds()


def grounds_of(session: Session, text: str, guess: Prediction) -> Grounds:
    """What speaks for the proposals that were made for this text."""
    system = category = None
    if guess.system is not None:
        named = guess.system.value in named_systems(session, text)
        system = Ground.NAMED if named else Ground.ALIKE
    if guess.category is not None:
        worded = guess.category.value in {str(row) for row in cued(fold(text))}
        category = Ground.WORDED if worded else Ground.ALIKE
    return Grounds(system, category)
