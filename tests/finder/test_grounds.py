"""Why something is proposed: said only where it is true."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.finder.found import Guess, Prediction
from portal.finder.grounds import GROUND_LABELS, NO_GROUNDS, Ground, grounds_of
from tests.world import World


def _guess(system: str = "mkt", category: str = "consultation") -> Prediction:
    return Prediction(system=Guess(system, 0.9), category=Guess(category, 0.9))


def test_a_named_system_and_typical_words_are_the_ground(session: Session, desk_world: World) -> None:
    found = grounds_of(session, "营销业务应用系统里发票怎么下载", _guess())
    assert (found.system, found.category) == (Ground.NAMED, Ground.WORDED)


def test_otherwise_it_is_likeness(session: Session, desk_world: World) -> None:
    found = grounds_of(session, "发票是空白的", _guess())
    assert (found.system, found.category) == (Ground.ALIKE, Ground.ALIKE)


def test_without_a_proposal_there_is_no_ground(session: Session, desk_world: World) -> None:
    assert grounds_of(session, "营销业务应用系统怎么办", Prediction()) == NO_GROUNDS
    assert set(GROUND_LABELS) == set(Ground)
