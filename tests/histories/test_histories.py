"""A thousand histories of several people at once, on both databases: every rule holds after each.

Hypothesis draws them, always the same ones, and makes a failing one as short as it can.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.histories.house import House
from tests.histories.rules import check_tickets
from tests.histories.stage import Stage
from tests.histories.steps import Step, histories

ALWAYS_THE_SAME = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def play(house: House, history: list[Step]) -> None:
    stage = Stage(house.maker, house.screens())
    try:
        stage.play(history)
        with house.maker() as session:
            check_tickets(session, stage.chronicle)
    finally:
        house.sweep()


@settings(ALWAYS_THE_SAME, max_examples=30)
@given(history=histories)
def test_some_histories_keep_every_rule(house: House, history: list[Step]) -> None:
    play(house, history)


@pytest.mark.slow
@pytest.mark.timeout(3600)  # two to four minutes alone; a busy machine takes longer, and is no failure
@settings(ALWAYS_THE_SAME, max_examples=1000)
@given(history=histories)
def test_a_thousand_histories_keep_every_rule(house: House, history: list[Step]) -> None:
    play(house, history)
